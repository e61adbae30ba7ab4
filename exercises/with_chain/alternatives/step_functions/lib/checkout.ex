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
    with {:ok, order} <- Orders.get(order_id),
         {:ok, user} <- Users.get(user_id) do
      Payment.charge(user, order)
    end
  end

  @doc """
  Does the same as `process_order/2`, with a message for a person in place of the reason.
  """
  @spec process_order_explained(integer(), integer()) :: {:ok, map()} | {:error, String.t()}
  def process_order_explained(order_id, user_id) do
    with {:ok, order} <- step(fn -> Orders.get(order_id) end, &order_message/1),
         {:ok, user} <- step(fn -> Users.get(user_id) end, &user_message/1) do
      step(fn -> Payment.charge(user, order) end, &payment_message/1)
    end
  end

  defp step(call, message) do
    case call.() do
      {:ok, found} -> {:ok, found}
      {:error, reason} -> {:error, message.(reason)}
      :timeout -> {:error, unexpected(:timeout)}
    end
  end

  defp order_message(:order_not_found), do: "Order ID does not exist"
  defp order_message(reason), do: unexpected(reason)

  defp user_message(:user_not_found), do: "User ID not found"
  defp user_message(reason), do: unexpected(reason)

  defp payment_message(:insufficient_funds), do: "Payment failed: insufficient funds"
  defp payment_message(reason), do: unexpected(reason)

  defp unexpected(reason), do: "Unexpected: #{inspect(reason)}"
end
