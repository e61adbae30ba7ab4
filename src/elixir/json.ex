defmodule Practice.Json do
  @moduledoc """
  Encodes terms as JSON, as much of it as the channel needs.

  The supported Elixir versions have no JSON module in common. Texts come from the learner's code
  and from files, so a binary can hold anything: what is not UTF-8 becomes U+FFFD, and the result is
  always valid JSON on a single line.
  """

  @type value ::
          nil
          | boolean()
          | number()
          | atom()
          | binary()
          | [value()]
          | %{optional(atom() | binary()) => value()}

  @replacement "\uFFFD"

  @doc """
  Encodes a value on one line.

      iex> IO.iodata_to_binary(Practice.Json.encode(%{ok: true, text: "a\\n", list: [1, nil]}))
      ~S({"list":[1,null],"ok":true,"text":"a\\n"})

  """
  @spec encode(value()) :: iodata()
  def encode(nil), do: "null"
  def encode(true), do: "true"
  def encode(false), do: "false"
  def encode(value) when is_atom(value), do: value |> Atom.to_string() |> string()
  def encode(value) when is_binary(value), do: string(value)
  def encode(value) when is_integer(value), do: Integer.to_string(value)
  def encode(value) when is_float(value), do: Float.to_string(value)
  def encode(value) when is_list(value), do: [?[, join(value, &encode/1), ?]]
  def encode(value) when is_map(value), do: [?{, join(Map.to_list(value), &pair/1), ?}]

  defp pair({key, value}) when is_atom(key) or is_binary(key),
    do: [encode_key(key), ?:, encode(value)]

  defp encode_key(key) when is_atom(key), do: key |> Atom.to_string() |> string()
  defp encode_key(key), do: string(key)

  defp join([], _fun), do: []
  defp join([first | rest], fun), do: [fun.(first) | Enum.map(rest, &[?, | fun.(&1)])]

  defp string(text), do: [?", escape(text, text, 0, 0, []), ?"]

  # Walks over `rest` and keeps runs of harmless bytes as parts of the original: `length` bytes from `start` on.
  defp escape(<<byte, rest::bits>>, original, start, length, acc)
       when byte >= 0x20 and byte < 0x80 and byte not in [?", ?\\] do
    escape(rest, original, start, length + 1, acc)
  end

  defp escape(<<byte, rest::bits>>, original, start, length, acc) when byte < 0x80 do
    acc = [acc, binary_part(original, start, length), escaped(byte)]
    escape(rest, original, start + length + 1, 0, acc)
  end

  defp escape(<<char::utf8, rest::bits>>, original, start, length, acc) do
    escape(rest, original, start, length + byte_size(<<char::utf8>>), acc)
  end

  defp escape(<<_invalid, rest::bits>>, original, start, length, acc) do
    acc = [acc, binary_part(original, start, length), @replacement]
    escape(rest, original, start + length + 1, 0, acc)
  end

  defp escape(<<>>, original, start, length, acc),
    do: [acc | binary_part(original, start, length)]

  defp escaped(?"), do: ~S(\")
  defp escaped(?\\), do: ~S(\\)
  defp escaped(?\n), do: ~S(\n)
  defp escaped(?\r), do: ~S(\r)
  defp escaped(?\t), do: ~S(\t)
  defp escaped(byte), do: ["\\u00", Base.encode16(<<byte>>, case: :lower)]
end
