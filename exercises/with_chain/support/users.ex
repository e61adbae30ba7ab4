defmodule Users do
  @moduledoc """
  Looks users up. Stands in for a remote service that may be slow.
  """

  @doc """
  Returns the user with this ID.

  A user that does not exist is `{:error, :user_not_found}`; other reasons are possible.
  A service that does not answer in time is a bare `:timeout`.
  """
  @spec get(term()) :: {:ok, map()} | {:error, atom()} | :timeout
  def get(user_id) do
    Scenario.answer({__MODULE__, :get, [user_id]}, {:ok, %{id: user_id, name: "Ada"}})
  end
end
