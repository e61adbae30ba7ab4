defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter without a bottleneck: callers take their place themselves.

  Every user has `limit` slots, the rows `{{user_id, slot}, at}`. A slot is free if it has
  no row, or if its call has left the window. ETS changes a row atomically, so of several
  callers that want the same slot one gets it, and the others go on to the next slot. The
  GenServer owns the table and sweeps it; no call ever waits for it.
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

    if Enum.any?(1..limit, &take?({user_id, &1}, now, now - window_ms)) do
      :ok
    else
      {:error, :rate_limited}
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)

    :ets.new(@table, [:public, :named_table, read_concurrency: true, write_concurrency: true])
    :ets.insert(@table, {:config, {limit, window_ms}})
    Process.send_after(self(), :sweep, window_ms)

    {:ok, window_ms}
  end

  @impl true
  def handle_info(:sweep, window_ms) do
    oldest = System.monotonic_time(:millisecond) - window_ms
    :ets.select_delete(@table, [{{{:_, :_}, :"$1"}, [{:"=<", :"$1", oldest}], [true]}])
    Process.send_after(self(), :sweep, window_ms)

    {:noreply, window_ms}
  end

  # Replacing comes first: a row that the sweeper takes away in between is a row to insert.
  defp take?(key, now, oldest) do
    expired = [{{key, :"$1"}, [{:"=<", :"$1", oldest}], [{{{:const, key}, now}}]}]

    :ets.select_replace(@table, expired) == 1 or :ets.insert_new(@table, {key, now})
  end
end
