defmodule CounterLive do
  @moduledoc """
  A shared counter that shows the one who clicks the new count at once, and tells all others.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub
  alias Phoenix.Socket.Broadcast

  @pubsub CounterWeb.PubSub
  @viewers "viewers"
  @count "count"

  @impl true
  def mount(_params, %{"viewer_id" => viewer_id}, socket) do
    if connected?(socket) do
      for topic <- [@viewers, @count], do: PubSub.subscribe(@pubsub, topic)
      Presence.track(self(), @viewers, viewer_id, %{opened_at: System.system_time(:second)})
    end

    {:ok, socket |> show_count() |> show_viewers()}
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
  def handle_event("add", %{"by" => by}, socket) do
    case amount(by) do
      {:ok, amount} -> {:noreply, add(socket, amount)}
      :error -> {:noreply, socket}
    end
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(:count_has_changed, socket), do: {:noreply, show_count(socket)}

  def handle_info(%Broadcast{event: "presence_diff"}, socket),
    do: {:noreply, show_viewers(socket)}

  def handle_info(_message, socket), do: {:noreply, socket}

  defp amount("1"), do: {:ok, 1}
  defp amount("5"), do: {:ok, 5}
  defp amount("10"), do: {:ok, 10}
  defp amount(_by), do: :error

  defp add(socket, amount) do
    Counter.add(amount)
    PubSub.broadcast_from(@pubsub, self(), @count, :count_has_changed)
    show_count(socket)
  end

  defp show_count(socket), do: assign(socket, count: Counter.value())

  defp show_viewers(socket) do
    viewers = @viewers |> Presence.list() |> Map.keys()
    assign(socket, viewers: length(viewers))
  end
end
