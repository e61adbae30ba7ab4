defmodule CounterWeb.Environment do
  @moduledoc """
  Everything that a page finds running: the counter, PubSub, Presence, the endpoint.
  """

  use Supervisor

  @doc false
  @spec start_link(term()) :: Supervisor.on_start()
  def start_link(_opts \\ []), do: Supervisor.start_link(__MODULE__, :ok, name: __MODULE__)

  @impl Supervisor
  def init(:ok) do
    # What stands in config/ elsewhere.
    Logger.configure(level: :warning)

    Application.put_env(:phoenix, CounterWeb.Endpoint,
      server: false,
      secret_key_base: Base.encode64(:crypto.strong_rand_bytes(48)),
      live_view: [signing_salt: "shared counter"],
      pubsub_server: CounterWeb.PubSub,
      render_errors: [formats: [html: CounterWeb.ErrorHTML], layout: false]
    )

    children = [
      Meanwhile,
      Counter,
      {Phoenix.PubSub, name: CounterWeb.PubSub, adapter: CounterWeb.OtherNodes},
      CounterWeb.Presence,
      CounterWeb.Endpoint
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end
end
