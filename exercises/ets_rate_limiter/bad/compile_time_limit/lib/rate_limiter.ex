defmodule RateLimiter do
  @moduledoc """
  Limits how often each user may call: at most `limit` accepted calls in any `window_ms`.

  Every accepted call is a row of an ETS table. Callers read the table, the GenServer writes it.
  """

  use GenServer

  @table __MODULE__
  @limit Application.compile_env(:rate_limiter, :limit, 100)
  @window_ms Application.compile_env(:rate_limiter, :window_ms, 60_000)

  @type user_id :: String.t() | integer()
  @type option :: {atom(), term()}

  @doc """
  Starts the limiter. The limit and the window come from the application's configuration.
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
    :ets.new(@table, [:ordered_set, :protected, :named_table, read_concurrency: true])

    schedule_sweep()
    {:ok, opts}
  end

  @impl true
  def handle_call({:take, user_id, now}, _from, state) do
    if room?(user_id, now) do
      # The integer keeps two calls in the same millisecond apart.
      :ets.insert(@table, {{user_id, now, System.unique_integer()}})
      {:reply, :ok, state}
    else
      {:reply, {:error, :rate_limited}, state}
    end
  end

  @impl true
  def handle_info(:sweep, state) do
    oldest = System.monotonic_time(:millisecond) - @window_ms
    :ets.select_delete(@table, [{{{:_, :"$1", :_}}, [{:"=<", :"$1", oldest}], [true]}])

    schedule_sweep()
    {:noreply, state}
  end

  # With the user first in the key of an ordered set, ETS visits this user's rows only.
  defp room?(user_id, now) do
    oldest = now - @window_ms

    :ets.select_count(@table, [{{{user_id, :"$1", :_}}, [{:>, :"$1", oldest}], [true]}]) < @limit
  end

  defp schedule_sweep do
    Process.send_after(self(), :sweep, @window_ms)
  end
end
