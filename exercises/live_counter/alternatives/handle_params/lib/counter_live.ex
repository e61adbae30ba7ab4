defmodule CounterLive do
  @moduledoc """
  A shared counter that loads what it shows in `handle_params/3`, which runs after each `mount/3`.
  """

  use Phoenix.LiveView

  alias CounterWeb.{Endpoint, Presence}

  @count_topic "count"
  @viewers_topic "viewers"
  @amounts for amount <- [1, 5, 10], into: %{}, do: {to_string(amount), amount}

  @impl true
  def mount(_params, session, socket) do
    {:ok, assign_new(socket, :viewer_id, fn -> session["viewer_id"] end)}
  end

  @impl true
  def handle_params(_params, _uri, socket) do
    if connected?(socket) do
      Endpoint.subscribe(@count_topic)
      Endpoint.subscribe(@viewers_topic)
      Presence.track(self(), @viewers_topic, socket.assigns.viewer_id, %{})
    end

    {:noreply, socket |> load(:count) |> load(:viewers)}
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
    with {:ok, amount} <- Map.fetch(@amounts, by) do
      Counter.add(amount)
      Endpoint.broadcast!(@count_topic, "added", %{by: amount})
    end

    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(%{topic: @count_topic}, socket), do: {:noreply, load(socket, :count)}
  def handle_info(%{topic: @viewers_topic}, socket), do: {:noreply, load(socket, :viewers)}
  def handle_info(_message, socket), do: {:noreply, socket}

  defp load(socket, :count), do: assign(socket, :count, Counter.value())

  defp load(socket, :viewers) do
    assign(socket, :viewers, @viewers_topic |> Presence.list() |> Enum.count())
  end
end
