defmodule RateLimiter do
  @moduledoc """
  Limits how often each user may call: at most `limit` calls per window.

  Rows are `{{user_id, window}, count}`. `:ets.update_counter/4` counts and reads in one step, so
  callers cannot race.
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
    key = {user_id, Integer.floor_div(now, window_ms)}

    if :ets.update_counter(@table, key, 1, {key, 0}) <= limit do
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
    window = Integer.floor_div(System.monotonic_time(:millisecond), window_ms)
    :ets.select_delete(@table, [{{{:_, :"$1"}, :_}, [{:<, :"$1", window}], [true]}])
    Process.send_after(self(), :sweep, window_ms)

    {:noreply, window_ms}
  end
end
