defmodule CounterLive do
  @moduledoc """
  A shared counter whose page does not wait for the way to the other nodes: a task tells them.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub
  alias Phoenix.Socket.Broadcast

  @topic "viewers"

  @impl true
  def mount(_params, %{"viewer_id" => viewer_id}, socket) do
    if connected?(socket) do
      PubSub.subscribe(CounterWeb.PubSub, @topic)
      Presence.track(self(), @topic, viewer_id, %{})
    end

    {:ok, assign(socket, count: Counter.value(), viewers: count_viewers())}
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
  def handle_event("add", %{"by" => by}, socket) when by in ["1", "5", "10"] do
    count = Counter.add(String.to_integer(by))
    Task.start(PubSub, :broadcast_from, [CounterWeb.PubSub, self(), @topic, :added])

    {:noreply, assign(socket, :count, count)}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(:added, socket), do: {:noreply, assign(socket, :count, Counter.value())}

  def handle_info(%Broadcast{event: "presence_diff"}, socket) do
    {:noreply, assign(socket, :viewers, count_viewers())}
  end

  def handle_info(_message, socket), do: {:noreply, socket}

  defp count_viewers do
    Presence.list(@topic) |> Enum.map(fn {viewer_id, _presence} -> viewer_id end) |> length()
  end
end
