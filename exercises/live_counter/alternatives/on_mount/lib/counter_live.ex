defmodule CounterLive do
  @moduledoc """
  A shared counter. Who watches is no business of its own: `CounterLive.Viewers` sees to that.
  """

  use Phoenix.LiveView

  alias Phoenix.PubSub

  on_mount(CounterLive.Viewers)

  @topic "count"

  @impl true
  def mount(_params, _session, socket) do
    if connected?(socket), do: PubSub.subscribe(CounterWeb.PubSub, @topic)
    {:ok, assign(socket, :count, Counter.value())}
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
    PubSub.broadcast(CounterWeb.PubSub, @topic, {__MODULE__, :changed})
    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info({__MODULE__, :changed}, socket) do
    {:noreply, assign(socket, :count, Counter.value())}
  end

  def handle_info(_message, socket), do: {:noreply, socket}
end
