defmodule Payment do
  @moduledoc """
  Takes the money. Stands in for a payment provider.
  """

  @doc """
  Charges the user for the order and returns a receipt. Each call charges once more.

  An account without enough money is `{:error, :insufficient_funds}`; other reasons are
  possible. A provider that does not answer in time is a bare `:timeout`.
  """
  @spec charge(map(), map()) :: {:ok, map()} | {:error, atom()} | :timeout
  def charge(user, order) do
    Scenario.answer({__MODULE__, :charge, [user, order]}, {:ok, %{receipt: "R-1"}})
  end
end
