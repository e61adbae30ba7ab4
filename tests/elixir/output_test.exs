defmodule Practice.OutputTest do
  use ExUnit.Case, async: true

  alias Practice.Output

  @limit 32 * 1024

  defp report(parts, encoding \\ :unicode) do
    parts |> Enum.reduce(Output.new(), &Output.add(&2, &1, encoding)) |> Output.report()
  end

  describe "keeps" do
    test "nothing when nothing was printed" do
      assert report([]) == nil
      assert report(["", [], [[""]]]) == nil
    end

    test "all of a short text, in order" do
      assert report(["a", [?b, ["c", [[], ~c"d"]]], ["e" | "f"]]) == %{text: "abcdef", dropped: 0}
    end

    test "characters of any alphabet" do
      assert report([[?é, "漢"]]) == %{text: "é漢", dropped: 0}
      assert report([<<233, 10>>], :latin1) == %{text: "é\n", dropped: 0}
    end

    test "as much as twice the limit" do
      text = String.duplicate("x", 2 * @limit)
      assert report([text]) == %{text: text, dropped: 0}
      assert report(for(<<char <- text>>, do: char)) == %{text: text, dropped: 0}
    end
  end

  describe "drops" do
    test "the middle of a long text, however it is printed" do
      text = Enum.map_join(1..100_000, "\n", &Integer.to_string/1)
      <<head::binary-size(@limit), _::binary>> = text
      tail = binary_part(text, byte_size(text), -@limit)
      expected = %{text: head <> "\n…\n" <> tail, dropped: byte_size(text) - 2 * @limit}

      assert report([text]) == expected

      assert report(for(<<part::binary-size(7) <- text>>, do: part) ++ [rest(text, 7)]) ==
               expected

      assert report([binary_part(text, 0, 100), rest_from(text, 100)]) == expected
    end

    test "without holding on to the text" do
      output = Output.add(Output.new(), String.duplicate("x", 10_000_000), :unicode)
      assert :erts_debug.flat_size(output) < 1_000
      assert [tail] = output.tail
      assert :binary.referenced_byte_size(tail) == @limit
    end
  end

  test "what is not text raises" do
    for junk <- [:atom, [:atom], %{}, [-1], [0x110000]] do
      assert_raise(elem(error(junk), 0), fn -> Output.add(Output.new(), junk, :unicode) end)
    end
  end

  defp error(junk) do
    Output.add(Output.new(), junk, :unicode)
  rescue
    error in [ArgumentError, FunctionClauseError] -> {error.__struct__}
  end

  defp rest(text, size), do: rest_from(text, byte_size(text) - rem(byte_size(text), size))
  defp rest_from(text, from), do: binary_part(text, from, byte_size(text) - from)
end
