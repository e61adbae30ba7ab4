defmodule CounterWeb.Endpoint do
  @moduledoc """
  Takes requests, and the connections of the pages.

  Nobody listens on a port here: the tests bring the requests themselves. The settings are made by
  `CounterWeb.Environment`.
  """

  # The settings, and a folder for files, belong to an application. This is one that is always there.
  use Phoenix.Endpoint, otp_app: :phoenix

  @session_options [store: :cookie, key: "_counter", signing_salt: "viewers", same_site: "Lax"]

  socket "/live", Phoenix.LiveView.Socket, websocket: [connect_info: [session: @session_options]]

  plug Plug.Session, @session_options
  plug CounterWeb.Router
end
