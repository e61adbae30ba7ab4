defmodule RateLimiter do
  @moduledoc """
  Limits how often each user may call: at most `limit` accepted calls in any `window_ms`.

  Rows are `{user_id, slots}`: an `:atomics` array with the times of the accepted calls, in
  which zero is a slot that has not been used. Callers read it, the GenServer writes it.
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

    if free_slot(slots(user_id, limit), limit, now - window_ms) do
      GenServer.call(__MODULE__, {:take, user_id, now})
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

    {:ok, window_ms}
  end

  @impl true
  def handle_info(:sweep, window_ms) do
    oldest = System.monotonic_time(:millisecond) - window_ms
    rows = :ets.select(@table, [{{:_, :"$1"}, [{:is_reference, :"$1"}], [:"$_"]}])
    limit = elem(:ets.lookup_element(@table, :config, 2), 0)

    for {user_id, slots} <- rows, Enum.all?(1..limit, &free?(slots, &1, oldest)) do
      :ets.delete(@table, user_id)
    end

    Process.send_after(self(), :sweep, window_ms)

    {:noreply, window_ms}
  end

  @impl true
  def handle_call({:take, user_id, now}, _from, window_ms) do
    {limit, _window_ms} = :ets.lookup_element(@table, :config, 2)
    slots = slots(user_id, limit)

    case free_slot(slots, limit, now - window_ms) do
      nil ->
        {:reply, {:error, :rate_limited}, window_ms}

      slot ->
        :atomics.put(slots, slot, now)
        :ets.insert(@table, {user_id, slots})
        {:reply, :ok, window_ms}
    end
  end

  defp slots(user_id, limit) do
    case :ets.lookup(@table, user_id) do
      [{_user_id, slots}] -> slots
      [] -> :atomics.new(limit, signed: true)
    end
  end

  defp free_slot(slots, limit, oldest) do
    Enum.find(1..limit, &free?(slots, &1, oldest))
  end

  defp free?(slots, slot, oldest) do
    at = :atomics.get(slots, slot)
    at == 0 or at <= oldest
  end
end
