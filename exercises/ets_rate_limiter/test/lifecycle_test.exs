defmodule RateLimiter.LifecycleTest do
  # Starting again, clean-up, and crashes.
  use ExUnit.Case, async: false

  @moduletag :capture_log

  @refused {:error, :rate_limited}
  @minute 60_000

  test "a limiter that is started again goes by its new options" do
    t = System.monotonic_time(:millisecond)

    start_limiter(limit: 1, window_ms: @minute)
    assert check_times(2, "ann", t) == [:ok, @refused]
    stop_supervised!(:limiter)

    start_limiter(limit: 2, window_ms: 2 * @minute)
    assert check_times(3, "ben", t) == [:ok, :ok, @refused]
    assert RateLimiter.check("ben", t + @minute) == @refused
    assert RateLimiter.check("ben", t + 2 * @minute) == :ok
  end

  test "clean-up leaves the calls that still count" do
    # It shows if the calls come in time. On a busy machine some do not; then try longer windows.
    Enum.find([60, 120, 240, 480], fn window ->
      start_limiter(limit: 3, window_ms: window)
      calls = around_clean_up(window)
      stop_supervised!(:limiter)

      for user <- 1..14,
          do: assert_within_limit(Enum.filter(calls, &(&1.user == user)), 3, window)

      Enum.all?(calls, &(&1.latest - &1.planned < window / 5))
    end)
  end

  test "the rows of users who no longer call are gone within two windows" do
    window = 50
    start_limiter(limit: 5, window_ms: window)
    assert RateLimiter.check("a first user") == :ok
    rows_before = row_count()
    {strings, integers} = call_and_go("one")

    # Two windows are what the task allows; ten leave room for a slow machine.
    assert eventually(div(10 * window, 5), fn ->
             row_count() < rows_before + 15 and rows_with(strings ++ integers) == []
           end),
           "ten windows later there are still #{row_count()} rows in the tables of RateLimiter, " <>
             "#{length(rows_with(strings))} of them of users with a string, and " <>
             "#{length(rows_with(integers))} of users with an integer"
  end

  test "the rows of users who no longer call are gone even while others call" do
    window = 150
    start_limiter(limit: 5, window_ms: window)

    for round <- ["one", "two", "three"] do
      {strings, integers} = call_and_go(round)

      assert eventually(div(10 * window, 5), fn ->
               RateLimiter.check("busy user #{System.unique_integer()}")
               rows_with(strings ++ integers) == []
             end),
             "round #{round}: ten windows later, in which others called all the time, there are still " <>
               "#{length(rows_with(strings ++ integers))} rows of users who no longer call"
    end
  end

  test "killed and restarted by its supervisor, it works again" do
    start_supervised!(%{
      id: :supervisor,
      type: :supervisor,
      restart: :temporary,
      start:
        {Supervisor, :start_link,
         [[{RateLimiter, limit: 2, window_ms: @minute}], [strategy: :one_for_one]]}
    })

    pid = Process.whereis(RateLimiter)
    assert RateLimiter.check("ann") == :ok
    Process.exit(pid, :kill)

    assert eventually(200, fn -> Process.whereis(RateLimiter) not in [nil, pid] end),
           "no other process is registered as RateLimiter after it was killed"

    # It answers once its `init` is done.
    :sys.get_state(RateLimiter)
    assert check_times(3, "ben", now()) == [:ok, :ok, @refused]
  end

  # Calls of many users, who do not call again. Their numbers occur nowhere else: positive and
  # negative, small enough for a word and larger.
  defp call_and_go(round) do
    strings = for number <- 1..20, do: "idle user #{number} of round #{round}"
    offset = 100 * :erlang.phash2(round)

    integers =
      for n <- 1..5,
          base <- [54, 70],
          sign <- [1, -1],
          do: sign * (Integer.pow(2, base) + offset + n)

    for user <- strings ++ integers, _ <- 1..3, do: assert(RateLimiter.check(user) == :ok)
    {strings, integers}
  end

  defp start_limiter(opts) do
    start_supervised!(Supervisor.child_spec({RateLimiter, opts}, id: :limiter))
  end

  defp check_times(count, user, now) do
    for _ <- 1..count, do: RateLimiter.check(user, now)
  end

  # The calls of many users, each a little later than the one before, so that clean-up meets them in
  # every state: one call; two more while that one counts; three when it has just left the window,
  # which are two too many.
  defp around_clean_up(window) do
    step = div(window, 10)
    start = now()

    plan =
      for user <- 1..14,
          {at, count} <- [{0, 1}, {div(3 * window, 4), 2}, {window + 4 * step, 3}] do
        {start + user * step + at, user, count}
      end

    for {planned, user, count} <- Enum.sort(plan), _ <- 1..count do
      sleep_until(planned)
      earliest = now()
      answer = RateLimiter.check("user #{user}")
      %{user: user, answer: answer, planned: planned, earliest: earliest, latest: now()}
    end
  end

  defp assert_within_limit(calls, limit, window) do
    accepted = Enum.filter(calls, &(&1.answer == :ok))

    for {call, index} <- Enum.with_index(accepted) do
      # Those that certainly lie in the window, however long each of the calls took.
      inside = accepted |> Enum.take(index) |> Enum.count(&(&1.earliest > call.latest - window))

      assert inside < limit,
             "limit #{limit}: a call was accepted while #{inside} accepted calls of the same user " <>
               "were younger than the window"
    end
  end

  defp now, do: System.monotonic_time(:millisecond)

  defp sleep_until(time), do: Process.sleep(max(time - now(), 0))

  # Asks up to so many times, every 5 ms. Counting questions rather than time gives a machine that
  # stands still for a moment the time back.
  defp eventually(0, _fun), do: false

  defp eventually(times, fun) do
    if fun.() do
      true
    else
      Process.sleep(5)
      eventually(times - 1, fun)
    end
  end

  defp tables do
    owner = Process.whereis(RateLimiter)
    for table <- :ets.all(), :ets.info(table, :owner) == owner, do: table
  end

  defp row_count do
    Enum.sum(for table <- tables(), size = :ets.info(table, :size), is_integer(size), do: size)
  end

  defp rows_with(users) do
    for table <- tables(), row <- rows(table), contains?(row, users), do: row
  end

  # A private table cannot be read from here, and a table may go at any moment.
  defp rows(table) do
    :ets.tab2list(table)
  rescue
    ArgumentError -> []
  end

  defp contains?(term, users) when is_binary(term) or is_integer(term), do: term in users
  defp contains?(term, users) when is_tuple(term), do: contains?(Tuple.to_list(term), users)
  defp contains?(term, users) when is_map(term), do: contains?(Map.to_list(term), users)
  defp contains?([head | tail], users), do: contains?(head, users) or contains?(tail, users)
  defp contains?(_term, _users), do: false
end
