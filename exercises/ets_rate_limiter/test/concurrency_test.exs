defmodule RateLimiter.ConcurrencyTest do
  # Where the calls are kept, and what holds when callers race.
  use ExUnit.Case, async: false

  @refused {:error, :rate_limited}
  @minute 60_000

  test "the accepted calls are kept in ETS, in a table that the GenServer owns" do
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})

    assert grown_tables() != [],
           "no table of the process RateLimiter has grown with an accepted call"
  end

  test "the table with the calls is made for concurrent reads" do
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})

    assert Enum.any?(grown_tables(), &:ets.info(&1, :read_concurrency))
  end

  test "of callers that come at once, exactly as many as the limit are accepted" do
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})
    t = System.monotonic_time(:millisecond)

    for round <- 1..400 do
      now = t + round * @minute
      answers = at_once(8, round, fn -> RateLimiter.check("user #{round}", now) end)

      assert Enum.count(answers, &(&1 == :ok)) == 3,
             "round #{round}, limit 3: 8 callers at once got #{inspect(Enum.frequencies(answers))}"
    end
  end

  test "callers that come at once share only the room that has come back" do
    start_supervised!({RateLimiter, limit: 4, window_ms: @minute})
    t = System.monotonic_time(:millisecond)

    for round <- 1..200 do
      now = t + round * 3 * @minute
      user = "user #{round}"

      for at <- [0, 0, 30_000, 30_000], do: assert(RateLimiter.check(user, now + at) == :ok)
      answers = at_once(8, round, fn -> RateLimiter.check(user, now + @minute) end)

      assert Enum.count(answers, &(&1 == :ok)) == 2,
             "round #{round}, 2 of 4 places free: 8 callers at once got " <>
               inspect(Enum.frequencies(answers))
    end
  end

  test "once the limit is used up, calls are refused without a message to the GenServer" do
    pid = start_supervised!({RateLimiter, limit: 3, window_ms: @minute})
    start = System.monotonic_time(:millisecond)
    owner = [{pid, "the GenServer"}]

    # The limit is used up again after the window.
    for t <- [start, start + @minute] do
      for _ <- 1..3, do: assert(RateLimiter.check("ann", t) == :ok)
      :sys.suspend(pid)
      assert check_without_message("ann", t, owner) == @refused
      assert check_without_message("ann", t + 59_999, owner) == @refused
      :sys.resume(pid)
    end
  end

  test "once the limit is used up, calls are refused without a message to any other process" do
    others = [self(), Process.group_leader() | linked_to_me()]
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})
    t = System.monotonic_time(:millisecond)
    for _ <- 1..3, do: assert(RateLimiter.check("ann", t) == :ok)

    limiter = for pid <- processes_of_the_limiter(others), do: {pid, "a process of the limiter"}
    assert check_without_message("ann", t, limiter) == @refused
    assert check_without_message("ann", t + 59_999, limiter) == @refused
  end

  # The tables of the GenServer that have more rows after an accepted call than before.
  defp grown_tables do
    t = System.monotonic_time(:millisecond)
    assert RateLimiter.check("a first user", t) == :ok
    before = table_sizes()
    assert RateLimiter.check("another user", t) == :ok

    for {table, size} <- table_sizes(), size > Map.get(before, table, 0), do: table
  end

  defp table_sizes do
    owner = Process.whereis(RateLimiter)

    for table <- :ets.all(), :ets.info(table, :owner) == owner, into: %{} do
      {table, :ets.info(table, :size)}
    end
  end

  # Runs `fun` in so many processes at once and returns their answers. Before it, a process uses up
  # its time slice but for a few reductions. So the scheduler interrupts it in the middle of `fun`,
  # in each round at another place, and the callers meet there even on a machine with one core. In
  # every other round half of the callers are left alone, and overtake those that are interrupted.
  defp at_once(count, round, fun) do
    gate = :atomics.new(1, [])

    tasks =
      for number <- 1..count do
        Task.async(fn ->
          wait_for(gate)
          if rem(number * round, 2) == 0, do: :erlang.bump_reductions(4_000 - div(round, 2))
          fun.()
        end)
      end

    :atomics.put(gate, 1, 1)
    Task.await_many(tasks)
  end

  defp wait_for(gate) do
    :erlang.yield()
    if :atomics.get(gate, 1) == 0, do: wait_for(gate)
  end

  # Whatever the limiter has started, and whoever started it for the limiter, has got its group leader
  # from here. The processes of the runtime, of Logger and the like have others.
  defp processes_of_the_limiter(others) do
    leader = {:group_leader, Process.group_leader()}

    for pid <- Process.list(),
        Process.info(pid, :group_leader) == leader,
        pid not in others,
        do: pid
  end

  defp linked_to_me do
    {:links, links} = Process.info(self(), :links)
    links
  end

  # Calls `check` in a process that is watched, and with it the processes that it starts: a message to
  # one of the `forbidden` fails the test at once, whether or not it would be answered.
  defp check_without_message(user, now, forbidden) do
    test = self()

    {caller, monitor} =
      spawn_monitor(fn ->
        receive do
          :go -> send(test, {:answer, self(), RateLimiter.check(user, now)})
        end
      end)

    :erlang.trace(caller, true, [:send, :set_on_spawn])
    send(caller, :go)
    await_answer(caller, monitor, Map.new(forbidden))
  end

  defp await_answer(caller, monitor, forbidden) do
    receive do
      {:trace, ^caller, :send, {:answer, ^caller, answer}, _test} ->
        answer

      {:trace, _pid, :send, message, to} ->
        with {:ok, name} <- Map.fetch(forbidden, pid_of(to)) do
          Process.exit(caller, :kill)
          flunk("`check` sent a message to #{name}: #{inspect(message)}")
        end

        await_answer(caller, monitor, forbidden)

      {:DOWN, ^monitor, :process, ^caller, reason} when reason != :normal ->
        flunk("`check` failed: " <> Exception.format_exit(reason))
    after
      4_000 -> flunk("no answer from `check` once the limit was used up")
    end
  end

  defp pid_of(name) when is_atom(name), do: Process.whereis(name)
  defp pid_of({name, node}) when node == node(), do: Process.whereis(name)
  defp pid_of(other), do: other
end
