defmodule RateLimiter.AnswersTest do
  # What `check` answers, one caller at a time.
  use ExUnit.Case, async: false

  @refused {:error, :rate_limited}
  @minute 60_000

  test "{RateLimiter, opts} starts a child that is registered as RateLimiter" do
    pid = start_supervised!({RateLimiter, limit: 3, window_ms: @minute})

    assert Process.whereis(RateLimiter) == pid
  end

  test "as many calls as the limit are accepted, and the next one is refused" do
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})
    t = full_minute()

    assert RateLimiter.check("ann", t) == :ok
    assert RateLimiter.check("ann", t + 10) == :ok
    assert RateLimiter.check("ann", t + 20) == :ok
    assert RateLimiter.check("ann", t + 30) == @refused
    assert RateLimiter.check("ann", t + 40) == @refused
  end

  test "every user has a limit of their own" do
    start_supervised!({RateLimiter, limit: 2, window_ms: @minute})
    t = full_minute()

    assert RateLimiter.check("ann", t) == :ok
    assert RateLimiter.check("ben", t + 10) == :ok
    assert RateLimiter.check("ann", t + 20) == :ok
    assert RateLimiter.check("ann", t + 30) == @refused
    assert RateLimiter.check("ben", t + 40) == :ok
    assert RateLimiter.check("ben", t + 50) == @refused
    assert RateLimiter.check(7, t + 60) == :ok
    assert RateLimiter.check(8, t + 70) == :ok
  end

  test "a string and an integer with the same digits are two users" do
    start_supervised!({RateLimiter, limit: 1, window_ms: @minute})
    t = full_minute()

    assert RateLimiter.check("1", t) == :ok
    assert RateLimiter.check(1, t + 10) == :ok
    assert RateLimiter.check("1", t + 20) == @refused
    assert RateLimiter.check(1, t + 30) == @refused
  end

  test "users who look alike are different users" do
    start_supervised!({RateLimiter, limit: 1, window_ms: @minute})
    long = String.duplicate("long name ", 30)

    # The last two names are one letter with an accent, and a letter followed by an accent.
    assert_kept_apart(
      ["ann", "Ann", "ANN", " ann", "ann ", "ann\n", "an n", "an  n", "ann\t", "ann\0"] ++
        ["7", "07", "+7", "-7", "7.0", ":ann", long <> "1", long <> "2", "\u00E9", "e\u0301"] ++
        [7, -7]
    )
  end

  test "more than a thousand users are kept apart, whatever number or string they are" do
    start_supervised!({RateLimiter, limit: 1, window_ms: @minute})

    strings = Enum.flat_map(1..150, &["user #{&1}", "#{&1}@example.com"])

    integers =
      for number <- 1..150,
          base <- [0, Integer.pow(2, 16), Integer.pow(2, 32), Integer.pow(2, 64)],
          do: base + number

    # All 32 bits of `:erlang.phash2` are the same in each pair, so it is of no use as a key.
    same_hash =
      ["user 129775", "user 225342", "user 10957", "user 90335"] ++
        [47_282, 81_624, 33_702, 44_741]

    assert_kept_apart(strings ++ [0 | integers] ++ Enum.map(integers, &(-&1)) ++ same_hash)
  end

  test "calls in the same millisecond all count" do
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})
    t = full_minute()

    assert check_times(4, "ann", t) == [:ok, :ok, :ok, @refused]
  end

  test "room comes back call by call, as each call leaves the window" do
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})
    t = full_minute()

    assert RateLimiter.check("ann", t) == :ok
    assert check_times(2, "ann", t + 30_000) == [:ok, :ok]

    # The first call has left, the other two are still there.
    assert check_times(2, "ann", t + 61_000) == [:ok, @refused]
  end

  test "a burst is held to the limit wherever in the minute it begins" do
    start_supervised!({RateLimiter, limit: 10, window_ms: @minute})
    t = full_minute()
    full = List.duplicate(:ok, 10)

    for {phase, number} <- Enum.with_index([0, 5_000, 15_000, 30_000, 45_000, 55_000]) do
      # Two users each time, and a quiet stretch of ten minutes, for the time never goes back.
      burst = t + number * 10 * @minute + phase
      {early, late} = {"early #{number}", "late #{number}"}

      assert check_times(10, early, burst) == full
      assert check_times(10, late, burst) == full

      assert RateLimiter.check(early, burst + 59_000) == @refused,
             "10 calls were accepted #{phase} ms into a minute, and one more 59 s later"

      assert check_times(10, late, burst + 61_000) == full,
             "10 calls were accepted #{phase} ms into a minute; 61 s later there is room for 10"
    end
  end

  test "a refused call takes up no room" do
    start_supervised!({RateLimiter, limit: 2, window_ms: @minute})
    t = full_minute()

    assert check_times(2, "ann", t) == [:ok, :ok]
    assert check_times(3, "ann", t + 30_000) == [@refused, @refused, @refused]
    assert check_times(3, "ann", t + 61_000) == [:ok, :ok, @refused]
  end

  test "a call still counts one millisecond before it is a window old" do
    start_supervised!({RateLimiter, limit: 1, window_ms: @minute})
    t = full_minute()

    assert RateLimiter.check("ann", t) == :ok
    assert RateLimiter.check("ann", t + 59_999) == @refused
  end

  test "a call that is exactly one window old no longer counts" do
    start_supervised!({RateLimiter, limit: 1, window_ms: @minute})
    t = full_minute()

    assert RateLimiter.check("ann", t) == :ok
    assert RateLimiter.check("ann", t + 60_000) == :ok
    assert RateLimiter.check("ann", t + 119_999) == @refused
    assert RateLimiter.check("ann", t + 120_000) == :ok
  end

  test "the time may be negative, and zero is a time like any other" do
    start_supervised!({RateLimiter, limit: 2, window_ms: @minute})

    assert RateLimiter.check("ann", -30_000) == :ok
    assert RateLimiter.check("ann", 0) == :ok
    assert RateLimiter.check("ann", 29_999) == @refused
    assert RateLimiter.check("ann", 30_000) == :ok
    assert RateLimiter.check("ann", 59_999) == @refused
    assert RateLimiter.check("ann", 60_000) == :ok
  end

  test "without a time, it is the monotonic time in milliseconds" do
    start_supervised!({RateLimiter, limit: 2, window_ms: @minute})

    assert check_times(2, "ann", System.monotonic_time(:millisecond)) == [:ok, :ok]
    assert RateLimiter.check("ann") == @refused

    assert RateLimiter.check("ben") == :ok
    assert RateLimiter.check("ben") == :ok
    assert RateLimiter.check("ben") == @refused
    assert RateLimiter.check("ben", System.monotonic_time(:millisecond)) == @refused
    assert RateLimiter.check("ben", System.monotonic_time(:millisecond) + @minute) == :ok
  end

  test "without options, 100 calls are accepted in 60 seconds" do
    start_supervised!({RateLimiter, []})
    t = full_minute()

    assert check_times(100, "ann", t) == List.duplicate(:ok, 100)
    assert RateLimiter.check("ann", t + 59_999) == @refused
    assert RateLimiter.check("ann", t + 60_000) == :ok
  end

  test "any sequence of calls is answered as the task defines it" do
    start_supervised!({RateLimiter, limit: 3, window_ms: @minute})
    :rand.seed(:exsss, {1, 2, 3})
    steps = [0, 0, 0, 0, 1, 9_999, 10_000, 10_001, 20_000, 30_000, 59_999, 60_000]

    Enum.reduce(1..400, {full_minute(), %{}}, fn number, {time, accepted} ->
      now = time + Enum.random(steps)
      user = Enum.random(["ann", "ben", 3, -3])
      inside = for at <- Map.get(accepted, user, []), at > now - @minute, do: at
      expected = if length(inside) < 3, do: :ok, else: @refused

      assert RateLimiter.check(user, now) == expected,
             "call number #{number}, limit 3: accepted calls of this user were " <>
               "#{inspect(for at <- inside, do: now - at)} ms ago, so the answer is " <>
               inspect(expected)

      {now, Map.put(accepted, user, if(expected == :ok, do: [now | inside], else: inside))}
    end)
  end

  # With a limit of 1: everybody gets their one call, whoever else has called, and no other.
  defp assert_kept_apart(users) do
    t = full_minute()

    assert Enum.reject(users, &(RateLimiter.check(&1, t) == :ok)) == [],
           "limit 1: the first call of a user was refused, after calls of others only"

    assert Enum.reject(users, &(RateLimiter.check(&1, t + 10) == @refused)) == [],
           "limit 1: the second call of a user was accepted"
  end

  defp check_times(count, user, now) do
    for _ <- 1..count, do: RateLimiter.check(user, now)
  end

  # A time that a clock with windows of its own would call the beginning of a minute.
  defp full_minute do
    Integer.floor_div(System.monotonic_time(:millisecond), @minute) * @minute + @minute
  end
end
