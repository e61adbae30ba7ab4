defmodule Practice.Output do
  @moduledoc """
  What a test prints: the beginning, the end, and how many bytes were left out between them.

  A test may print without end, so never more than three times the limit is kept.
  """

  @limit 32 * 1024
  @gap "\n…\n"

  defstruct head: [], room: @limit, tail: [], tail_size: 0, dropped: 0

  @type t :: %__MODULE__{
          head: iodata(),
          room: non_neg_integer(),
          tail: [binary()],
          tail_size: non_neg_integer(),
          dropped: non_neg_integer()
        }

  @doc "Nothing printed yet."
  @spec new() :: t()
  def new, do: %__MODULE__{}

  @doc "Adds what was printed. Raises when that is not text."
  @spec add(t(), :unicode.chardata(), :latin1 | :unicode) :: t()
  def add(output, [], _encoding), do: output

  def add(output, [head | tail], encoding),
    do: output |> add(head, encoding) |> add(tail, encoding)

  def add(output, char, _encoding) when is_integer(char), do: put(output, <<char::utf8>>)
  def add(output, text, :unicode) when is_binary(text), do: put(output, text)

  def add(output, bytes, :latin1) when is_binary(bytes) do
    put(output, :unicode.characters_to_binary(bytes, :latin1))
  end

  defp put(output, ""), do: output

  defp put(%{room: 0} = output, text) when byte_size(text) > @limit do
    dropped = byte_size(text) - @limit
    last = part(text, dropped, @limit)
    drop(%{output | tail: [last], tail_size: @limit}, output.tail_size + dropped)
  end

  defp put(%{room: 0} = output, text) do
    tail = [part(text, 0, byte_size(text)) | output.tail]
    compact(%{output | tail: tail, tail_size: output.tail_size + byte_size(text)})
  end

  defp put(%{room: room} = output, text) do
    size = min(room, byte_size(text))
    output = %{output | head: [output.head | part(text, 0, size)], room: room - size}
    put(output, binary_part(text, size, byte_size(text) - size))
  end

  # A copy, so that a long text is not kept alive by a short part of it.
  defp part(text, start, size), do: text |> binary_part(start, size) |> :binary.copy()

  defp compact(%{tail_size: size} = output) when size <= 2 * @limit, do: output
  defp compact(output), do: shorten(output)

  defp shorten(%{tail_size: size} = output) when size <= @limit, do: output

  defp shorten(%{tail_size: size} = output) do
    tail = output |> tail() |> binary_part(size - @limit, @limit)
    drop(%{output | tail: [tail], tail_size: @limit}, size - @limit)
  end

  defp drop(output, bytes), do: %{output | dropped: output.dropped + bytes}

  defp tail(output), do: output.tail |> Enum.reverse() |> IO.iodata_to_binary()

  @doc "The text and how much of it was dropped; `nil` when nothing was printed."
  @spec report(t()) :: %{text: binary(), dropped: non_neg_integer()} | nil
  def report(%{room: @limit}), do: nil

  def report(output) do
    output = shorten(output)
    gap = if output.dropped > 0, do: @gap, else: ""
    %{text: IO.iodata_to_binary([output.head, gap | tail(output)]), dropped: output.dropped}
  end
end
