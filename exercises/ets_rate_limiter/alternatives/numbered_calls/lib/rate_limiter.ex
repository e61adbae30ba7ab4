defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter that looks at one call only.

  The accepted calls of a user are numbered: `{{user_id, number}, at}`. A user is over the
  limit if the call `limit` places before the next one is younger than the window, so a
  check costs two look-ups in an ordered table, however high the limit is.
  """

  use GenServer

  @table :rate_limiter

  @type user_id :: String.t() | integer()

  @doc "Starts the limiter. Options: `limit` (100) and `window_ms` (60_000)."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Accepts or refuses a call of `user_id` at the time `now`, in milliseconds."
  @spec check(user_id(), integer()) :: :ok | {:error, :rate_limited}
  def check(user_id, now \\ System.monotonic_time(:millisecond)) do
    with :ok <- room(user_id, next_number(user_id), now) do
      GenServer.call(__MODULE__, {:accept, user_id, now})
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)

    :ets.new(@table, [:ordered_set, :named_table, read_concurrency: true])
    :ets.insert(@table, {:config, limit, window_ms})
    {:ok, _timer} = :timer.send_interval(window_ms, :sweep)

    {:ok, window_ms}
  end

  @impl true
  def handle_call({:accept, user_id, now}, _from, window_ms) do
    number = next_number(user_id)

    answer = room(user_id, number, now)

    if answer == :ok, do: :ets.insert(@table, {{user_id, number}, now})
    {:reply, answer, window_ms}
  end

  @impl true
  def handle_info(:sweep, window_ms) do
    oldest = System.monotonic_time(:millisecond) - window_ms
    :ets.select_delete(@table, [{{{:_, :_}, :"$1"}, [{:"=<", :"$1", oldest}], [true]}])

    {:noreply, window_ms}
  end

  # Any atom comes after all numbers.
  defp next_number(user_id) do
    case :ets.prev(@table, {user_id, :last}) do
      {^user_id, number} -> number + 1
      _other -> 1
    end
  end

  defp room(user_id, next_number, now) do
    [{:config, limit, window_ms}] = :ets.lookup(@table, :config)

    case :ets.lookup(@table, {user_id, next_number - limit}) do
      [{_key, at}] when at > now - window_ms -> {:error, :rate_limited}
      _free -> :ok
    end
  end
end
