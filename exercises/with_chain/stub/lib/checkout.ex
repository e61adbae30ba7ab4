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
    case Orders.get(order_id) do
      {:ok, order} ->
        case Users.get(user_id) do
          {:ok, user} ->
            case Payment.charge(user, order) do
              {:ok, receipt} -> {:ok, receipt}
              other -> other
            end

          other ->
            other
        end

      other ->
        other
    end
  end

  @doc """
  Does the same as `process_order/2`, with a message for a person in place of the reason.
  """
  @spec process_order_explained(integer(), integer()) :: {:ok, map()} | {:error, String.t()}
  def process_order_explained(_order_id, _user_id) do
    raise "process_order_explained/2 is not written yet"
  end
end
