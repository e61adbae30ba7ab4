defmodule RateLimiter do
  @moduledoc """
  Limits how often each user may call: at most `limit` accepted calls in any `window_ms`.
  """

  use GenServer

  @type user_id :: String.t() | integer()

  @doc """
  Starts the limiter. Options: `limit` (100) and `window_ms` (60_000).
  """
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc """
  Accepts or refuses a call of `user_id` at the time `now`, in milliseconds.
  """
  @spec check(user_id(), integer()) :: :ok | {:error, :rate_limited}
  def check(user_id, now \\ System.monotonic_time(:millisecond)) do
    raise "check(#{inspect(user_id)}, #{now}) is not written yet"
  end

  @impl true
  def init(opts) do
    {:ok, opts}
  end
end
