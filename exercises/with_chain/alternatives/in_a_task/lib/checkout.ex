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
    task = Task.async(fn -> process_order(order_id, user_id) end)

    case Task.yield(task, 5_000) || Task.shutdown(task) do
      {:ok, {:ok, receipt}} -> {:ok, receipt}
      {:ok, {:error, reason}} -> {:error, explain(reason)}
      _no_answer_in_time -> {:error, explain(:timeout)}
    end
  end

  defp explain(:order_not_found), do: "Order ID does not exist"
  defp explain(:user_not_found), do: "User ID not found"
  defp explain(:insufficient_funds), do: "Payment failed: insufficient funds"
  defp explain(reason), do: "Unexpected: #{inspect(reason)}"
end
