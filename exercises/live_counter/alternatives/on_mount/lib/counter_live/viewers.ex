defmodule CounterLive.Viewers do
  @moduledoc """
  Counts the viewers of any LiveView that says `on_mount CounterLive.Viewers`, in `@viewers`.
  """

  import Phoenix.Component, only: [assign: 3]
  import Phoenix.LiveView, only: [attach_hook: 4, connected?: 1]

  alias CounterWeb.{Endpoint, Presence}
  alias Phoenix.LiveView.Socket
  alias Phoenix.Socket.Broadcast

  @topic "viewers"

  @doc "Makes the viewer present, once the page is connected."
  @spec on_mount(:default, map() | :not_mounted_at_router, map(), Socket.t()) ::
          {:cont, Socket.t()}
  def on_mount(:default, _params, session, socket) do
    if connected?(socket),
      do: {:cont, join(socket, session)},
      else: {:cont, assign_viewers(socket)}
  end

  defp join(socket, session) do
    Endpoint.subscribe(@topic)
    Presence.track(self(), @topic, session["viewer_id"], %{})

    socket
    |> attach_hook(:viewers, :handle_info, &handle_info/2)
    |> assign_viewers()
  end

  defp handle_info(%Broadcast{topic: @topic}, socket), do: {:halt, assign_viewers(socket)}
  defp handle_info(_message, socket), do: {:cont, socket}

  defp assign_viewers(socket) do
    assign(socket, :viewers, Enum.count(Presence.list(@topic)))
  end
end
