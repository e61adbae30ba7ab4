defmodule CounterLive do
  @moduledoc """
  A shared counter that asks Presence once, and then keeps its own list of the viewers by the diffs.

  It holds the reference of each tab under the key of its viewer. To add one twice, or to take away
  one that is gone, changes nothing, so a diff that the list knew of already does no harm.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub

  @count_topic "count"
  @viewers_topic "viewers"

  @impl true
  def mount(_params, %{"viewer_id" => viewer_id}, socket) do
    if connected?(socket), do: join(viewer_id)

    tabs = @viewers_topic |> Presence.list() |> tabs()
    {:ok, socket |> assign(count: Counter.value()) |> assign_tabs(tabs)}
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
    by |> String.to_integer() |> Counter.add()
    PubSub.broadcast!(CounterWeb.PubSub, @count_topic, :new_count)
    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(:new_count, socket), do: {:noreply, assign(socket, count: Counter.value())}

  def handle_info(%{topic: @viewers_topic, event: "presence_diff", payload: diff}, socket) do
    tabs =
      socket.assigns.tabs
      |> MapSet.union(tabs(diff.joins))
      |> MapSet.difference(tabs(diff.leaves))

    {:noreply, assign_tabs(socket, tabs)}
  end

  def handle_info(_message, socket), do: {:noreply, socket}

  defp join(viewer_id) do
    PubSub.subscribe(CounterWeb.PubSub, @count_topic)
    PubSub.subscribe(CounterWeb.PubSub, @viewers_topic)
    Presence.track(self(), @viewers_topic, viewer_id, %{})
  end

  defp tabs(presences) do
    for {key, %{metas: metas}} <- presences, %{phx_ref: ref} <- metas, into: MapSet.new() do
      {key, ref}
    end
  end

  defp assign_tabs(socket, tabs) do
    viewers = MapSet.new(tabs, fn {key, _ref} -> key end)
    assign(socket, tabs: tabs, viewers: MapSet.size(viewers))
  end
end
