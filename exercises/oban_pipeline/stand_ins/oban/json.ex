defmodule Oban.JSON do
  @moduledoc """
  What is left of the arguments of a job once they have been stored.

  Oban stores them as JSON, which knows neither atoms nor tuples.
  """

  @doc "A term as it comes back from the database: keys, and atoms, have become strings."
  @spec recode(term()) :: term()
  def recode(%module{} = value) when module in [Date, Time, NaiveDateTime, DateTime] do
    module.to_iso8601(value)
  end

  def recode(%{__struct__: _} = value), do: not_encodable(value)
  def recode(%{} = map), do: Map.new(map, fn {key, value} -> {to_string(key), recode(value)} end)
  def recode(list) when is_list(list), do: Enum.map(list, &recode/1)
  def recode(value) when value in [nil, true, false] or is_number(value), do: value
  def recode(value) when is_binary(value) or is_atom(value), do: to_string(value)
  def recode(value), do: not_encodable(value)

  @spec not_encodable(term()) :: no_return()
  defp not_encodable(value) do
    raise ArgumentError, "protocol Jason.Encoder not implemented for #{inspect(value)}"
  end
end
