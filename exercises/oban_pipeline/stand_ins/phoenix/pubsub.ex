defmodule Phoenix.PubSub do
  @moduledoc """
  Stands in for Phoenix.PubSub, of which it has what this exercise needs.

  Processes subscribe to a topic, and get each message that is broadcast on it. Those of this node
  are found in a `Registry`; to other nodes an adapter carries the message.
  """

  use Supervisor

  defmodule BroadcastError do
    @moduledoc false
    defexception [:message]

    @impl Exception
    def exception(text), do: %__MODULE__{message: "broadcast failed with #{inspect(text)}"}
  end

  @type t :: atom()
  @type topic :: binary()
  @type message :: term()
  @type dispatcher :: module()

  @doc "Starts a PubSub system. Options: `:name`, which is required, and `:adapter`."
  @spec start_link(keyword()) :: Supervisor.on_start()
  def start_link(opts) do
    name =
      opts[:name] ||
        raise ArgumentError, "the :name option is required when starting Phoenix.PubSub"

    Supervisor.start_link(__MODULE__, opts, name: Module.concat(name, "Supervisor"))
  end

  @impl Supervisor
  def init(opts) do
    name = opts[:name]
    adapter = opts[:adapter] || Phoenix.PubSub.PG2
    adapter_name = Module.concat(name, "Adapter")
    registry = [keys: :duplicate, name: name, meta: [pubsub: {adapter, adapter_name}]]
    children = [{Registry, registry}, {adapter, Keyword.put(opts, :adapter_name, adapter_name)}]

    Supervisor.init(children, strategy: :rest_for_one)
  end

  @doc "Subscribes the calling process to a topic."
  @spec subscribe(t(), topic(), keyword()) :: :ok | {:error, term()}
  def subscribe(pubsub, topic, opts \\ [])
      when is_atom(pubsub) and is_binary(topic) and is_list(opts) do
    with {:ok, _owner} <- Registry.register(pubsub, topic, opts[:metadata]), do: :ok
  end

  @doc "Ends all subscriptions of the calling process to a topic."
  @spec unsubscribe(t(), topic()) :: :ok
  def unsubscribe(pubsub, topic) when is_atom(pubsub) and is_binary(topic) do
    Registry.unregister(pubsub, topic)
  end

  @doc "Sends a message to all subscribers of the topic, on all nodes."
  @spec broadcast(t(), topic(), message(), dispatcher()) :: :ok | {:error, term()}
  def broadcast(pubsub, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_binary(topic) and is_atom(dispatcher) do
    broadcast_but_to(:none, pubsub, topic, message, dispatcher)
  end

  @doc "Like `broadcast/4`, but raises if the message could not be sent to the other nodes."
  @spec broadcast!(t(), topic(), message(), dispatcher()) :: :ok
  def broadcast!(pubsub, topic, message, dispatcher \\ __MODULE__) do
    with {:error, reason} <- broadcast(pubsub, topic, message, dispatcher) do
      raise BroadcastError, "broadcast failed: #{inspect(reason)}"
    end
  end

  @doc "Sends a message to all subscribers but the process `from`."
  @spec broadcast_from(t(), pid(), topic(), message(), dispatcher()) :: :ok | {:error, term()}
  def broadcast_from(pubsub, from, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_pid(from) and is_binary(topic) and is_atom(dispatcher) do
    broadcast_but_to(from, pubsub, topic, message, dispatcher)
  end

  @doc "Sends a message to the subscribers on this node."
  @spec local_broadcast(t(), topic(), message(), dispatcher()) :: :ok
  def local_broadcast(pubsub, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_binary(topic) and is_atom(dispatcher) do
    Registry.dispatch(pubsub, topic, {dispatcher, :dispatch, [:none, message]})
  end

  @doc false
  @spec dispatch([{pid(), term()}], pid() | :none, message()) :: :ok
  def dispatch(subscribers, from, message) do
    for {pid, _metadata} <- subscribers, pid != from, do: send(pid, message)
    :ok
  end

  defp broadcast_but_to(from, pubsub, topic, message, dispatcher) do
    {:ok, {adapter, adapter_name}} = Registry.meta(pubsub, :pubsub)

    with :ok <- adapter.broadcast(adapter_name, topic, message, dispatcher) do
      Registry.dispatch(pubsub, topic, {dispatcher, :dispatch, [from, message]})
    end
  end
end
