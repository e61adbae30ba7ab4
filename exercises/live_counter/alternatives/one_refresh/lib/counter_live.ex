defmodule CounterLive do
  @moduledoc """
  A shared counter that takes each message on its topic, whatever it says, for "look again".
  """

  use Phoenix.LiveView

  alias CounterWeb.{Endpoint, Presence}
  alias Phoenix.Socket.Broadcast

  @topic "viewers"

  @impl true
  def mount(_params, session, socket) do
    if connected?(socket) do
      Endpoint.subscribe(@topic)
      Presence.track(self(), @topic, session["viewer_id"], %{})
    end

    {:ok, refresh(socket)}
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
    Counter.add(String.to_integer(by))
    Endpoint.broadcast(@topic, "count", %{})

    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(%Broadcast{topic: @topic}, socket), do: {:noreply, refresh(socket)}
  def handle_info(_other, socket), do: {:noreply, socket}

  defp refresh(socket) do
    assign(socket, count: Counter.value(), viewers: map_size(Presence.list(@topic)))
  end
end
