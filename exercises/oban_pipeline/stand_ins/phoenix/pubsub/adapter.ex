defmodule Phoenix.PubSub.Adapter do
  @moduledoc """
  Carries messages to the other nodes.
  """

  @callback node_name(adapter_name :: atom()) :: atom() | binary()

  @callback child_spec(keyword()) :: Supervisor.child_spec()

  @doc "Sends the message to all nodes but this one."
  @callback broadcast(
              adapter_name :: atom(),
              Phoenix.PubSub.topic(),
              Phoenix.PubSub.message(),
              Phoenix.PubSub.dispatcher()
            ) :: :ok | {:error, term()}

  @doc "Sends the message to one node."
  @callback direct_broadcast(
              adapter_name :: atom(),
              node_name :: atom() | binary(),
              Phoenix.PubSub.topic(),
              Phoenix.PubSub.message(),
              Phoenix.PubSub.dispatcher()
            ) :: :ok | {:error, term()}
end
