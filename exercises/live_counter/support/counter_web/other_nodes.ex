defmodule CounterWeb.OtherNodes do
  @moduledoc """
  The way to the other nodes of the cluster, of which there are none here.

  A broadcast goes to the other nodes first and then to the processes of this one, and the way can
  be slow.
  """

  @behaviour Phoenix.PubSub.Adapter

  @impl Phoenix.PubSub.Adapter
  def node_name(_adapter_name), do: node()

  @impl Phoenix.PubSub.Adapter
  def child_spec(_opts), do: %{id: __MODULE__, start: {Function, :identity, [:ignore]}}

  @impl Phoenix.PubSub.Adapter
  def broadcast(adapter_name, topic, message, dispatcher)

  # What the nodes tell one another of who is present.
  def broadcast(_adapter_name, "phx_presence" <> _rest, _message, _dispatcher), do: :ok
  def broadcast(_adapter_name, _topic, _message, _dispatcher), do: Meanwhile.at(:broadcast)

  @impl Phoenix.PubSub.Adapter
  def direct_broadcast(_adapter_name, _node_name, _topic, _message, _dispatcher), do: :ok
end
