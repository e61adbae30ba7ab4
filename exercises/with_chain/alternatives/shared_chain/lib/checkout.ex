defmodule Checkout do
  @moduledoc """
  Turns an order into a payment.
  """

  @doc """
  Charges the user for the order and returns what `Payment.charge/2` answers.

  Any other answer on the way ends the chain and is returned as it is.
  """
  @spec process_order(integer(), integer()) :: {:ok, map()} | {:error, atom()} | :timeout
  def process_order(order_id, user_id) do
    chain(order_id, user_id, &Function.identity/1)
  end

  @doc """
  Does the same as `process_order/2`, with a message for a person in place of the reason.
  """
  @spec process_order_explained(integer(), integer()) :: {:ok, map()} | {:error, String.t()}
  def process_order_explained(order_id, user_id) do
    chain(order_id, user_id, &{:error, explain(&1)})
  end

  defp chain(order_id, user_id, on_failure) do
    with {:ok, order} <- Orders.get(order_id),
         {:ok, user} <- Users.get(user_id),
         {:ok, receipt} <- Payment.charge(user, order) do
      {:ok, receipt}
    else
      failure -> on_failure.(failure)
    end
  end

  defp explain({:error, :order_not_found}), do: "Order ID does not exist"
  defp explain({:error, :user_not_found}), do: "User ID not found"
  defp explain({:error, :insufficient_funds}), do: "Payment failed: insufficient funds"
  defp explain({:error, reason}), do: "Unexpected: #{inspect(reason)}"
  defp explain(:timeout), do: "Unexpected: :timeout"
end
