defmodule Orders do
  @moduledoc """
  Looks orders up. Stands in for a remote service that may be slow.
  """

  @doc """
  Returns the order with this ID.

  An order that does not exist is `{:error, :order_not_found}`; other reasons are possible.
  A service that does not answer in time is a bare `:timeout`.
  """
  @spec get(term()) :: {:ok, map()} | {:error, atom()} | :timeout
  def get(order_id) do
    Scenario.answer({__MODULE__, :get, [order_id]}, {:ok, %{id: order_id, total: 4_900}})
  end
end
