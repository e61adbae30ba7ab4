defmodule CounterWeb.Router do
  @moduledoc """
  One page, and an ID for every browser.
  """

  use Phoenix.Router

  import Phoenix.LiveView.Router

  # The router may be compiled before the page is.
  @compile {:no_warn_undefined, CounterLive}

  pipeline :browser do
    plug :accepts, ["html"]
    plug :fetch_session
    plug :protect_from_forgery
    plug :put_viewer_id
  end

  scope "/" do
    pipe_through :browser

    live "/", CounterLive
  end

  # All tabs of a browser share its session, and so the ID in it.
  defp put_viewer_id(conn, _opts) do
    if get_session(conn, "viewer_id") do
      conn
    else
      put_session(conn, "viewer_id", Base.url_encode64(:crypto.strong_rand_bytes(12)))
    end
  end
end
