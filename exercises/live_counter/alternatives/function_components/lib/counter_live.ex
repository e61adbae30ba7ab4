defmodule CounterLive do
  @moduledoc """
  A shared counter with its page made of small components, and the amounts in one list.
  """

  use Phoenix.LiveView

  alias CounterWeb.Presence
  alias Phoenix.PubSub
  alias Phoenix.Socket.Broadcast

  @topic "viewers"
  @amounts [1, 5, 10]

  @impl true
  def mount(_params, session, socket) do
    socket = assign(socket, viewer_id: session["viewer_id"], amounts: @amounts)
    {:ok, if(connected?(socket), do: join(socket), else: show(socket))}
  end

  @impl true
  def render(assigns) do
    ~H"""
    <main>
      <.number id="count" label="Count"><%= @count %></.number>
      <.number id="viewers" label="Viewers"><%= @viewers %></.number>
      <.add_button :for={amount <- @amounts} amount={amount} />
    </main>
    """
  end

  @impl true
  def handle_event("add", %{"by" => by}, socket) do
    @amounts |> Enum.filter(&(Integer.to_string(&1) == by)) |> Enum.each(&add/1)
    {:noreply, socket}
  end

  def handle_event(_event, _params, socket), do: {:noreply, socket}

  @impl true
  def handle_info(message, socket) do
    case message do
      {:added, _amount} -> {:noreply, show(socket)}
      %Broadcast{event: "presence_diff"} -> {:noreply, show(socket)}
      _other -> {:noreply, socket}
    end
  end

  # Takes `id`, `label` and what stands between the tags.
  defp number(assigns) do
    ~H"""
    <p>
      <label for={@id}><%= @label %>:</label>
      <output id={@id}><b><%= render_slot(@inner_block) %></b></output>
    </p>
    """
  end

  # Takes `amount`.
  defp add_button(assigns) do
    ~H"""
    <button id={"add-#{@amount}"} phx-click="add" phx-value-by={@amount}>+<%= @amount %></button>
    """
  end

  defp add(amount) do
    Counter.add(amount)
    PubSub.broadcast(CounterWeb.PubSub, @topic, {:added, amount})
  end

  defp join(socket) do
    PubSub.subscribe(CounterWeb.PubSub, @topic)
    Presence.track(self(), @topic, socket.assigns.viewer_id, %{})
    show(socket)
  end

  defp show(socket) do
    socket
    |> assign(:count, Counter.value())
    |> assign(:viewers, @topic |> Presence.list() |> map_size())
  end
end
