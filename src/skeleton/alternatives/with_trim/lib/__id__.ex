defmodule {{Module}} do
  @moduledoc "Greets people by name."

  @doc "The greeting for `name`, or `{:error, :no_name}` for a blank one."
  @spec greet(String.t()) :: {:ok, String.t()} | {:error, :no_name}
  def greet(name), do: name |> String.trim() |> greet_trimmed()

  defp greet_trimmed(""), do: {:error, :no_name}
  defp greet_trimmed(name), do: {:ok, "Hello, #{name}!"}
end
