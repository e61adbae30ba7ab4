defmodule Oban.Validation do
  @moduledoc """
  Checks options, in the words of the real Oban.
  """

  @type checker :: (term() -> :ok | {:error, String.t()})
  @type type ::
          :any
          | :atom
          | :pos_integer
          | :string
          | {:list, type()}
          | {:or, [type()]}
          | {:range, Range.t()}
          | {:custom, checker()}

  @doc "Raises an `ArgumentError` if an option is unknown or has a wrong value."
  @spec validate_schema!(keyword(), [{atom(), type()}]) :: :ok
  def validate_schema!(opts, schema) do
    Enum.each(opts, fn {key, value} ->
      with {:error, message} <- validate_option(key, value, schema) do
        raise ArgumentError, message
      end
    end)
  end

  @doc "The error for an option that does not exist."
  @spec unknown_error(atom(), [atom()]) :: {:error, String.t()}
  def unknown_error(name, known) do
    name = to_string(name)
    closest = Enum.max_by(known, &similarity(name, &1))

    if similarity(name, closest) > 0.7 do
      {:error, "unknown option :#{name}, did you mean :#{closest}?"}
    else
      {:error, "unknown option :#{name}"}
    end
  end

  defp similarity(name, known), do: String.jaro_distance(name, to_string(known))

  defp validate_option(key, value, schema) do
    case Keyword.fetch(schema, key) do
      {:ok, {:custom, checker}} -> validate_custom(key, value, checker)
      {:ok, type} -> validate_type(type, key, value)
      :error -> unknown_error(key, Keyword.keys(schema))
    end
  end

  defp validate_custom(key, value, checker) do
    with {:error, message} <- checker.(value) do
      {:error, "invalid value for #{inspect(key)}, #{message}"}
    end
  end

  defp validate_type(type, key, value) do
    if valid?(type, value) do
      :ok
    else
      {:error, "expected #{inspect(key)} to be #{expected(type, value)}, got: #{inspect(value)}"}
    end
  end

  defp valid?(:any, _value), do: true
  defp valid?(:atom, value), do: is_atom(value)
  defp valid?(:pos_integer, value), do: is_integer(value) and value > 0
  defp valid?(:string, value), do: is_binary(value)
  defp valid?({:list, type}, value), do: is_list(value) and Enum.all?(value, &valid?(type, &1))
  defp valid?({:or, types}, value), do: Enum.any?(types, &valid?(&1, value))
  defp valid?({:range, range}, value), do: value in range

  defp expected(:atom, _value), do: "an atom"
  defp expected(:pos_integer, _value), do: "a positive integer"
  defp expected(:string, _value), do: "a string"
  defp expected({:list, type}, [_ | _]), do: "a list of #{inspect(type)}"
  defp expected({:list, _type}, _value), do: "a list"
  defp expected({:or, types}, _value), do: "one of #{inspect(types)}"
  defp expected({:range, range}, _value), do: "between #{inspect(range)}"
end
