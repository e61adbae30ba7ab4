defmodule Practice.Analysis.Consequences do
  @moduledoc """
  Leaves out warnings that only follow from another one.

  A call that must fail makes its function one that never returns, which makes its callers functions
  that never return, and functions that come after it are never called. A learner should read about
  the call. Where nothing explains it, "never returns" is the finding itself and stays.

  After OTP 27 the spec of a function that never returns is reported too, and a comparison with an
  opaque type twice.

  A private function, or an anonymous one, that is only called with the wrong types fails as well, on
  the line that needs the right ones. There the call from outside is what has to change.
  """

  alias Practice.Analysis.{Solution, Types, Warning}

  # Warnings about a declaration. They do not explain why code fails.
  @declarations [
    :invalid_contract,
    :contract_range,
    :contract_with_opaque,
    :overlapping_contract,
    :callback_type_mismatch,
    :callback_arg_type_mismatch,
    :callback_spec_type_mismatch,
    :callback_spec_arg_type_mismatch,
    :callback_missing,
    :callback_not_exported,
    :callback_info_missing
  ]

  @doc "The warnings without those that another one explains."
  @spec drop([Warning.t()], [Solution.t()]) :: [Warning.t()]
  def drop(warnings, modules) do
    calls = for module <- modules, call <- module.calls, into: %{}, do: call
    warnings = without_misuse(warnings)
    causes = Enum.reject(warnings, &(&1.name in [:no_return, :unused_fun | @declarations]))
    failing = MapSet.new(causes, & &1.function)
    never_returning = never_returning(warnings)
    explained = explain(never_returning, failing, calls)
    unreached = unreached(warnings, MapSet.union(failing, MapSet.new(never_returning)), calls)

    Enum.reject(warnings, fn
      %{name: :no_return, details: [_kind]} = warning -> explained_by_line?(warning, causes)
      %{name: :no_return, function: function} -> function in explained
      %{name: :unused_fun} = warning -> unused(warning) in unreached
      %{name: :invalid_contract} = warning -> declared(warning) in never_returning
      %{name: :exact_compare} = warning -> beside?(warning, :opaque_compare, causes)
      %{name: :callback_spec_type_mismatch} = warning -> shown_in_code?(warning, warnings)
      _cause -> false
    end)
  end

  # If such a function failed by itself, Dialyzer would not blame the arguments.
  defp without_misuse(warnings) do
    called = MapSet.new(warnings, &called/1)
    misused = MapSet.intersection(called, MapSet.new(never_returning(warnings)))
    applied = Enum.filter(warnings, &(&1.name in [:apply, :fun_app_args]))
    anonymous = Enum.filter(warnings, &anonymous?/1)

    Enum.reject(warnings, fn warning ->
      (warning.name in [:call, :no_return] and warning.function in misused) or
        ((warning.name == :call or anonymous?(warning)) and
           in_applied?(warning, anonymous, applied))
    end)
  end

  defp anonymous?(warning), do: match?(%{name: :no_return, details: [_kind]}, warning)

  defp called(%{name: :call, details: [module, function, arguments | _]}) do
    {module, function, length(Types.values(IO.chardata_to_string(arguments)))}
  end

  defp called(_other), do: nil

  # Between the line where an anonymous function begins and the one where it is called.
  defp in_applied?(%{function: function, line: line}, anonymous, applied) do
    in_function = fn others -> for other <- others, other.function == function, do: other.line end

    Enum.any?(in_function.(anonymous), &(&1 <= line)) and
      Enum.any?(in_function.(applied), &(line < &1))
  end

  defp never_returning(warnings) do
    for %{name: :no_return, details: [_, _, _], function: function} <- warnings,
        function != nil,
        do: function
  end

  # A function is explained by its own failing code, or by a callee that never returns either. Where
  # nothing explains any of those left, one of them is the origin and stays: one that calls no other,
  # or the first in the source where they call each other in a circle.
  defp explain(functions, failing, calls) do
    {explained, unexplained} = Enum.split_with(functions, &(&1 in failing))
    follow(unexplained, MapSet.new(explained), MapSet.new(explained), calls)
  end

  defp follow([], _never_returning, explained, _calls), do: explained

  defp follow(functions, never_returning, explained, calls) do
    case Enum.find(functions, &calls_any?(&1, never_returning, calls)) do
      nil ->
        origin = Enum.find(functions, hd(functions), &calls_only_itself?(&1, functions, calls))
        follow(functions -- [origin], MapSet.put(never_returning, origin), explained, calls)

      function ->
        follow(
          functions -- [function],
          MapSet.put(never_returning, function),
          MapSet.put(explained, function),
          calls
        )
    end
  end

  defp calls_any?(function, functions, calls) do
    calls |> Map.get(function, []) |> Enum.any?(&(&1 in functions))
  end

  defp calls_only_itself?(function, functions, calls) do
    not calls_any?(function, functions -- [function], calls)
  end

  defp explained_by_line?(%{function: nil}, _causes), do: false

  defp explained_by_line?(warning, causes) do
    Enum.any?(causes, &(&1.function == warning.function and &1.line >= warning.line))
  end

  # What code that fails would have called, and what that would have called.
  defp unreached(warnings, failing, calls) do
    unused = for %{name: :unused_fun} = warning <- warnings, do: unused(warning)
    reach(unused, failing, MapSet.new(), calls)
  end

  defp reach(unused, callers, unreached, calls) do
    called = callers |> Enum.flat_map(&Map.get(calls, &1, [])) |> MapSet.new()

    case Enum.split_with(unused, &(&1 in called)) do
      {[], _unexplained} -> unreached
      {found, rest} -> reach(rest, found, MapSet.union(unreached, MapSet.new(found)), calls)
    end
  end

  defp unused(%{details: [name, arity], function: {module, _, _}}), do: {module, name, arity}
  defp unused(_unknown), do: nil

  defp declared(%{details: [module, name, arity | _]}), do: {module, name, arity}

  defp beside?(warning, name, warnings) do
    Enum.any?(warnings, &(&1.name == name and {&1.file, &1.line} == {warning.file, warning.line}))
  end

  defp shown_in_code?(%{details: [behaviour, name, arity | _], file: file}, warnings) do
    Enum.any?(warnings, fn warning ->
      warning.name == :callback_type_mismatch and warning.file == file and
        Enum.take(warning.details, 3) == [behaviour, name, arity]
    end)
  end
end
