ExUnit.start()

defmodule Practice.Analysis.WordingTest do
  use ExUnit.Case, async: true

  alias Practice.Analysis.Wording

  defp message(name, details, spec \\ nil) do
    Wording.message({:warn_matching, {~c"lib/a.ex", 3}, {name, details}}, fn _function -> spec end)
  end

  defp call(module, function, arguments, positions, reason, types, contract) do
    message(:call, [module, function, arguments, positions, reason, types, ~c"any()", contract])
  end

  test "a call with a wrong argument" do
    assert call(String, :upcase, ~c"('name')", [1], :only_sig, ~c"(binary())", {false, :none}) ==
             "the 1st argument of `String.upcase/1` has the wrong type: expected `String.t()`, got `:name`"
  end

  test "a call that breaks a contract names the types of the contract" do
    contract = {true, ~c"(server(),term(),timeout()) -> term()"}
    types = ~c"(atom() | pid(),any(),'infinity' | non_neg_integer())"

    assert call(GenServer, :call, ~c"('s','ping','never')", [3], :both, types, contract) ==
             "the 3rd argument of `GenServer.call/3` has the wrong type: expected `timeout()`, got `:never`"

    assert call(GenServer, :call, ~c"(1,'ping','never')", [1, 3], :both, types, contract) ==
             "the 1st and 3rd arguments of `GenServer.call/3` have the wrong types\n" <>
               "expected: GenServer.server(), timeout()\n" <>
               "got: 1, :never"
  end

  test "what the compiler has made a call of Erlang is shown as Elixir" do
    contract = {true, ~c"(Time,Dest,Msg) -> reference() when Time :: non_neg_integer()"}
    arguments = ~c"(<<49>>,pid(),'tick')"
    types = ~c"(any(),any(),any())"

    assert call(:erlang, :send_after, arguments, [1], :only_contract, types, contract) =~
             "the 3rd argument of `Process.send_after/3`"

    assert call(:erlang, :+, ~c"('a',1)", [1], :only_sig, ~c"(number(),number())", {false, :none}) =~
             "the 1st argument of `+` has the wrong type"

    assert call(:erlang, :length, ~c"(1)", [1], :only_sig, ~c"([any()])", {false, :none}) =~
             "the 1st argument of `length/1`"

    assert call(
             :erlang,
             :element,
             ~c"(1,'a')",
             [2],
             :only_sig,
             ~c"(integer(),tuple())",
             {false, :none}
           ) ==
             "the 1st argument of `elem/2` has the wrong type: expected `tuple()`, got `:a`"

    assert call(
             :erlang,
             :binary_to_atom,
             ~c"(42,'utf8')",
             [1],
             :only_sig,
             ~c"(binary(),_)",
             {false, :none}
           ) ==
             "the 1st argument of `String.to_atom/1` has the wrong type: expected `String.t()`, got `42`"

    assert call(:maps, :get, ~c"('a',[])", [2], :only_sig, ~c"(any(),map())", {false, :none}) ==
             "the 1st argument of `Map.fetch!/2` has the wrong type: expected `map()`, got `[]`"
  end

  test "patterns" do
    assert message(:pattern_match, [~c"pattern {'ok', _n@1}", ~c"'error' | {integer(),binary()}"]) ==
             "the pattern `{:ok, n}` can never match: the value is `:error | {integer(), String.t()}`"

    assert message(:pattern_match_cov, [~c"variable _", ~c"boolean()"]) ==
             "the variable `_` is never reached, the clauses before it take everything: the value is `boolean()`"
  end

  test "guards" do
    assert message(:guard_fail, []) == "this guard can never be true"

    assert message(:guard_fail, [:is_atom, ~c"(_n@1::integer())"]) ==
             "`is_atom` can never be true here: its argument is `integer()`"

    assert message(:guard_fail, [~c"(1)", :"=:=", ~c"'a'"]) ==
             "the guard `1 === :a` can never be true"

    assert message(:neg_guard_fail, [:is_atom, ~c"('a')"]) =~ "`is_atom` is always true here"

    assert message(:guard_fail_pat, [~c"pattern _x@1", ~c"atom()"]) =~
             "the guard after the pattern `x` can never be true"
  end

  test "comparisons" do
    assert message(:exact_eq, [~c"integer()", :==, ~c"'zero'"]) ==
             "`integer()` and `:zero` are never equal"
  end

  test "comparisons since OTP 28" do
    assert message(:exact_compare, [~c"integer()", :==, ~c"'zero'"]) ==
             "`integer()` and `:zero` are never equal"

    assert message(:exact_compare, [~c"integer()", :"/=", ~c"'zero'"]) ==
             "`integer()` and `:zero` are always different"
  end

  test "what does not exist" do
    assert message(:unknown_function, {String, :lower, 1}) ==
             "`String.lower/1` does not exist, or is private"

    assert message(:unknown_type, {String, :text, 0}) ==
             "the type `String.text()` does not exist, or is private"

    assert message(:callback_info_missing, [A.B]) == "the behaviour `A.B` does not exist"
    assert message(:unknown_behaviour, A.B) == "the behaviour `A.B` does not exist"
  end

  test "functions" do
    assert message(:no_return, [:only_normal, :run, 1]) ==
             "`run/1` never returns: every way through it fails or goes on for ever"

    assert message(:no_return, [:only_explicit, :run, 1]) ==
             "`run/1` only raises, it never returns"

    assert message(:no_return, [:both]) =~ "this anonymous function never returns"
    assert message(:unused_fun, [:helper, 1]) =~ "`helper/1` is never called"

    assert message(:call_to_missing, [Enum, :mapp, 2]) ==
             "`Enum.mapp/2` does not exist, or is private"

    assert message(:fun_app_no_fun, [~c"_f@1", ~c"binary()", 1]) ==
             "`f` is called and is no function: it is `String.t()`"

    assert message(:fun_app_no_fun, [~c"_f@1", ~c"fun((_,_) -> _)", 1]) =~
             "`f` is called with 1 argument and takes 2"
  end

  test "specs" do
    assert message(:invalid_contract, [A, :name, 0, ~c"() -> 'practice'"], "name() :: String.t()") ==
             "the code of `name/0` contradicts its @spec: " <>
               "the spec is `name() :: String.t()`, the code is `name() :: :practice`"

    assert message(:invalid_contract, [A, :name, 0, ~c"() -> 'practice'"]) ==
             "the code of `name/0` contradicts its @spec: the code is `name() :: :practice`"
  end

  test "behaviours" do
    assert message(:callback_type_mismatch, [Access, :fetch, 2, ~c"'nil'", ~c"'error' | {'ok',_}"]) ==
             "`fetch/2` returns what Access does not accept: expected `:error | {:ok, any()}`, got `nil`"

    assert message(:callback_missing, [A.B, :go, 1]) == "`go/1` is missing, A.B asks for it"

    assert message(:callback_arg_type_mismatch, [A.B, :go, 1, 1, ~c"binary()", ~c"integer()"]) =~
             "the 1st argument of `go/1` does not take what A.B gives"
  end

  test "opaque types" do
    assert message(:opaque_match, [~c"pattern {_a@1, _}", ~c"queue:queue(_)", ~c"queue:queue(_)"]) =~
             "the pattern `{a, _}` is matched against `:queue.queue(any())`, which is opaque"

    assert message(:call_without_opaque, [
             :queue,
             :in,
             ~c"(1,{[], []})",
             [{2, :any, ~c"queue:queue(_)"}]
           ]) =~
             "the 2nd argument of `:queue.in/2` is opaque and must come from its module"
  end

  test "opaque types since OTP 28" do
    conflicts = [{2, :any, ~c"queue:queue(_)"}]

    assert message(:call_without_opaque, [:queue, :in, ~c"(1,{[], []})", conflicts, [:any, :any]]) =~
             "the 2nd argument of `:queue.in/2` is opaque and must come from its module"

    assert message(:call_with_opaque, [:erlang, :hd, ~c"(_a@1)", [{1, :any, ~c"_"}], [:any]]) =~
             "`hd/1` looks into the 1st argument, and opaque types are only for their own modules"

    assert message(:opaque_compare, [~c"[]", :==, ~c"queue:queue(_)"]) =~
             "`[]` is compared with `:queue.queue(any())`, which is opaque"

    assert message(:opaque_guard, [~c"_a@1", :==, ~c"[]", [1]]) =~
             "the guard `a == []` looks into"

    assert message(:opaque_union, [true, ~c"queue:queue(_)"]) =~
             "this clause returns an opaque type"
  end

  test "values" do
    assert message(:bin_construction, [~c"value", ~c"_n@1", ~c"_n@1/binary", ~c"integer()"]) ==
             "`n` joined to a string is no string: it is `integer()`"

    assert message(:map_update, [~c"\#{'a':=1}", ~c"'b'"]) =~
             "`:b` is not there: the map is `%{a: 1}`"

    assert message(:improper_list_constr, [~c"2"]) ==
             "in `[head | tail]` the tail has to be a list, and here it is `2`"
  end

  test "long types stand on lines of their own" do
    long = Enum.map_join(1..30, " | ", &"'name_#{&1}'")

    text =
      message(:callback_type_mismatch, [Access, :fetch, 2, ~c"'nil'", String.to_charlist(long)])

    assert [
             "`fetch/2` returns what Access does not accept",
             "expected: :name_1 | " <> _,
             "got: nil"
           ] = String.split(text, "\n")
  end

  test "a warning that is not known keeps OTP's words" do
    assert message(:record_matching, [~c"record \#state{}", :state]) =~
             "violates the declared type"

    assert message(:call, [:too, :few]) == "Dialyzer warns of `call`"
    assert message(:of_the_future, []) == "Dialyzer warns of `of_the_future`"
  end
end

defmodule Practice.Analysis.ConsequencesTest do
  use ExUnit.Case, async: true

  alias Practice.Analysis.{Consequences, Solution}

  defp module(calls) do
    calls =
      for {{name, arity}, callees} <- calls,
          do: {{A, name, arity}, Enum.map(callees, fn {name, arity} -> {A, name, arity} end)}

    struct(Solution, name: A, file: "lib/a.ex", calls: calls)
  end

  defp warning(name, line, {function, arity}, details \\ []) do
    %{
      name: name,
      details: details,
      file: "lib/a.ex",
      line: line,
      column: nil,
      function: {A, function, arity},
      raw: {}
    }
  end

  defp no_return(line, {name, arity} = function) do
    warning(:no_return, line, function, [:only_normal, name, arity])
  end

  defp dropped(warnings, calls), do: warnings -- Consequences.drop(warnings, [module(calls)])

  test "a function that never returns because of a failing call in it" do
    no_return = no_return(1, {:run, 0})
    assert dropped([no_return, warning(:call, 2, {:run, 0})], %{}) == [no_return]
  end

  test "a function whose callee never returns" do
    [run, middle] = consequences = [no_return(1, {:run, 0}), no_return(2, {:middle, 0})]
    calls = %{{:run, 0} => [{:middle, 0}], {:middle, 0} => [{:bottom, 0}]}
    bottom = [no_return(3, {:bottom, 0}), warning(:call, 3, {:bottom, 0})]
    assert dropped([run, middle | bottom], calls) == consequences ++ [hd(bottom)]
  end

  test "the origin stays where nothing explains it" do
    run = no_return(1, {:run, 0})
    origin = no_return(3, {:forever, 0})
    calls = %{{:run, 0} => [{:forever, 0}], {:forever, 0} => [{:forever, 0}]}
    assert dropped([run, origin], calls) == [run]
  end

  test "of a circle the first in the source stays" do
    ping = no_return(1, {:ping, 0})
    pong = no_return(2, {:pong, 0})
    calls = %{{:ping, 0} => [{:pong, 0}], {:pong, 0} => [{:ping, 0}]}
    assert dropped([ping, pong], calls) == [pong]
  end

  test "a declaration explains nothing" do
    other = [A, :other, 0, ~c"() -> any()"]
    warnings = [no_return(2, {:run, 0}), warning(:invalid_contract, 1, {:run, 0}, other)]
    assert dropped(warnings, %{}) == []
  end

  test "an anonymous function with a failing call in it" do
    anonymous = warning(:no_return, 3, {:run, 0}, [:only_normal])
    assert dropped([anonymous, warning(:call, 4, {:run, 0})], %{}) == [anonymous]
    assert dropped([anonymous, warning(:call, 2, {:run, 0})], %{}) == []
  end

  test "a private function that is not reached because its caller fails" do
    unused = warning(:unused_fun, 9, {:helper, 1}, [:helper, 1])
    calls = %{{:run, 0} => [{:helper, 1}]}
    assert dropped([unused, warning(:call, 2, {:run, 0})], calls) == [unused]
    assert dropped([unused], calls) == []
  end

  test "the spec of a function that never returns" do
    contract = warning(:invalid_contract, 1, {:before, 0}, [A, :run, 0, ~c"() -> any()"])
    warnings = [contract, no_return(2, {:run, 0}), warning(:call, 3, {:run, 0})]
    assert contract in dropped(warnings, %{})
    assert dropped([contract], %{}) == []
  end

  test "what a private function does with an argument of the wrong type" do
    misuse = warning(:call, 2, {:run, 0}, [A, :helper, ~c"('a')"])

    inside = [
      no_return(5, {:helper, 1}),
      warning(:call, 6, {:helper, 1}, [String, :trim, ~c"('a')"])
    ]

    assert dropped([misuse | inside], %{}) == inside
  end

  test "what an anonymous function does with an argument of the wrong type" do
    inside = [
      warning(:no_return, 2, {:run, 0}, [:only_normal]),
      warning(:call, 2, {:run, 0}, [Integer, :to_string, ~c"(1.0)"])
    ]

    assert dropped(inside ++ [warning(:apply, 3, {:run, 0})], %{}) == inside
  end

  test "functions that are not reached because what calls them is not" do
    unused = [
      warning(:unused_fun, 8, {:first, 0}, [:first, 0]),
      warning(:unused_fun, 9, {:second, 0}, [:second, 0])
    ]

    calls = %{{:run, 0} => [{:first, 0}], {:first, 0} => [{:second, 0}]}
    assert dropped([warning(:call, 2, {:run, 0}) | unused], calls) == unused
    assert dropped(unused, %{{:first, 0} => [{:second, 0}], {:second, 0} => [{:first, 0}]}) == []
  end

  test "a comparison with an opaque type that is reported twice" do
    twice = [
      warning(:opaque_compare, 3, {:run, 0}),
      exact = warning(:exact_compare, 3, {:run, 0})
    ]

    assert dropped(twice, %{}) == [exact]
    assert dropped([exact], %{}) == []
  end

  test "a spec that says what the code does wrong" do
    details = [GenServer, :init, 1, ~c"'x'", ~c"'ignore'"]
    spec = warning(:callback_spec_type_mismatch, 1, {:init, 1}, details)
    code = warning(:callback_type_mismatch, 2, {:init, 1}, details)
    assert dropped([spec, code], %{}) == [spec]
    assert dropped([spec], %{}) == []
  end
end
