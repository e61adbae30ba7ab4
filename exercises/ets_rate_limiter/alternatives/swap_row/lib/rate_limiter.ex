defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter with one ETS row per user, changed by compare-and-swap.

  A caller reads the row, works out the next one, and puts it in only if nobody has changed
  the row in the meantime; otherwise it starts again. So the check and the write are one
  step, and the GenServer, which owns the table and sweeps it, is never asked.
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
    rows = :ets.lookup(@table, user_id)
    recent = rows |> times() |> Enum.take_while(&(&1 > now - window_ms))

    cond do
      length(recent) >= limit -> {:error, :rate_limited}
      swap?(rows, {user_id, [now | recent]}) -> :ok
      true -> check(user_id, now)
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
    :ets.select_delete(@table, [{{:_, :"$1"}, [{:"=<", {:hd, :"$1"}, oldest}], [true]}])
    Process.send_after(self(), :sweep, window_ms)

    {:noreply, window_ms}
  end

  defp times([]), do: []
  defp times([{_user_id, times}]), do: times

  defp swap?([], new), do: :ets.insert_new(@table, new)

  defp swap?([{user_id, times}], new) do
    unchanged = [{{user_id, :"$1"}, [{:"=:=", :"$1", {:const, times}}], [{:const, new}]}]

    :ets.select_replace(@table, unchanged) == 1
  end
end
