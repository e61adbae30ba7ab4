defmodule CounterLive do
  @moduledoc """
  A shared counter that joins in a message to itself, so that `mount/3` is quick, and then looks again.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub
  alias Phoenix.Socket.Broadcast

  @topic "viewers"

  @impl true
  def mount(_params, session, socket) do
    if connected?(socket), do: send(self(), {:join, session["viewer_id"]})
    {:ok, look(socket)}
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
  def handle_event("add", params, socket) do
    add(params["by"])
    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info({:join, viewer_id}, socket) do
    PubSub.subscribe(CounterWeb.PubSub, @topic)
    {:ok, _ref} = Presence.track(self(), @topic, viewer_id, %{})
    {:noreply, look(socket)}
  end

  def handle_info({CounterLive, :added}, socket), do: {:noreply, look(socket)}
  def handle_info(%Broadcast{event: "presence_diff"}, socket), do: {:noreply, look(socket)}
  def handle_info(_message, socket), do: {:noreply, socket}

  defp add(by) when by in ["1", "5", "10"] do
    by |> String.to_integer() |> Counter.add()
    PubSub.broadcast(CounterWeb.PubSub, @topic, {CounterLive, :added})
  end

  defp add(_by), do: :ok

  defp look(socket) do
    viewers = Presence.list(@topic)
    assign(socket, count: Counter.value(), viewers: Enum.count(viewers))
  end
end
