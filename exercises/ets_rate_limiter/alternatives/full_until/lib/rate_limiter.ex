defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter that writes down until when a user is over the limit.

  Rows are `{user_id, full_until, times}`. The GenServer works out `full_until` when it
  accepts a call: the moment at which the oldest of `limit` calls leaves the window, or the
  atom `nil` while there is room. To refuse a call is to compare one number.
  """

  use GenServer

  @table __MODULE__

  @type user_id :: String.t() | integer()

  @doc "Starts the limiter. Options: `limit` (100) and `window_ms` (60_000)."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Accepts or refuses a call of `user_id` at the time `now`, in milliseconds."
  @spec check(user_id(), integer()) :: :ok | {:error, :rate_limited}
  def check(user_id, now \\ System.monotonic_time(:millisecond)) do
    if full?(user_id, now) do
      {:error, :rate_limited}
    else
      GenServer.call(__MODULE__, {:accept, user_id, now})
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)

    :ets.new(@table, [:named_table, read_concurrency: true])
    schedule_sweep(window_ms)

    {:ok, %{limit: limit, window_ms: window_ms}}
  end

  @impl true
  def handle_call({:accept, user_id, now}, _from, state) do
    if full?(user_id, now) do
      {:reply, {:error, :rate_limited}, state}
    else
      times = Enum.take([now | times(user_id)], state.limit)
      :ets.insert(@table, {user_id, full_until(times, state), times})
      {:reply, :ok, state}
    end
  end

  @impl true
  def handle_info(:sweep, %{window_ms: window_ms} = state) do
    oldest = System.monotonic_time(:millisecond) - window_ms
    :ets.select_delete(@table, [{{:_, :_, :"$1"}, [{:"=<", {:hd, :"$1"}, oldest}], [true]}])
    schedule_sweep(window_ms)

    {:noreply, state}
  end

  defp full?(user_id, now) do
    case :ets.lookup(@table, user_id) do
      [{_user_id, full_until, _times}] when is_integer(full_until) -> now < full_until
      _room -> false
    end
  end

  defp times(user_id) do
    case :ets.lookup(@table, user_id) do
      [{_user_id, _full_until, times}] -> times
      [] -> []
    end
  end

  defp full_until(times, %{limit: limit, window_ms: window_ms}) do
    if length(times) == limit, do: List.last(times) + window_ms
  end

  defp schedule_sweep(window_ms) do
    Process.send_after(self(), :sweep, div(window_ms, 2))
  end
end
