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
    with {:failed, _step, answer} <- run(order_id, user_id), do: answer
  end

  @doc """
  Does the same as `process_order/2`, with a message for a person in place of the reason.
  """
  @spec process_order_explained(integer(), integer()) :: {:ok, map()} | {:error, String.t()}
  def process_order_explained(order_id, user_id) do
    with {:failed, step, answer} <- run(order_id, user_id) do
      {:error, explain(step, answer)}
    end
  end

  defp run(order_id, user_id) do
    with {:ok, order} <- tag(Orders.get(order_id), :order),
         {:ok, user} <- tag(Users.get(user_id), :user) do
      tag(Payment.charge(user, order), :payment)
    end
  end

  defp tag({:ok, found}, _step), do: {:ok, found}
  defp tag(answer, step), do: {:failed, step, answer}

  defp explain(:order, {:error, :order_not_found}), do: "Order ID does not exist"
  defp explain(:user, {:error, :user_not_found}), do: "User ID not found"

  defp explain(:payment, {:error, :insufficient_funds}),
    do: "Payment failed: insufficient funds"

  defp explain(_step, {:error, reason}), do: "Unexpected: #{inspect(reason)}"
  defp explain(_step, :timeout), do: "Unexpected: :timeout"
end
