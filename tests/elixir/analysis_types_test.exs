ExUnit.start()

defmodule Practice.Analysis.TypesTest do
  # Not async: one test counts the atoms of the whole VM.
  use ExUnit.Case, async: false

  alias Practice.Analysis.Types

  doctest Types

  describe "type/2" do
    test "writes atoms, modules and booleans as Elixir does" do
      assert Types.type("'ok'") == ":ok"
      assert Types.type("'with space'") == ~s(:"with space")
      assert Types.type("'Elixir.RateLimiter'") == "RateLimiter"
      assert Types.type("'nil' | 'true' | 'false'") == "nil | true | false"
    end

    test "qualifies types by their module" do
      assert Types.type("'Elixir.String':t()") == "String.t()"
      assert Types.type("queue:queue(_)") == ":queue.queue(any())"
      assert Types.type("elixir:keyword()") == "keyword()"
      assert Types.type("server()", GenServer) == "GenServer.server()"
      assert Types.type("pid()", GenServer) == "pid()"
    end

    test "calls whole bytes a string and other bits by their size" do
      assert Types.type("<<_:40>>") == "String.t()"
      assert Types.type("<<_:8,_:_*8>>") == "String.t()"
      assert Types.type("<<_:_*1>>") == "bitstring()"
      assert Types.type("<<_:3>>") == "<<_::3>>"
      assert Types.type("<<_:3,_:_*2>>") == "<<_::3, _::_*2>>"
      assert Types.type("<<>>") == ~s("")
    end

    test "writes tuples, lists and functions" do
      assert Types.type("{'ok',integer()} | {'error',_}") == "{:ok, integer()} | {:error, any()}"
      assert Types.type("[{atom(),_}]") == "[{atom(), any()}]"
      assert Types.type("[1 | 2,...]") == "[1 | 2, ...]"
      assert Types.type("fun((_,byte()) -> 'ok')") == "(any(), byte() -> :ok)"
      assert Types.type("fun(() -> 1)") == "(-> 1)"
      assert Types.type("fun((...) -> atom())") == "(... -> atom())"
      assert Types.type("fun()") == "fun()"
    end

    test "tells required keys of a map from others" do
      assert Types.type("\#{'a':=1, 'b':=atom()}") == "%{a: 1, b: atom()}"
      assert Types.type("\#{'a'=>1}") == "%{optional(:a) => 1}"
      assert Types.type("\#{binary():=1, 'a':=2}") == "%{String.t() => 1, a: 2}"
      assert Types.type("\#{'a':=1, _=>_}") == "%{..., a: 1}"
      assert Types.type("\#{_=>_}") == "map()"
      assert Types.type("\#{}") == "%{}"
    end

    test "writes structs, and long ones by their name" do
      assert Types.type("\#{'__struct__':='Elixir.User', 'id':=integer(), 'x':=_}") ==
               "%User{id: integer()}"

      fields = Enum.map_join(1..20, ", ", &"'field_#{&1}':=integer()")
      assert Types.type("\#{'__struct__':='Elixir.User', #{fields}}") == "%User{}"
    end

    test "writes numbers, ranges and charlists" do
      assert Types.type("-1") == "-1"
      assert Types.type("1..255") == "1..255"
      assert Types.type("1.5") == "1.5"
      assert Types.type("string()") == "charlist()"
    end

    test "folds iodata" do
      iodata =
        "binary() | maybe_improper_list(binary() | maybe_improper_list(any(),binary() | []) | byte(),binary() | [])"

      assert Types.type(iodata) == "iodata()"
    end

    test "returns what it does not understand as it is" do
      for text <- ["", "{'ok',", "@@", "'unclosed", "<<_:x>>", "#Fun<a>", "\#{'a'}", "a b"] do
        assert Types.type(text) == text
      end
    end
  end

  describe "value/1" do
    test "shows variables by their names in the source" do
      assert Types.value("{'error', _reason@1}") == "{:error, reason}"
      assert Types.value("__unused@2") == "_unused"
      assert Types.value("_@1") == "_"
      assert Types.value("_7") == "_"
    end

    test "shows literals" do
      assert Types.value("<<104,105>>") == ~s("hi")
      assert Types.value("<<255,254>>") == "<<255, 254>>"
      assert Types.value("\#{'a'=>1}") == "%{a: 1}"
      assert Types.value("\#{1=>2}") == "%{1 => 2}"
      assert Types.value("[{'a',1},...]") == "[{:a, 1}]"
    end

    test "shows binary patterns and several patterns at once" do
      assert Types.value("<<_n@1:8/integer, _rest@1/binary>>") == "<<n::8-integer, rest::binary>>"
      assert Types.value("<'ok', _x@1>") == ":ok, x"
    end
  end

  describe "values/1 and types/1" do
    test "split arguments" do
      assert Types.values("(<<104,105>>,10,'second')") == [~s("hi"), "10", ":second"]
      assert Types.types("(atom() | pid(),_)") == ["atom() | pid()", "any()"]
      assert Types.types("()") == []
    end

    test "show what is known of a variable" do
      assert Types.values("(_user@1::binary(),'row')") == ["String.t()", ":row"]
    end
  end

  describe "signatures/2" do
    test "put types in the place of variables" do
      text =
        "(Time,Dest) -> Ref when Time :: non_neg_integer(), Dest :: pid() | atom(), Ref :: reference()"

      assert Types.signatures(text) == [
               %{arguments: ["non_neg_integer()", "pid() | atom()"], return: "reference()"}
             ]
    end

    test "end where a type refers to itself" do
      assert [%{return: "[" <> _}] = Types.signatures("() -> Tree when Tree :: [Tree]")
    end

    test "list the alternatives" do
      assert [%{arguments: ["Enum.t()"], return: ":a"}, %{arguments: [], return: ":b"}] =
               Types.signatures("(t()) -> 'a'; () -> 'b'", Enum)
    end

    test "are empty where the text is not understood" do
      assert Types.signatures("nonsense ->") == []
    end
  end

  test "no atoms are created" do
    Types.type("'warm_up':t(_)")
    before = :erlang.system_info(:atom_count)
    for n <- 1..200, do: Types.type("'never_seen_#{n}':fresh_#{n}(_var_#{n}@1, 'other_#{n}')")
    assert :erlang.system_info(:atom_count) == before
  end
end
