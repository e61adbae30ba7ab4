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
    with {:ok, order} <- fetch_order(order_id),
         {:ok, user} <- fetch_user(user_id) do
      charge(user, order)
    end
  end

  defp fetch_order(order_id) do
    case Orders.get(order_id) do
      {:ok, order} -> {:ok, order}
      {:error, :order_not_found} -> {:error, "Order ID does not exist"}
      other -> unexpected(other)
    end
  end

  defp fetch_user(user_id) do
    case Users.get(user_id) do
      {:ok, user} -> {:ok, user}
      {:error, :user_not_found} -> {:error, "User ID not found"}
      other -> unexpected(other)
    end
  end

  defp charge(user, order) do
    case Payment.charge(user, order) do
      {:ok, receipt} -> {:ok, receipt}
      {:error, :insufficient_funds} -> {:error, "Payment failed: insufficient funds"}
      other -> unexpected(other)
    end
  end

  defp unexpected({:error, reason}), do: unexpected(reason)
  defp unexpected(reason), do: {:error, "Unexpected: #{inspect(reason)}"}
end
