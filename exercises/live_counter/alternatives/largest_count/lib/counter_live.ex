defmodule CounterLive do
  @moduledoc """
  A shared counter whose news carry the new count, so that nobody has to ask `Counter` again.

  News can overtake one another. As the count only grows, the largest number is the newest.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub

  @pubsub CounterWeb.PubSub
  @topic "viewers"
  @amounts ["1", "5", "10"]

  @impl true
  def mount(_params, session, socket) do
    if connected?(socket) do
      PubSub.subscribe(@pubsub, @topic)
      Presence.track(self(), @topic, session["viewer_id"], %{})
    end

    {:ok, assign(socket, count: Counter.value(), viewers: viewers())}
  end

  @impl true
  def render(assigns) do
    ~H"""
    <p>Count: <strong id="count"><%= @count %></strong></p>
    <p>Viewers: <strong id="viewers"><%= @viewers %></strong></p>
    <button id="add-1" phx-click="add" phx-value-by="1">+1</button>
    <button id="add-5" phx-click="add" phx-value-by="5">+5</button>
    <button id="add-10" phx-click="add" phx-value-by="10">+10</button>
    """
  end

  @impl true
  def handle_event("add", %{"by" => by}, socket) when by in @amounts do
    count = by |> String.to_integer() |> Counter.add()
    PubSub.broadcast(@pubsub, @topic, {:count, count})
    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info({:count, count}, socket) do
    {:noreply, update(socket, :count, &max(&1, count))}
  end

  def handle_info(%{topic: @topic, event: "presence_diff"}, socket) do
    {:noreply, assign(socket, :viewers, viewers())}
  end

  def handle_info(_message, socket), do: {:noreply, socket}

  defp viewers, do: Enum.count(Presence.list(@topic))
end
