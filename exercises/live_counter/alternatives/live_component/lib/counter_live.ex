defmodule CounterLive do
  @moduledoc """
  A shared counter in which each of the two numbers is a component that knows how to get its number.

  The page gets the messages, as a component has no process, and hands them on.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub

  @topic "viewers"

  defmodule Number do
    @moduledoc """
    A number that is fetched anew with each update.
    """

    use Phoenix.LiveComponent

    @impl true
    def update(assigns, socket) do
      socket = assign(socket, Map.take(assigns, [:id, :fetch]))
      {:ok, assign(socket, :number, socket.assigns.fetch.())}
    end

    @impl true
    def render(assigns) do
      ~H"""
      <strong id={@id}><%= @number %></strong>
      """
    end
  end

  @impl true
  def mount(_params, session, socket) do
    if connected?(socket) do
      PubSub.subscribe(CounterWeb.PubSub, @topic)
      Presence.track(self(), @topic, session["viewer_id"], %{})
    end

    {:ok, socket}
  end

  @impl true
  def render(assigns) do
    ~H"""
    <p>Count: <.live_component module={Number} id="count" fetch={&Counter.value/0} /></p>
    <p>Viewers: <.live_component module={Number} id="viewers" fetch={fn -> viewers() end} /></p>
    <button id="add-1" phx-click="add" phx-value-by="1">+1</button>
    <button id="add-5" phx-click="add" phx-value-by="5">+5</button>
    <button id="add-10" phx-click="add" phx-value-by="10">+10</button>
    """
  end

  @impl true
  def handle_event("add", %{"by" => by}, socket) when by in ["1", "5", "10"] do
    Counter.add(String.to_integer(by))
    PubSub.broadcast(CounterWeb.PubSub, @topic, :count)
    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(:count, socket), do: renew(socket, "count")
  def handle_info(%{event: "presence_diff"}, socket), do: renew(socket, "viewers")
  def handle_info(_message, socket), do: {:noreply, socket}

  defp renew(socket, id) do
    send_update(Number, id: id)
    {:noreply, socket}
  end

  defp viewers, do: @topic |> Presence.list() |> map_size()
end
