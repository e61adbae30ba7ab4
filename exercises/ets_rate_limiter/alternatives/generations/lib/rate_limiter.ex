defmodule RateLimiter do
  @moduledoc """
  A sliding-window rate limiter that forgets whole tables instead of rows.

  New calls go into the young table. Once per window the old one is emptied and the two
  change places, so a call stays for at least one window and for two at the most, and
  clean-up costs nothing per row. Callers count their calls in both tables.
  """

  use GenServer

  @tables [RateLimiter.Even, RateLimiter.Odd]

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
    :persistent_term.put(__MODULE__, {limit, window_ms})

    [old, young] =
      for name <- @tables do
        :ets.new(name, [:duplicate_bag, :named_table, read_concurrency: true])
      end

    Process.send_after(self(), :turn, window_ms)
    {:ok, %{old: old, young: young, window_ms: window_ms}}
  end

  @impl true
  def handle_call({:accept, user_id, now}, _from, state) do
    if room?(user_id, now) do
      :ets.insert(state.young, {user_id, now})
      {:reply, :ok, state}
    else
      {:reply, {:error, :rate_limited}, state}
    end
  end

  @impl true
  def handle_info(:turn, %{old: old, young: young} = state) do
    :ets.delete_all_objects(old)
    Process.send_after(self(), :turn, state.window_ms)

    {:noreply, %{state | old: young, young: old}}
  end

  defp room?(user_id, now) do
    {limit, window_ms} = :persistent_term.get(__MODULE__)
    recent = [{{user_id, :"$1"}, [{:>, :"$1", now - window_ms}], [true]}]

    Enum.sum(for table <- @tables, do: :ets.select_count(table, recent)) < limit
  end
end
