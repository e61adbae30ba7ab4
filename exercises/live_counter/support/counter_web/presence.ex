defmodule CounterWeb.Presence do
  @moduledoc """
  Knows who is present, on every topic.

  Whoever is subscribed to a topic gets a `presence_diff` when someone comes or goes there, and so
  does the one who comes.
  """

  use Phoenix.Presence, otp_app: :phoenix, pubsub_server: CounterWeb.PubSub
end
