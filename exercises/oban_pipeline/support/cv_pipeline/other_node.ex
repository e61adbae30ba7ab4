defmodule CvPipeline.OtherNode do
  @moduledoc """
  Another node of the cluster: keeps what PubSub sends there.
  """

  @behaviour Phoenix.PubSub.Adapter

  use Agent

  @doc false
  @spec start_link(keyword()) :: Agent.on_start()
  def start_link(opts), do: Agent.start_link(fn -> [] end, name: opts[:adapter_name])

  @doc "What was broadcast to this node so far, each message with its topic, the first one first."
  @spec received() :: [{topic :: String.t(), message :: term()}]
  def received, do: Agent.get(CvPipeline.PubSub.Adapter, &Enum.reverse/1)

  @impl Phoenix.PubSub.Adapter
  def node_name(_adapter_name), do: node()

  @impl Phoenix.PubSub.Adapter
  def broadcast(adapter_name, topic, message, _dispatcher) do
    Agent.update(adapter_name, &[{topic, message} | &1])
  end

  @impl Phoenix.PubSub.Adapter
  def direct_broadcast(adapter_name, _node_name, topic, message, dispatcher) do
    broadcast(adapter_name, topic, message, dispatcher)
  end
end
