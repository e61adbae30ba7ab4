defmodule Practice.Analysis.Types.Printer do
  @moduledoc """
  Prints the trees of `Practice.Analysis.Types.Parser` as Elixir.
  """

  alias Practice.Analysis.Types.Parser

  # Types of Erlang that are called differently in Elixir.
  @renamed %{
    "string" => "charlist",
    "nonempty_string" => "nonempty_charlist",
    "bool" => "boolean"
  }

  # Types that belong to no module.
  @built_in ~w(any arity as_boolean atom binary bitstring boolean byte char charlist dynamic float fun
               function identifier improper_list integer iodata iolist keyword list map
               maybe_improper_list mfa module neg_integer nil no_return node non_neg_integer none
               nonempty_binary nonempty_bitstring nonempty_charlist nonempty_improper_list
               nonempty_list nonempty_maybe_improper_list number pid port pos_integer record
               reference struct term timeout tuple)

  # A struct with more text than this is shown by its name.
  @long_struct 60

  @typedoc """
  How to read a text. Types without a module belong to `module`. In a type, `_` is anything and `=>`
  means that a key may be missing; in a value or a pattern they are what they are in Elixir.
  """
  @type context :: %{module: module() | nil, kind: :type | :value}

  @doc "The tree as text."
  @spec print(Parser.tree(), context()) :: String.t()
  def print(tree, context)

  def print({:atom, name}, _context), do: atom(name)
  def print({:number, text}, _context), do: number(text)
  def print({:charlist, text}, _context), do: "~c" <> inspect(text)
  def print({:variable, "_"}, %{kind: :type}), do: "any()"
  def print({:variable, name}, _context), do: Macro.underscore(name)
  def print({:annotated, _name, tree}, context), do: print(tree, %{context | kind: :type})
  def print({:values, trees}, context), do: comma(trees, context)
  def print({:tuple, trees}, context), do: "{#{comma(trees, context)}}"
  def print({:list, trees, false}, context), do: "[#{comma(trees, context)}]"
  def print({:list, trees, true}, %{kind: :type} = context), do: "[#{comma(trees, context)}, ...]"
  def print({:list, trees, true}, context), do: "[#{comma(trees, context)}]"
  def print({:text, binary}, _context), do: inspect(binary)
  def print({:bits, size, unit}, _context), do: bits(size, unit)
  def print({:segments, segments}, context), do: "<<#{segments(segments, context)}>>"
  def print({:map, pairs}, context), do: map(pairs, context)
  def print({:union, trees}, context), do: union(trees, context)
  def print({:fun, :any, {:variable, "_"}}, _context), do: "fun()"
  def print({:fun, :any, return}, context), do: "(... -> #{type(return, context)})"
  def print({:fun, [], return}, context), do: "(-> #{type(return, context)})"

  # The value of a function is shown as its type.
  def print({:fun, arguments, return}, context) do
    "(#{comma(arguments, %{context | kind: :type})} -> #{type(return, context)})"
  end

  def print({:record, name, fields}, context) do
    fields =
      Enum.map_join(fields, ", ", fn {field, tree} -> key(field) <> print(tree, context) end)

    "record(#{atom(name)}, #{fields})"
  end

  def print({:call, nil, "nil", []}, _context), do: "[]"
  def print({:call, nil, "binary", []}, _context), do: "String.t()"

  def print({:call, nil, name, arguments}, %{module: module} = context) do
    name = Map.get(@renamed, name, name)
    call = "#{name}(#{comma(arguments, context)})"
    if name in @built_in or is_nil(module), do: call, else: "#{inspect(module)}.#{call}"
  end

  def print({:call, "elixir", name, arguments}, context) do
    "#{name}(#{comma(arguments, context)})"
  end

  def print({:call, module, name, arguments}, context) do
    "#{atom(module)}.#{name}(#{comma(arguments, context)})"
  end

  defp type(tree, context), do: print(tree, %{context | kind: :type})

  # Dialyzer writes all digits of a float.
  defp number(text) do
    case Float.parse(text) do
      {float, ""} -> if text =~ ".", do: Float.to_string(float), else: text
      _range -> text
    end
  end

  defp comma(trees, context), do: Enum.map_join(trees, ", ", &print(&1, context))

  defp union(trees, context) do
    trees |> Enum.map(&print(&1, context)) |> Enum.uniq() |> Enum.join(" | ")
  end

  # Whole bytes are what Elixir's strings are made of.
  defp bits(0, 0), do: ~s("")
  defp bits(size, unit) when rem(size, 8) == 0 and rem(unit, 8) == 0, do: "String.t()"
  defp bits(_size, 1), do: "bitstring()"
  defp bits(size, 0), do: "<<_::#{size}>>"
  defp bits(0, unit), do: "<<_::_*#{unit}>>"
  defp bits(size, unit), do: "<<_::#{size}, _::_*#{unit}>>"

  defp segments(segments, context) do
    Enum.map_join(segments, ", ", fn
      {value, ""} -> print(value, context)
      {value, "/" <> modifiers} -> "#{print(value, context)}::#{modifiers}"
      {value, ":" <> size} -> "#{print(value, context)}::#{String.replace(size, "/", "-")}"
    end)
  end

  defp map(pairs, context) do
    case List.keytake(pairs, {:atom, "__struct__"}, 0) do
      {{_key, _required, {:atom, "Elixir." <> name}}, fields} -> struct(name, fields, context)
      _no_struct -> plain_map(pairs, context)
    end
  end

  # A field that may hold anything says nothing.
  defp struct(name, pairs, context) do
    fields =
      for {{:atom, field}, _required, tree} <- pairs,
          text = print(tree, context),
          text not in ["_", "any()", "term()"],
          do: key(field) <> text

    text = Enum.join(fields, ", ")
    if String.length(text) > @long_struct, do: "%#{name}{}", else: "%#{name}{#{text}}"
  end

  # Elixir wants the `key: value` pairs last.
  defp plain_map(pairs, context) do
    {open, pairs} = Enum.split_with(pairs, &match?({{:variable, "_"}, _, {:variable, "_"}}, &1))
    {keywords, others} = Enum.split_with(pairs, &keyword?(&1, context))

    keywords =
      Enum.map(keywords, fn {{_, name}, _, tree} -> key(name) <> print(tree, context) end)

    open = Enum.map(open, fn _any -> "..." end)

    case open ++ Enum.map(others, &pair(&1, context)) ++ keywords do
      ["..."] -> "map()"
      pairs -> "%{#{Enum.join(pairs, ", ")}}"
    end
  end

  defp keyword?({{:atom, _name}, required?, _tree}, %{kind: kind}),
    do: required? or kind == :value

  defp keyword?(_pair, _context), do: false

  defp pair({key, false, value}, %{kind: :type} = context) do
    "optional(#{print(key, context)}) => #{print(value, context)}"
  end

  defp pair({key, _required, value}, context) do
    "#{print(key, context)} => #{print(value, context)}"
  end

  defp key(name), do: if(plain?(name), do: "#{name}: ", else: "#{inspect(name)}: ")

  defp atom(name) when name in ["nil", "true", "false"], do: name
  defp atom("Elixir." <> name), do: name
  defp atom(name), do: if(plain?(name), do: ":" <> name, else: ":" <> inspect(name))

  defp plain?(name), do: name =~ ~r/^[\p{L}_][\p{L}\p{N}_@]*[?!]?$/u
end
