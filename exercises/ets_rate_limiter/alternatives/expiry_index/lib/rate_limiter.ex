defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter that sweeps without looking at calls that still count.

  The calls are kept twice: by user for the callers, and by time in a private index for the
  sweeper, which takes calls from its beginning until it meets one that is young enough. So
  it can run often; the work is shared out over the window.
  """

  use GenServer

  @calls __MODULE__

  @type user_id :: String.t() | integer()

  @doc "Starts the limiter. Options: `limit` (100) and `window_ms` (60_000)."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Accepts or refuses a call of `user_id` at the time `now`, in milliseconds."
  @spec check(user_id(), integer()) :: :ok | {:error, :rate_limited}
  def check(user_id, now \\ System.monotonic_time(:millisecond)) do
    if room?(user_id, now) do
      GenServer.call(__MODULE__, {:accept, user_id, now})
    else
      {:error, :rate_limited}
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)

    :ets.new(@calls, [:bag, :named_table, read_concurrency: true])
    :ets.insert(@calls, {:config, limit, window_ms})
    index = :ets.new(:calls_by_time, [:ordered_set, :private])

    schedule_sweep(window_ms)
    {:ok, %{index: index, window_ms: window_ms}}
  end

  @impl true
  def handle_call({:accept, user_id, now}, _from, state) do
    if room?(user_id, now) do
      call = {user_id, now, System.unique_integer()}
      :ets.insert(@calls, call)
      :ets.insert(state.index, {{now, call}})
      {:reply, :ok, state}
    else
      {:reply, {:error, :rate_limited}, state}
    end
  end

  @impl true
  def handle_info(:sweep, %{index: index, window_ms: window_ms} = state) do
    sweep(index, :ets.first(index), System.monotonic_time(:millisecond) - window_ms)
    schedule_sweep(window_ms)

    {:noreply, state}
  end

  defp sweep(index, {at, call} = key, oldest) when at <= oldest do
    :ets.delete_object(@calls, call)
    :ets.delete(index, key)
    sweep(index, :ets.first(index), oldest)
  end

  defp sweep(_index, _young_or_none, _oldest), do: :ok

  defp room?(user_id, now) do
    [{:config, limit, window_ms}] = :ets.lookup(@calls, :config)
    oldest = now - window_ms

    Enum.count(:ets.lookup(@calls, user_id), fn {_user_id, at, _number} -> at > oldest end) <
      limit
  end

  defp schedule_sweep(window_ms) do
    Process.send_after(self(), :sweep, max(div(window_ms, 10), 1))
  end
end
