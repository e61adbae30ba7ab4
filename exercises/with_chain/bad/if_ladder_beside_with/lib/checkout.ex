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
    order_answer = Orders.get(order_id)

    if match?({:ok, _order}, order_answer) do
      {:ok, order} = order_answer
      user_answer = Users.get(user_id)

      if match?({:ok, _user}, user_answer) do
        {:ok, user} = user_answer
        Payment.charge(user, order)
      else
        user_answer
      end
    else
      order_answer
    end
  end

  @doc """
  Does the same as `process_order/2`, with a message for a person in place of the reason.
  """
  @spec process_order_explained(integer(), integer()) :: {:ok, map()} | {:error, String.t()}
  def process_order_explained(order_id, user_id) do
    answer = process_order(order_id, user_id)

    with {:failed, reason} <- outcome(answer) do
      {:error, explain(reason)}
    end
  end

  defp outcome({:ok, receipt}), do: {:ok, receipt}
  defp outcome({:error, reason}), do: {:failed, reason}
  defp outcome(:timeout), do: {:failed, :timeout}

  defp explain(:order_not_found), do: "Order ID does not exist"
  defp explain(:user_not_found), do: "User ID not found"
  defp explain(:insufficient_funds), do: "Payment failed: insufficient funds"
  defp explain(reason), do: "Unexpected: #{inspect(reason)}"
end
