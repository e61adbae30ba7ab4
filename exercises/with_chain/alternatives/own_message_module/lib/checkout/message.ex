defmodule Checkout.Message do
  @moduledoc """
  Words for what can go wrong at checkout.
  """

  @doc "Returns the message for an answer that ended the chain early."
  @spec for_failure({:error, atom()} | :timeout) :: String.t()
  def for_failure({:error, :order_not_found}), do: "Order ID does not exist"
  def for_failure({:error, :user_not_found}), do: "User ID not found"
  def for_failure({:error, :insufficient_funds}), do: "Payment failed: insufficient funds"
  def for_failure({:error, reason}), do: "Unexpected: #{inspect(reason)}"
  def for_failure(:timeout), do: "Unexpected: :timeout"
end
