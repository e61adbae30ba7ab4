defmodule Practice.Analysis.Wording do
  @moduledoc """
  Says in a sentence what a warning of Dialyzer means, with types in Elixir's notation.

  A message is a line without a final period. Where the types would make it long, they follow on lines
  of their own. Warnings that are not known here keep OTP's words.
  """

  alias Practice.Analysis.{Types, Written}

  # Longer messages put their types on lines of their own.
  @line 120

  # Of a type that is longer than this nobody reads the rest.
  @longest_type 400

  # A type that is longer than this is easier to read by its name.
  @long_type 80

  @doc """
  The message of a warning, as `:dialyzer.run/1` returned it.

  `spec_of` knows the learner's specs, `returned_by` what the callbacks of behaviours have to return.
  """
  @spec message(tuple(), (mfa() -> String.t() | nil), (mfa() -> String.t() | nil)) :: String.t()
  def message(
        {_tag, _place, {name, details}} = warning,
        spec_of \\ fn _function -> nil end,
        returned_by \\ fn _callback -> nil end
      ) do
    case words(name, readable(details)) do
      {:callback, callback, head, found, expected} ->
        expected = returned_by.(callback) || expected
        lay_out(head, [{"expected", expected}, {"got", found}])

      {:spec, function, code} ->
        contradiction(spec_of.(function), function, code)

      {head, types} ->
        lay_out(head, types)

      nil ->
        original(warning)

      head ->
        head
    end
  rescue
    _unknown_shape -> original(warning)
  end

  defp original({_tag, _place, {name, _details}} = warning) do
    text = warning |> :dialyzer.format_warning() |> IO.chardata_to_string() |> String.trim()
    Regex.replace(~r/^[^\n]*?:\d+(:\d+)?: /, text, "")
  catch
    _kind, _unknown_to_otp -> "Dialyzer warns of `#{name}`"
  end

  # Texts are charlists; `[]` and lists of positions stay.
  defp readable(details) when is_list(details), do: Enum.map(details, &readable_detail/1)
  defp readable(details), do: details

  defp readable_detail([_ | _] = list) do
    if List.ascii_printable?(list) or :io_lib.printable_unicode_list(list),
      do: List.to_string(list),
      else: list
  end

  defp readable_detail({overloaded?, [_ | _] = contract}),
    do: {overloaded?, List.to_string(contract)}

  defp readable_detail(other), do: other

  defp lay_out(head, types) do
    inline = Enum.map_join(types, ", ", fn {label, type} -> "#{label} `#{cut(type)}`" end)
    line = "#{head}: #{inline}"

    if String.length(line) <= @line do
      line
    else
      Enum.join([head | Enum.map(types, fn {label, type} -> "#{label}: #{cut(type)}" end)], "\n")
    end
  end

  # What `Macro.to_string/1` has broken into lines is wrapped where it is shown.
  defp cut(type) do
    type = String.replace(type, ~r/\s*\n\s*/, " ")

    if String.length(type) > @longest_type,
      do: String.slice(type, 0, @longest_type) <> " …",
      else: type
  end

  defp contradiction(nil, {_module, function, arity}, code) do
    lay_out("the code of `#{function}/#{arity}` contradicts its @spec", [{"the code is", code}])
  end

  defp contradiction(spec, {_module, function, arity}, code) do
    lay_out("the code of `#{function}/#{arity}` contradicts its @spec", [
      {"the spec is", spec},
      {"the code is", code}
    ])
  end

  ## Calls

  defp words(:call, [module, function, arguments, positions, reason, types, _return, contract]) do
    call(module, function, arguments, positions, expected(reason, types, contract, module))
  end

  defp words(:apply, [arguments, positions, reason, types, _return, contract]) do
    values = Types.values(arguments)
    expected = expected(reason, types, contract, nil)
    wrong_arguments("the anonymous function", positions, values, expected)
  end

  defp words(:fun_app_args, [positions, arguments, type]) do
    {"the anonymous function is called with the wrong types in #{ordinals(List.wrap(positions))}",
     [{"it is", Types.type(type)}, {"called with", tuple(Types.values(arguments))}]}
  end

  defp words(:fun_app_no_fun, [function, "fun(" <> _ = type, arity]) do
    takes = if number = Types.arity(type), do: "takes #{number}", else: "takes another number"
    "#{value(function)} is called with #{count(arity, "argument")} and #{takes}"
  end

  defp words(:fun_app_no_fun, [function, type, _arity]) do
    {"#{value(function)} is called and is no function", [{"it is", Types.type(type)}]}
  end

  defp words(:app_call, [module, function, arguments, culprit, expected, found]) do
    {"`#{module}.#{function}(#{Enum.join(Types.values(arguments), ", ")})` cannot be called because of " <>
       value(culprit), [{"expected", Types.type(expected)}, {"got", Types.type(found)}]}
  end

  defp words(:call_to_missing, [module, function, arity]) do
    "#{name(module, function, arity)} does not exist, or is private"
  end

  defp words(:unknown_function, {module, function, arity}) do
    "#{name(module, function, arity)} does not exist, or is private"
  end

  defp words(:unknown_type, {module, type, arity}) do
    "the type `#{inspect(module)}.#{type}#{parameters(arity)}` does not exist, or is private"
  end

  ## Values

  defp words(:bin_construction, ["value", value, segment, type]) do
    if segment =~ ~r/\/binary$/ do
      {"#{value(value)} joined to a string is no string", [{"it is", Types.type(type)}]}
    else
      {"#{value(value)} is put into a binary and does not fit", [{"it is", Types.type(type)}]}
    end
  end

  defp words(:bin_construction, [part, value, _segment, type]) do
    {"the #{part} #{value(value)} in a binary is not possible", [{"it is", Types.type(type)}]}
  end

  defp words(:map_update, [map, key]) do
    {"`%{map | key: value}` needs a key that the map has, and #{code(Types.value(key))} is not there",
     [{"the map is", Types.type(map)}]}
  end

  defp words(:improper_list_constr, [tail]) do
    "in `[head | tail]` the tail has to be a list, and here it is #{code(Types.type(tail))}"
  end

  # Since OTP 28 `exact_compare`.
  defp words(name, [left, operator, right]) when name in [:exact_eq, :exact_compare] do
    result = if operator in [:==, :"=:="], do: "are never equal", else: "are always different"

    "#{code(Types.type(left))} and #{code(Types.type(right))} #{result}"
  end

  ## Patterns and guards

  defp words(:pattern_match, [pattern, type]) do
    {"#{pattern(pattern)} can never match", [{"the value is", Types.type(type)}]}
  end

  defp words(:pattern_match_cov, [pattern, type]) do
    {"#{pattern(pattern)} is never reached, the clauses before it take everything",
     [{"the value is", Types.type(type)}]}
  end

  defp words(:guard_fail, []), do: "this guard can never be true"

  defp words(:guard_fail, [left, operator, right]) do
    "the guard `#{operand(left)} #{operator(operator)} #{operand(right)}` can never be true"
  end

  defp words(:guard_fail, [guard, arguments]), do: guard(guard, arguments, "can never be true")

  defp words(:neg_guard_fail, [left, operator, right]) do
    "the guard `not (#{operand(left)} #{operator(operator)} #{operand(right)})` can never be true"
  end

  defp words(:neg_guard_fail, [guard, arguments]), do: guard(guard, arguments, "is always true")

  defp words(:guard_fail_pat, [pattern, type]) do
    {"the guard after #{pattern(pattern)} can never be true",
     [{"the value is", Types.type(type)}]}
  end

  ## Functions and specs

  defp words(:no_return, [kind | function]) do
    subject =
      case function do
        [name, arity] -> "`#{name}/#{arity}`"
        [] -> "this anonymous function"
      end

    case kind do
      :only_explicit -> "#{subject} only raises, it never returns"
      :no_match -> "#{subject} has no clause that can match"
      _normal -> "#{subject} never returns: every way through it fails or goes on for ever"
    end
  end

  defp words(:unused_fun, [name, arity]) do
    "`#{name}/#{arity}` is never called: what calls it cannot be reached"
  end

  defp words(:unmatched_return, [type]) do
    {"the result of this expression is not used", [{"it is", Types.type(type)}]}
  end

  defp words(:invalid_contract, [module, function, arity | signatures]) do
    [signature | _] = signatures |> List.last() |> Types.signatures(module)
    {:spec, {module, function, arity}, "#{function}#{Types.signature(signature)}"}
  end

  defp words(:contract_range, [contract, module, function, arguments, _place, type]) do
    [%{return: expected} | _] = Types.signatures(contract, module)

    {"`#{function}(#{Enum.join(Types.values(arguments), ", ")})` returns what its @spec rules out",
     [{"expected", expected}, {"got", Types.type(type)}]}
  end

  defp words(:overlapping_contract, [_module, function, arity]) do
    "the specs of `#{function}/#{arity}` overlap, so Dialyzer cannot use them: join them, or tell their arguments apart"
  end

  defp words(:contract_with_opaque, [_module, function, arity, opaque, signature]) do
    [signature | _] = Types.signatures(signature)

    {"the @spec of `#{function}/#{arity}` has an opaque type that the code does not make with its module",
     [
       {"expected", Types.type(opaque)},
       {"the code is", "#{function}#{Types.signature(signature)}"}
     ]}
  end

  ## Behaviours

  defp words(:callback_type_mismatch, [behaviour, function, arity, found, expected]) do
    {:callback, {behaviour, function, arity},
     "`#{function}/#{arity}` returns what #{inspect(behaviour)} does not accept",
     Types.type(found), Types.type(expected)}
  end

  defp words(:callback_spec_type_mismatch, [behaviour, function, arity, found, expected]) do
    {:callback, {behaviour, function, arity},
     "the @spec of `#{function}/#{arity}` returns what #{inspect(behaviour)} does not accept",
     Types.type(found), Types.type(expected)}
  end

  defp words(:callback_arg_type_mismatch, [behaviour, function, arity, position, found, expected]) do
    {"the #{ordinal(position)} argument of `#{function}/#{arity}` does not take what #{inspect(behaviour)} gives",
     [{"it gives", Types.type(expected)}, {"taken is", Types.type(found)}]}
  end

  defp words(:callback_spec_arg_type_mismatch, [
         behaviour,
         function,
         arity,
         position,
         found,
         expected
       ]) do
    {"the @spec of `#{function}/#{arity}` does not take what #{inspect(behaviour)} gives as the " <>
       "#{ordinal(position)} argument",
     [{"it gives", Types.type(expected)}, {"taken is", Types.type(found)}]}
  end

  defp words(:callback_missing, [behaviour, function, arity]) do
    "`#{function}/#{arity}` is missing, #{inspect(behaviour)} asks for it"
  end

  defp words(:callback_not_exported, [behaviour, function, arity]) do
    "`#{function}/#{arity}` is private, #{inspect(behaviour)} asks for it as a public function"
  end

  defp words(:callback_info_missing, [behaviour]) do
    "the behaviour `#{inspect(behaviour)}` does not exist"
  end

  defp words(:unknown_behaviour, behaviour), do: words(:callback_info_missing, [behaviour])

  ## Opaque types

  defp words(:opaque_match, [pattern, opaque, _term]) do
    "#{pattern(pattern)} is matched against #{code(Types.type(opaque))}, which is opaque: " <>
      "use the functions of its module"
  end

  # Since OTP 28 with the types of all arguments at the end.
  defp words(:call_without_opaque, [module, function, arguments, [conflict | _] | _types]) do
    {name, order, values} = written(module, function, arguments)
    {position, _type, text} = conflict
    index = moved(position, order)

    {"the #{ordinal(index)} argument of #{name} is opaque and must come from its module",
     [{"expected", Types.type(to_string(text))}, {"got", Enum.at(values, index - 1)}]}
  end

  defp words(:call_with_opaque, [module, function, arguments, conflicts, _expected]) do
    {name, order, values} = written(module, function, arguments)
    positions = for conflict <- List.wrap(conflicts), do: moved(position(conflict), order)

    {"#{name} looks into #{ordinals(positions)}, and opaque types are only for their own modules",
     [{"called with", tuple(values)}]}
  end

  # Since OTP 28 `opaque_compare`.
  defp words(name, [type, _operator, opaque])
       when name in [:opaque_eq, :opaque_neq, :opaque_compare] do
    "#{code(Types.type(type))} is compared with #{code(Types.type(opaque))}, which is opaque: " <>
      "use the functions of its module"
  end

  defp words(:opaque_guard, [left, operator, right, _positions]) do
    "the guard `#{operand(left)} #{operator(operator)} #{operand(right)}` looks into an opaque type"
  end

  defp words(:opaque_guard, [guard, arguments]) when is_atom(guard) do
    guard(guard, arguments, "looks into an opaque type")
  end

  defp words(:opaque_type_test, [test, _arguments, argument, type]) do
    {"`#{test}` looks into #{value(argument)}, which is opaque", [{"it is", Types.type(type)}]}
  end

  defp words(:opaque_call, [module, function, _arguments, culprit, opaque]) do
    {"`#{module}.#{function}` is called on #{value(culprit)}, which is opaque",
     [{"it is", Types.type(opaque)}]}
  end

  # Since OTP 28.
  defp words(:opaque_union, [opaque?, type]) do
    kind = if opaque?, do: "an opaque type", else: "a type that is not opaque"

    {"this clause returns #{kind} and other clauses do not, so callers cannot tell them apart",
     [{"it is", Types.type(type)}]}
  end

  defp words(_unknown, _details), do: nil

  # Before OTP 28 a number.
  defp position({position, _type, _text}), do: position
  defp position(position), do: position

  ## Arguments

  defp call(module, function, arguments, positions, expected) do
    {name, order, values} = written(module, function, arguments)
    moved = positions |> List.wrap() |> Enum.map(&moved(&1, order)) |> Enum.reject(&is_nil/1)
    wrong_arguments(name, Enum.sort(moved), values, pick(expected, order))
  end

  # What Elixir's compiler has made a call of Erlang is shown as it was written: the function's name,
  # the order of its arguments, and these in that order.
  defp written(module, function, arguments) do
    values = Types.values(arguments)
    {module, function, order} = Written.call(module, function, length(values))
    {name(module, function, length(order)), order, pick(values, order)}
  end

  defp pick(list, order), do: Enum.map(order, &Enum.at(list, &1 - 1))

  defp moved(position, order) do
    index = Enum.find_index(order, &(&1 == position))
    if index, do: index + 1
  end

  defp wrong_arguments(function, [position], values, expected) do
    {"the #{ordinal(position)} argument of #{function} has the wrong type",
     [{"expected", Enum.at(expected, position - 1)}, {"got", Enum.at(values, position - 1)}]}
  end

  defp wrong_arguments(function, [_, _ | _] = positions, values, expected) do
    at = fn list -> Enum.map_join(positions, ", ", &Enum.at(list, &1 - 1)) end

    {"#{ordinals(positions)} of #{function} have the wrong types",
     [{"expected", at.(expected)}, {"got", at.(values)}]}
  end

  defp wrong_arguments(function, [], values, expected) do
    {"#{function} cannot be called with these arguments",
     [{"expected", tuple(expected)}, {"got", tuple(values)}]}
  end

  # A contract names types as their module does; the inferred types show their structure, which is
  # what counts where only they are wrong, unless it is too long to read.
  defp expected(:only_sig, types, contract, module) do
    types = Types.types(types)
    named = named(contract, module)

    if length(named) == length(types),
      do: Enum.zip_with(types, named, &if(String.length(&1) > @long_type, do: &2, else: &1)),
      else: types
  end

  defp expected(_contract_too, types, contract, module) do
    case named(contract, module) do
      [] -> Types.types(types)
      named -> named
    end
  end

  defp named({_overloaded?, contract}, module) when is_binary(contract) do
    case Types.signatures(contract, module) do
      [%{arguments: arguments}] -> arguments
      alternatives -> alternatives |> Enum.map(& &1.arguments) |> Enum.zip_with(&one_of/1)
    end
  end

  defp named(_no_contract, _module), do: []

  defp one_of(types), do: types |> Enum.uniq() |> Enum.join(" | ")

  ## Parts of sentences

  defp name(Kernel, function, arity) do
    if Macro.operator?(function, arity), do: "`#{function}`", else: "`#{function}/#{arity}`"
  end

  defp name(module, function, arity), do: "`#{Exception.format_mfa(module, function, arity)}`"

  defp pattern("variable " <> name), do: "the variable #{code(Types.value(name))}"
  defp pattern("pattern " <> pattern), do: "the pattern #{code(Types.value(pattern))}"
  defp pattern(other), do: other

  # The compiler's own variables have no name that would help.
  defp value(text) do
    case Types.value(text) do
      "_" -> "a value"
      value -> code(value)
    end
  end

  defp operand(text) do
    case Types.values(text) do
      [value] -> value
      _other -> Types.value(text)
    end
  end

  defp guard(guard, arguments, what) do
    values = Types.values(arguments)
    {_kernel, function, _order} = Written.call(:erlang, guard, length(values))
    {"`#{function}` #{what} here", [{"its argument is", Enum.join(values, ", ")}]}
  end

  defp operator(:"=:="), do: "==="
  defp operator(:"=/="), do: "!=="
  defp operator(:"/="), do: "!="
  defp operator(:"=<"), do: "<="
  defp operator(operator) when is_atom(operator), do: Atom.to_string(operator)
  defp operator(operator), do: operator |> to_string() |> String.to_existing_atom() |> operator()

  defp tuple(values), do: "(#{Enum.join(values, ", ")})"
  defp code(text), do: "`#{text}`"

  defp parameters(0), do: "()"
  defp parameters(arity), do: "/#{arity}"

  defp count(1, noun), do: "1 #{noun}"
  defp count(number, noun), do: "#{number} #{noun}s"

  defp ordinals([position]), do: "the #{ordinal(position)} argument"

  defp ordinals(positions) do
    {last, others} = positions |> Enum.map(&ordinal/1) |> List.pop_at(-1)
    "the #{Enum.join(others, ", ")} and #{last} arguments"
  end

  defp ordinal(1), do: "1st"
  defp ordinal(2), do: "2nd"
  defp ordinal(3), do: "3rd"
  defp ordinal(number), do: "#{number}th"
end
