defmodule CounterLive do
  @moduledoc """
  A counter that all who have the page open share, and how many they are.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub
  alias Phoenix.Socket.Broadcast

  @count_topic "count"
  @viewers_topic "viewers"

  # The amounts that the buttons send. All others are somebody's own.
  @amounts %{"1" => 1, "5" => 5, "10" => 10}

  @impl true
  def mount(_params, %{"viewer_id" => viewer_id}, socket) do
    # The static page is rendered by a process that is done with it then, or serves others next.
    if connected?(socket), do: join(viewer_id)

    {:ok, assign_viewers(socket)}
  end

  @impl true
  def render(assigns) do
    ~H"""
    <p>Count: <strong id="count"><%= Counter.value() %></strong></p>
    <p>Viewers: <strong id="viewers"><%= @viewers %></strong></p>
    <button id="add-1" phx-click="add" phx-value-by="1">+1</button>
    <button id="add-5" phx-click="add" phx-value-by="5">+5</button>
    <button id="add-10" phx-click="add" phx-value-by="10">+10</button>
    """
  end

  @impl true
  def handle_event("add", %{"by" => by}, socket) when is_map_key(@amounts, by) do
    Counter.add(@amounts[by])
    PubSub.broadcast(CounterWeb.PubSub, @count_topic, :count_changed)

    {:noreply, socket}
  end

  # A client can send anything, and after a deploy it sends what the old page knew.
  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(:count_changed, socket), do: {:noreply, socket}

  def handle_info(%Broadcast{topic: @viewers_topic, event: "presence_diff"}, socket) do
    {:noreply, assign_viewers(socket)}
  end

  def handle_info(_message, socket), do: {:noreply, socket}

  # Subscribes before anything is read: a change is then either read, or told of afterwards.
  defp join(viewer_id) do
    :ok = PubSub.subscribe(CounterWeb.PubSub, @count_topic)
    :ok = PubSub.subscribe(CounterWeb.PubSub, @viewers_topic)
    {:ok, _ref} = Presence.track(self(), @viewers_topic, viewer_id, %{})
  end

  # One key for each person, however many tabs there are under it.
  defp assign_viewers(socket) do
    assign(socket, :viewers, @viewers_topic |> Presence.list() |> map_size())
  end
end
