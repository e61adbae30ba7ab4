defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter whose clean-up goes by the time that the callers give.

  The calls may come from a clock that runs ahead of the real one, in a simulation or in a
  test. The GenServer remembers by how much, and sweeps by that clock, which all callers
  share. A sweep is due half a window after a call, and again until the table is empty.
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
    config = :persistent_term.get(__MODULE__)

    if room?(config, user_id, now) do
      GenServer.call(__MODULE__, {:accept, user_id, now})
    else
      {:error, :rate_limited}
    end
  end

  @impl true
  def init(opts) do
    config = %{
      table: :ets.new(:calls, [:bag, read_concurrency: true]),
      limit: Keyword.get(opts, :limit, 100),
      window_ms: Keyword.get(opts, :window_ms, 60_000)
    }

    :persistent_term.put(__MODULE__, config)
    {:ok, %{config: config, ahead: nil, sweeping?: false}}
  end

  @impl true
  def handle_call({:accept, user_id, now}, _from, %{config: config} = state) do
    if room?(config, user_id, now) do
      :ets.insert(config.table, {user_id, now, make_ref()})
      {:reply, :ok, state |> follow(now) |> ensure_sweeping()}
    else
      {:reply, {:error, :rate_limited}, state}
    end
  end

  @impl true
  def handle_info(:sweep, %{config: config} = state) do
    oldest = System.monotonic_time(:millisecond) + state.ahead - config.window_ms
    :ets.select_delete(config.table, [{{:_, :"$1", :_}, [{:"=<", :"$1", oldest}], [true]}])

    if :ets.info(config.table, :size) == 0 do
      {:noreply, %{state | sweeping?: false}}
    else
      schedule_sweep(config)
      {:noreply, state}
    end
  end

  defp room?(%{table: table, limit: limit, window_ms: window_ms}, user_id, now) do
    recent = [{{user_id, :"$1", :_}, [{:>, :"$1", now - window_ms}], [true]}]
    :ets.select_count(table, recent) < limit
  end

  defp follow(state, now) do
    %{state | ahead: now - System.monotonic_time(:millisecond)}
  end

  defp ensure_sweeping(%{sweeping?: true} = state), do: state

  defp ensure_sweeping(%{config: config} = state) do
    schedule_sweep(config)
    %{state | sweeping?: true}
  end

  defp schedule_sweep(%{window_ms: window_ms}) do
    Process.send_after(self(), :sweep, div(window_ms, 2))
  end
end
