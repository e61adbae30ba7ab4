defmodule RateLimiter do
  @moduledoc "Calls are in the state of the owner; ETS only says until when a user is full."

  use GenServer

  @table __MODULE__

  @doc "Starts the limiter."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Accepts or refuses a call."
  @spec check(String.t() | integer(), integer()) :: :ok | {:error, :rate_limited}
  def check(user_id, now \\ System.monotonic_time(:millisecond)) do
    case :ets.lookup(@table, {:full, user_id}) do
      [{_user, full_until, _last}] when full_until > now -> {:error, :rate_limited}
      _ -> GenServer.call(__MODULE__, {:take, user_id, now})
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)
    :ets.new(@table, [:protected, :named_table, read_concurrency: true])
    Process.send_after(self(), :sweep, window_ms)
    {:ok, %{limit: limit, window_ms: window_ms, calls: %{}}}
  end

  @impl true
  def handle_call({:take, user_id, now}, _from, state) do
    all = Map.get(state.calls, user_id, [])
    inside = Enum.filter(all, &(&1 > now - state.window_ms))

    if length(inside) < state.limit do
      inside = [now | inside]

      if length(inside) == state.limit do
        :ets.insert_new(@table, {{:full, user_id}, List.last(inside) + state.window_ms, now})
      end

      :ets.insert(@table, {user_id, now, now})
      {:reply, :ok, %{state | calls: Map.put(state.calls, user_id, [now | Enum.take(all, 200)])}}
    else
      {:reply, {:error, :rate_limited}, state}
    end
  end

  @impl true
  def handle_info(:sweep, state) do
    oldest = System.monotonic_time(:millisecond) - state.window_ms
    :ets.select_delete(@table, [{{:_, :_, :"$1"}, [{:"=<", :"$1", oldest}], [true]}])
    Process.send_after(self(), :sweep, state.window_ms)
    {:noreply, state}
  end
end
