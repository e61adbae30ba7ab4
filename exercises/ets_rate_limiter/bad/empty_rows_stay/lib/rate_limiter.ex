defmodule RateLimiter do
  @moduledoc """
  Limits how often each user may call: at most `limit` accepted calls in any `window_ms`.

  A user has one row, `{user_id, newest, times}`. Callers read it; the GenServer reads it again
  before it writes, and forgets the calls that have left the window.
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
    {limit, window_ms} = :ets.lookup_element(@table, :config, 2)

    if length(recent(user_id, now - window_ms)) < limit do
      GenServer.call(__MODULE__, {:accept, user_id, now})
    else
      {:error, :rate_limited}
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)

    :ets.new(@table, [:named_table, read_concurrency: true])
    :ets.insert(@table, {:config, {limit, window_ms}})
    Process.send_after(self(), :sweep, window_ms)

    {:ok, {limit, window_ms}}
  end

  @impl true
  def handle_call({:accept, user_id, now}, _from, {limit, window_ms} = state) do
    times = recent(user_id, now - window_ms)

    if length(times) < limit do
      :ets.insert(@table, {user_id, now, [now | times]})
      {:reply, :ok, state}
    else
      {:reply, {:error, :rate_limited}, state}
    end
  end

  @impl true
  def handle_info(:sweep, {_limit, window_ms} = state) do
    oldest = System.monotonic_time(:millisecond) - window_ms
    idle = :ets.select(@table, [{{:"$1", :"$2", :_}, [{:"=<", :"$2", oldest}], [:"$1"]}])
    Enum.each(idle, &:ets.update_element(@table, &1, {3, []}))
    Process.send_after(self(), :sweep, window_ms)

    {:noreply, state}
  end

  defp recent(user_id, oldest) do
    case :ets.lookup(@table, user_id) do
      [{_user_id, _newest, times}] -> Enum.take_while(times, &(&1 > oldest))
      [] -> []
    end
  end
end
