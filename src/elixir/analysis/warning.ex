defmodule Practice.Analysis.Warning do
  @moduledoc """
  Dialyzer's warnings as events: which of them a learner should see, where, and in which words.

  Names are those of Dialyxir, which are Dialyzer's own (`no_return`, `call`, `pattern_match`), and
  differ between releases of OTP (`exact_compare` was `exact_eq` before OTP 28). Two are ours: `no_debug_info` and `suppression`, about a module that cannot be judged as it is.

  Left out are warnings about what lies outside of the solution's files, where macros of libraries put
  their code, about modules that no type information was made for, and what only follows from another
  warning (`Practice.Analysis.Consequences`).
  """

  alias Practice.Analysis.{Consequences, Library, Solution, Wording}

  @typedoc "The fields of a `dialyzer_warning` event."
  @type event :: %{
          name: atom(),
          file: String.t(),
          line: pos_integer() | nil,
          column: pos_integer() | nil,
          message: String.t()
        }

  @typedoc "A warning on its way: `function` is the one that it is in, `details` are Dialyzer's."
  @type t :: %{
          name: atom(),
          details: [term()],
          file: String.t(),
          line: pos_integer() | nil,
          column: pos_integer() | nil,
          function: mfa() | nil,
          raw: tuple()
        }

  @doc "The events for what `:dialyzer.run/1` returned. `given` are the directories of given modules."
  @spec events([tuple()], [Solution.t()], [Path.t()]) :: [event()]
  def events(raw, modules, given) do
    files = MapSet.new(modules, & &1.file)

    raw
    |> Enum.map(&place(&1, modules))
    |> Enum.filter(&(&1.file in files and relevant?(&1, given)))
    |> Consequences.drop(modules)
    |> Enum.map(&event(&1, modules, given))
    |> Enum.uniq()
    |> Enum.sort_by(&{&1.file, &1.line || 0, &1.column || 0, &1.name})
  end

  defp place({_tag, {file, location}, {name, details}} = raw, modules) do
    file = IO.chardata_to_string(file)
    {line, column} = line_and_column(location)

    %{
      name: name,
      details: List.wrap(details),
      file: file,
      line: line,
      column: column,
      function: function_at(modules, file, line, name, details),
      raw: raw
    }
  end

  defp line_and_column({line, column}) when line > 0, do: {line, column}
  defp line_and_column(line) when is_integer(line) and line > 0, do: {line, nil}
  defp line_and_column(_generated), do: {nil, nil}

  # A function with default arguments is several functions on one line.
  defp function_at(modules, file, line, :no_return, [_kind, name, arity]) do
    named =
      for %{file: ^file} = module <- modules,
          {^line, ^name, ^arity} <- module.functions,
          do: {module.name, name, arity}

    List.first(named)
  end

  defp function_at(_modules, _file, nil, _name, _details), do: nil

  defp function_at(modules, file, line, _name, _details) do
    before =
      for %{file: ^file} = module <- modules,
          {start, name, arity} <- module.functions,
          start <= line,
          do: {start, {module.name, name, arity}}

    # Of the functions that default arguments make of one, the body is that of the longest.
    case Enum.max_by(before, fn {start, {_, _, arity}} -> {start, arity} end, fn -> nil end) do
      {_start, function} -> function
      nil -> nil
    end
  end

  # A protocol asks for implementations that need not be there, until Mix has consolidated it.
  defp relevant?(%{name: :unknown_function, details: [{_module, :__impl__, 1}]}, _given),
    do: false

  # Type information is partial: what is unknown to it may well exist.
  defp relevant?(%{name: :unknown_function, details: [{module, name, arity}]}, given) do
    not Library.exports?(module, {name, arity}, given)
  end

  defp relevant?(%{name: :call_to_missing, details: [module, name, arity]}, given) do
    not Library.exports?(module, {name, arity}, given)
  end

  defp relevant?(%{name: :unknown_type, details: [{module, name, arity}]}, given) do
    not Library.exports_type?(module, {name, arity}, given)
  end

  defp relevant?(%{name: name, details: [module]}, given)
       when name in [:callback_info_missing, :unknown_behaviour] do
    is_nil(Library.find(module, given))
  end

  defp relevant?(_warning, _given), do: true

  defp event(warning, modules, given) do
    spec_of = &Solution.spec(modules, &1)

    %{
      name: warning.name,
      file: warning.file,
      line: warning.line,
      column: warning.column,
      message: Wording.message(warning.raw, spec_of, &Library.callback_return(&1, given))
    }
  end

  @doc "The event for a `@dialyzer` attribute, if the module has one."
  @spec suppression(Solution.t()) :: [event()]
  def suppression(%Solution{suppressed_at: nil}), do: []

  def suppression(module) do
    [
      %{
        name: :suppression,
        file: module.file,
        line: module.suppressed_at,
        column: nil,
        message:
          "`@dialyzer` switches warnings off\n" <>
            "A solution is judged as it is: take the attribute out and change what Dialyzer points at"
      }
    ]
  end

  @doc "The event for a `.beam` file that cannot be analysed."
  @spec no_debug_info(Path.t(), Path.t()) :: event()
  def no_debug_info(beam, root) do
    module = beam |> Path.basename(".beam") |> String.replace_prefix("Elixir.", "")

    %{
      name: :no_debug_info,
      file: Solution.source(beam, root),
      line: nil,
      column: nil,
      message:
        "`#{module}` is compiled without debug information\n" <>
          "Dialyzer reads nothing else: take out what switches it off"
    }
  end
end
