defmodule {{Module}} do
  @moduledoc "Greets people by name."

  @doc "The greeting for `name`, or `{:error, :no_name}` for a blank one."
  @spec greet(String.t()) :: {:ok, String.t()} | {:error, :no_name}
  def greet(name) do
    case String.trim(name) do
      "" -> {:error, :no_name}
      name -> {:ok, "Hello, #{name}!"}
    end
  end
end
