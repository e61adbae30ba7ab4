defmodule RateLimiter do
  @moduledoc """
  Limits how often each user may call: at most `limit` calls in any `window_ms`.

  Rows are `{{user_id, bucket}, count}`. The sliding window is made of the current bucket and as
  much of the one before as the window still covers.
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
    if room?(user_id, now) do
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
    current = Integer.floor_div(System.monotonic_time(:millisecond), window_ms)
    :ets.select_delete(@table, [{{{:_, :"$1"}, :_}, [{:<, :"$1", current - 1}], [true]}])
    Process.send_after(self(), :sweep, window_ms)

    {:noreply, window_ms}
  end

  @impl true
  def handle_call({:take, user_id, now}, _from, window_ms) do
    if room?(user_id, now) do
      key = {user_id, Integer.floor_div(now, window_ms)}
      :ets.update_counter(@table, key, 1, {key, 0})
      {:reply, :ok, window_ms}
    else
      {:reply, {:error, :rate_limited}, window_ms}
    end
  end

  defp room?(user_id, now) do
    {limit, window_ms} = :ets.lookup_element(@table, :config, 2)
    bucket = Integer.floor_div(now, window_ms)
    left = window_ms - Integer.mod(now, window_ms)

    count(user_id, bucket - 1) * left / window_ms + count(user_id, bucket) < limit
  end

  defp count(user_id, bucket) do
    case :ets.lookup(@table, {user_id, bucket}) do
      [{_key, count}] -> count
      [] -> 0
    end
  end
end
