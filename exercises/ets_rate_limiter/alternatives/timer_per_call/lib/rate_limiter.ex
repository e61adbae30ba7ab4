defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter without a sweeper: every accepted call has a timer.

  The GenServer adds the row and asks for a message one window later, which takes the row
  away again. A timer is only clean-up: whether a call still counts is decided by its time.
  """

  use GenServer

  @type user_id :: String.t() | integer()

  @doc "Starts the limiter. Options: `limit` (100) and `window_ms` (60_000)."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Accepts or refuses a call of `user_id` at the time `now`, in milliseconds."
  @spec check(user_id(), integer()) :: :ok | {:error, :rate_limited}
  def check(user_id, now \\ System.monotonic_time(:millisecond)) do
    [{:opts, limit, window_ms}] = :ets.lookup(:rate_limiter_opts, :opts)

    if count(user_id, now - window_ms) < limit do
      GenServer.call(__MODULE__, {:accept, user_id, now})
    else
      {:error, :rate_limited}
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)

    :ets.new(:rate_limiter_calls, [:ordered_set, :named_table, read_concurrency: true])
    :ets.new(:rate_limiter_opts, [:named_table, read_concurrency: true])
    :ets.insert(:rate_limiter_opts, {:opts, limit, window_ms})

    {:ok, %{limit: limit, window_ms: window_ms, next: 0}}
  end

  @impl true
  def handle_call({:accept, user_id, now}, _from, %{window_ms: window_ms, next: next} = state) do
    if count(user_id, now - window_ms) < state.limit do
      :ets.insert(:rate_limiter_calls, {{user_id, now, next}})
      Process.send_after(self(), {:forget, {user_id, now, next}}, window_ms)
      {:reply, :ok, %{state | next: next + 1}}
    else
      {:reply, {:error, :rate_limited}, state}
    end
  end

  @impl true
  def handle_info({:forget, key}, state) do
    :ets.delete(:rate_limiter_calls, key)
    {:noreply, state}
  end

  defp count(user_id, oldest) do
    recent = [{{{user_id, :"$1", :_}}, [{:>, :"$1", oldest}], [true]}]
    :ets.select_count(:rate_limiter_calls, recent)
  end
end
