defmodule CounterLive do
  @moduledoc """
  A counter that all who have the page open share, and how many they are.
  """

  use Phoenix.LiveView

  @impl true
  def mount(_params, _session, socket) do
    {:ok, assign(socket, count: 0, viewers: 0)}
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
end
