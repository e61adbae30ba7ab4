defmodule RateLimiter do
  @moduledoc """
  Limits how often each user may call: at most `limit` accepted calls in any `window_ms`.

  Every accepted call is one row of an ETS table. The callers read the table themselves, so
  a user who is over the limit is refused at the price of one lookup, and never adds to the
  mailbox of this process. Only this process writes: it counts once more before it adds a
  row, so callers that come at the same moment cannot share the last place.

  The table belongs to this process and dies with it. After a crash the supervisor starts
  with an empty table, and everybody has their whole limit again.
  """

  use GenServer

  @table __MODULE__
  @default_limit 100
  @default_window_ms 60_000

  @type user_id :: String.t() | integer()
  @type option :: {:limit, pos_integer()} | {:window_ms, pos_integer()}

  @doc """
  Starts the limiter. Options: `limit` (#{@default_limit}) and `window_ms` (#{@default_window_ms}).
  """
  @spec start_link([option()]) :: GenServer.on_start()
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc """
  Accepts or refuses a call of `user_id` at the time `now`, in milliseconds.

  It is accepted if fewer than `limit` accepted calls of this user are younger than
  `window_ms`. Refused calls leave no trace.
  """
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
    limit = Keyword.get(opts, :limit, @default_limit)
    window_ms = Keyword.get(opts, :window_ms, @default_window_ms)

    :ets.new(@table, [:ordered_set, :protected, :named_table, read_concurrency: true])
    :ets.insert(@table, {:config, limit, window_ms})

    {:ok, %{window_ms: window_ms}, window_ms}
  end

  @impl true
  def handle_call({:take, user_id, now}, _from, state) do
    if room?(user_id, now) do
      # The integer keeps two calls in the same millisecond apart.
      :ets.insert(@table, {{user_id, now, System.unique_integer()}})
      {:reply, :ok, state, state.window_ms}
    else
      {:reply, {:error, :rate_limited}, state, state.window_ms}
    end
  end

  @impl true
  def handle_info(:timeout, %{window_ms: window_ms} = state) do
    oldest = System.monotonic_time(:millisecond) - window_ms
    :ets.select_delete(@table, [{{{:_, :"$1", :_}}, [{:"=<", :"$1", oldest}], [true]}])

    {:noreply, state, window_ms}
  end

  # With the user first in the key of an ordered set, ETS visits this user's rows only.
  defp room?(user_id, now) do
    [{:config, limit, window_ms}] = :ets.lookup(@table, :config)
    oldest = now - window_ms

    :ets.select_count(@table, [{{{user_id, :"$1", :_}}, [{:>, :"$1", oldest}], [true]}]) < limit
  end
end
