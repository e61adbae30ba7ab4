defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter whose users have an `:atomics` array each.

  Rows are `{user_id, slots}`; every slot holds the time of an accepted call. A caller takes
  a slot whose call has left the window by compare-and-exchange, and asks nobody.

  Only the sweeper needs care. Before it deletes a row it closes the slots, one by one; if
  it meets a call that still counts, it opens them again. A caller who finds a closed slot
  starts again, so no call is written into an array that is thrown away.
  """

  use GenServer

  # The smallest and the largest value that a slot can hold.
  @never -0x8000_0000_0000_0000
  @closed 0x7FFF_FFFF_FFFF_FFFF

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
    [{:config, limit, window_ms}] = :ets.lookup(@table, :config)

    case user_id |> slots(limit) |> take(limit, now, now - window_ms) do
      :closed -> check(user_id, now)
      answer -> answer
    end
  end

  @impl true
  def init(opts) do
    limit = Keyword.get(opts, :limit, 100)
    window_ms = Keyword.get(opts, :window_ms, 60_000)

    :ets.new(@table, [:public, :named_table, read_concurrency: true])
    :ets.insert(@table, {:config, limit, window_ms})
    Process.send_after(self(), :sweep, window_ms)

    {:ok, {limit, window_ms}}
  end

  @impl true
  def handle_info(:sweep, {limit, window_ms} = state) do
    oldest = System.monotonic_time(:millisecond) - window_ms

    for {user_id, slots} <- :ets.select(@table, [{{:_, :_}, [], [:"$_"]}]),
        close(slots, limit, oldest) == :ok do
      :ets.delete(@table, user_id)
    end

    Process.send_after(self(), :sweep, window_ms)
    {:noreply, state}
  end

  defp slots(user_id, limit) do
    case :ets.lookup(@table, user_id) do
      [{_user_id, slots}] ->
        slots

      [] ->
        slots = :atomics.new(limit, signed: true)
        Enum.each(1..limit, &:atomics.put(slots, &1, @never))
        # Another caller may have been faster: the row in the table counts.
        :ets.insert_new(@table, {user_id, slots})
        slots(user_id, limit)
    end
  end

  defp take(_slots, 0, _now, _oldest), do: {:error, :rate_limited}

  defp take(slots, slot, now, oldest) do
    case exchange(slots, slot, now, oldest) do
      :ok -> :ok
      @closed -> :closed
      _taken -> take(slots, slot - 1, now, oldest)
    end
  end

  defp close(_slots, 0, _oldest), do: :ok

  defp close(slots, slot, oldest) do
    if exchange(slots, slot, @closed, oldest) == :ok do
      others = close(slots, slot - 1, oldest)
      if others == :open, do: :atomics.put(slots, slot, @never)
      others
    else
      :open
    end
  end

  # Puts `new` into a slot that is free. Otherwise the slot's value is returned.
  defp exchange(slots, slot, new, oldest) do
    at = :atomics.get(slots, slot)

    cond do
      at > oldest -> at
      :atomics.compare_exchange(slots, slot, at, new) == :ok -> :ok
      true -> exchange(slots, slot, new, oldest)
    end
  end
end
