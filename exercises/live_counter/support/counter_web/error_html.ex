defmodule CounterWeb.ErrorHTML do
  @moduledoc """
  What a browser shows when a request has failed.
  """

  @doc "\"Not Found\" for `404.html`."
  @spec render(template :: String.t(), assigns :: map()) :: String.t()
  def render(template, _assigns), do: Phoenix.Controller.status_message_from_template(template)
end
