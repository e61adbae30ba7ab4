Code.require_file("peer.exs", __DIR__)

defmodule Practice.JsonTest do
  use ExUnit.Case, async: true

  alias Practice.{Json, Peer}

  doctest Json

  defp encode(value), do: value |> Json.encode() |> IO.iodata_to_binary()

  describe "encodes" do
    test "constants, numbers and atoms" do
      assert encode([nil, true, false, 0, -12, 1.5, :atom, Practice.Json]) ==
               ~S([null,true,false,0,-12,1.5,"atom","Elixir.Practice.Json"])
    end

    test "empty and nested collections" do
      assert encode(%{}) == "{}"
      assert encode([]) == "[]"
      assert encode(%{"a" => [%{b: []}]}) == ~S({"a":[{"b":[]}]})
    end

    test "what has to be escaped" do
      assert encode("\"\\\n\r\t") == ~S("\"\\\n\r\t")
      assert encode(<<0, 31, 127>>) == <<?", "\\u0000", "\\u001f", 127, ?">>
      assert encode(%{"ke\"y" => 1}) == ~S({"ke\"y":1})
    end

    test "text of any alphabet as it is" do
      text = "é ü 漢字 🧪 \u2028 \u{10FFFF}"
      assert encode(text) == ~s("#{text}")
    end
  end

  describe "replaces" do
    test "what is not UTF-8, byte by byte" do
      assert encode(<<255>>) == ~s("\uFFFD")
      assert encode(<<"a", 0xC3, "b">>) == ~s("a\uFFFDb")
      assert encode(<<"é"::utf8, 0xE2, 0x82>>) == ~s("é\uFFFD\uFFFD")
    end

    test "surrogates and overlong forms" do
      assert encode(<<0xED, 0xA0, 0x80>>) == ~s("\uFFFD\uFFFD\uFFFD")
      assert encode(<<0xC0, 0x80>>) == ~s("\uFFFD\uFFFD")
    end
  end

  test "any bytes become one line of valid UTF-8 that can be read again" do
    for _ <- 1..200 do
      bytes = :rand.bytes(:rand.uniform(60))
      line = encode(%{text: bytes})
      assert String.valid?(line)
      refute line =~ "\n"
      assert %{"text" => text} = Peer.decode(line)
      if String.valid?(bytes), do: assert(text == bytes)
    end
  end

  test "a value that has no JSON raises" do
    for value <- [{:a, :tuple}, self(), make_ref(), %{1 => 2}] do
      assert_raise FunctionClauseError, fn -> encode(value) end
    end
  end
end
