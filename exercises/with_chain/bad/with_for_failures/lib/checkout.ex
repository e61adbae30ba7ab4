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
    order_id
    |> Orders.get()
    |> find_user(user_id)
  end

  defp find_user({:ok, order}, user_id) do
    user_id
    |> Users.get()
    |> charge(order)
  end

  defp find_user(failure, _user_id), do: failure

  defp charge({:ok, user}, order), do: Payment.charge(user, order)
  defp charge(failure, _order), do: failure

  @doc """
  Does the same as `process_order/2`, with a message for a person in place of the reason.
  """
  @spec process_order_explained(integer(), integer()) :: {:ok, map()} | {:error, String.t()}
  def process_order_explained(order_id, user_id) do
    with {:error, reason} <- timeout_as_error(process_order(order_id, user_id)) do
      {:error, explain(reason)}
    end
  end

  defp timeout_as_error(:timeout), do: {:error, :timeout}
  defp timeout_as_error(answer), do: answer

  defp explain(:order_not_found), do: "Order ID does not exist"
  defp explain(:user_not_found), do: "User ID not found"
  defp explain(:insufficient_funds), do: "Payment failed: insufficient funds"
  defp explain(reason), do: "Unexpected: #{inspect(reason)}"
end
