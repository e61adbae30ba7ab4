defmodule Phoenix.PubSub.PG2 do
  @moduledoc """
  The adapter that is used if none is named. Here it knows no other nodes.
  """

  @behaviour Phoenix.PubSub.Adapter

  use Agent

  @doc false
  @spec start_link(keyword()) :: Agent.on_start()
  def start_link(opts), do: Agent.start_link(fn -> [] end, name: opts[:adapter_name])

  @impl Phoenix.PubSub.Adapter
  def node_name(_adapter_name), do: node()

  @impl Phoenix.PubSub.Adapter
  def broadcast(_adapter_name, _topic, _message, _dispatcher), do: :ok

  @impl Phoenix.PubSub.Adapter
  def direct_broadcast(_adapter_name, _node_name, _topic, _message, _dispatcher), do: :ok
end
