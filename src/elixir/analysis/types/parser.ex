defmodule Practice.Analysis.Types.Parser do
  @moduledoc """
  Reads types, literals and patterns as Dialyzer writes them.

  | tree                          | text                            |
  |-------------------------------|---------------------------------|
  | `{:atom, name}`               | `'ok'`                          |
  | `{:number, text}`             | `42`, `-1`, `1.5`, `1..255`     |
  | `{:text, binary}`             | `<<104,105>>`, `"hi"`           |
  | `{:variable, name}`           | `_user@1`, `Vuser@1`, `Type`    |
  | `{:bits, size, unit}`         | `<<_:16,_:_*8>>`                |
  | `{:segments, [tree]}`         | `<<_x@1/binary, 1>>`            |
  | `{:tuple, [tree]}`            | `{'ok',integer()}`              |
  | `{:list, [tree], nonempty?}`  | `[integer(),...]`               |
  | `{:map, [{key, required?, value}]}` | `\#{'a':=1, _=>_}`        |
  | `{:record, name, [{field, tree}]}`  | `\#state{a::integer()}`   |
  | `{:fun, [tree] | :any, tree}` | `fun((integer()) -> 'ok')`      |
  | `{:call, module, name, [tree]}` | `'Elixir.String':t()`         |
  | `{:union, [tree]}`            | `'a' | 'b'`                     |
  | `{:annotated, name, tree}`    | `_user@1::binary()`             |
  | `{:values, [tree]}`           | `<'ok', X>`: several at once    |
  """

  @type tree :: tuple()

  @doc "A type, a literal or a pattern."
  @spec type(String.t()) :: {:ok, tree()} | :error
  def type(text), do: parse(text, &union/1)

  @doc "A list of them in parentheses."
  @spec arguments(String.t()) :: {:ok, [tree()]} | :error
  def arguments(text) do
    parse(text, fn ["(" | tokens] -> sequence(tokens, ")") end)
  end

  @doc "A function's type: its alternatives, with the variables of `when` replaced by their types."
  @spec signatures(String.t()) :: {:ok, [{[tree()], tree()}]} | :error
  def signatures(text), do: parse(text, &alternatives/1)

  defp parse(text, parser) do
    case parser.(tokens(text)) do
      {tree, []} -> {:ok, tree}
      _rest -> :error
    end
  rescue
    _not_understood in [FunctionClauseError, MatchError, CaseClauseError, ArgumentError] -> :error
  end

  ## Tokens: strings, and tuples for what has content of its own

  @kinds [:space, :atom, :string, :char, :number, :name, :mark]

  # One group for each of the kinds, in their order.
  defp pattern do
    ~r/
        (?<space>\s+)
      | '(?<atom>(?:[^'\\]|\\.)*)'
      | "(?<string>(?:[^"\\]|\\.)*)"
      | \$(?<char>\\?.)
      | (?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)
      | (?<name>[\p{L}_][\p{L}\p{N}_@?!]*)
      | (?<mark>:=|=>|->|::|\.\.\.|\.\.|<<|>>|[\#{}\[\]()<>,;|:\/*=+.-])
    /xu
  end

  defp tokens(""), do: []

  defp tokens(text) do
    [{0, length} | groups] = Regex.run(pattern(), text, return: :index)
    rest = binary_part(text, length, byte_size(text) - length)

    case token(groups, text) do
      nil -> tokens(rest)
      token -> [token | tokens(rest)]
    end
  end

  # The last group is the one that matched; groups before it are empty.
  defp token(groups, text) do
    {start, length} = List.last(groups)
    content = binary_part(text, start, length)

    case Enum.at(@kinds, length(groups) - 1) do
      :space -> nil
      :mark -> content
      kind -> {kind, content}
    end
  end

  ## Grammar

  defp union(tokens) do
    {first, rest} = single(tokens)
    union([first], rest)
  end

  defp union(trees, ["|" | tokens]) do
    {tree, rest} = single(tokens)
    union([tree | trees], rest)
  end

  defp union([tree], rest), do: {tree, rest}
  defp union(trees, rest), do: {{:union, Enum.reverse(trees)}, rest}

  defp single([{:name, name}, "::" | tokens]) do
    {tree, rest} = single(tokens)
    {{:annotated, variable(name), tree}, rest}
  end

  defp single([{:name, name}, "=" | tokens]) do
    {_alias, rest} = single(tokens)
    {{:variable, variable(name)}, rest}
  end

  defp single([{:name, "fun"}, "(" | tokens]), do: function(tokens)
  defp single([{:atom, module}, ":" | tokens]), do: call(module, tokens)

  defp single([{:name, module}, ":", {:name, _} = name | tokens]),
    do: call(module, [name | tokens])

  defp single([{:name, module}, ":", {:atom, _} = name | tokens]),
    do: call(module, [name | tokens])

  defp single([{:name, _}, "(" | _] = tokens), do: call(nil, tokens)
  defp single([{:atom, _}, "(" | _] = tokens), do: call(nil, tokens)
  defp single([{:atom, name} | rest]), do: {{:atom, unescape(name)}, rest}
  defp single([{:name, name} | rest]), do: {{:variable, variable(name)}, rest}
  defp single([{:string, text} | rest]), do: {{:charlist, unescape(text)}, rest}
  defp single([{:char, text} | rest]), do: {{:number, "?" <> text}, rest}
  defp single(["-", {:number, text} | rest]), do: number("-" <> text, rest)
  defp single([{:number, text} | rest]), do: number(text, rest)

  defp single(["(" | tokens]) do
    {tree, [")" | rest]} = union(tokens)
    {tree, rest}
  end

  defp single(["{" | tokens]) do
    {trees, rest} = sequence(tokens, "}")
    {{:tuple, trees}, rest}
  end

  defp single(["[" | tokens]), do: list(tokens, [])
  defp single(["<<" | tokens]), do: binary(tokens)

  defp single(["<" | tokens]) do
    {trees, rest} = sequence(tokens, ">")
    {{:values, trees}, rest}
  end

  defp single(["\#", "{" | tokens]), do: map(tokens, [])
  defp single(["\#", {_kind, name}, "{" | tokens]), do: record(name, tokens, [])

  # Values up to a closing mark. A list's end after `|` is read as a union, and printed alike.
  defp sequence([close | rest], close), do: {[], rest}

  defp sequence(tokens, close) do
    case union(tokens) do
      {tree, [^close | rest]} -> {[tree], rest}
      {tree, ["," | rest]} -> prepend(tree, sequence(rest, close))
    end
  end

  defp prepend(tree, {trees, rest}), do: {[tree | trees], rest}

  defp list(["]" | rest], trees), do: {{:list, Enum.reverse(trees), false}, rest}
  defp list(["...", "]" | rest], trees), do: {{:list, Enum.reverse(trees), true}, rest}
  defp list(["," | tokens], trees), do: list(tokens, trees)

  defp list(tokens, trees) do
    {tree, rest} = union(tokens)
    list(rest, [tree | trees])
  end

  defp map(["}" | rest], pairs), do: {{:map, Enum.reverse(pairs)}, rest}
  defp map(["," | tokens], pairs), do: map(tokens, pairs)

  defp map(["...", "}" | rest], pairs), do: map(["}" | rest], pairs)

  defp map(tokens, pairs) do
    {key, [association | tokens]} = union(tokens)
    true = association in [":=", "=>"]
    {value, rest} = union(tokens)
    map(rest, [{key, association == ":=", value} | pairs])
  end

  defp record(name, ["}" | rest], fields), do: {{:record, name, Enum.reverse(fields)}, rest}
  defp record(name, ["," | tokens], fields), do: record(name, tokens, fields)

  defp record(name, [{_kind, field}, mark | tokens], fields) when mark in ["::", "="] do
    {tree, rest} = union(tokens)
    record(name, rest, [{field, tree} | fields])
  end

  defp function([")" | rest]), do: {{:fun, :any, {:variable, "_"}}, rest}
  defp function(["(", "...", ")", "->" | tokens]), do: function(:any, tokens)

  defp function(["(" | tokens]) do
    {arguments, ["->" | rest]} = sequence(tokens, ")")
    function(arguments, rest)
  end

  defp function(arguments, tokens) do
    {return, [")" | rest]} = union(tokens)
    {{:fun, arguments, return}, rest}
  end

  defp call(module, [{_kind, name}, "(" | tokens]) do
    {arguments, rest} = sequence(tokens, ")")
    {{:call, module, name, arguments}, rest}
  end

  # `1..255` is three tokens, or one where the number's own pattern does not take the first dot.
  defp number(text, ["..", {:number, to} | rest]), do: {{:number, "#{text}..#{to}"}, rest}
  defp number(text, ["..", "-", {:number, to} | rest]), do: {{:number, "#{text}..-#{to}"}, rest}
  defp number(text, rest), do: {{:number, text}, rest}

  defp binary([">>" | rest]), do: {{:text, ""}, rest}

  defp binary([{:name, "_"}, ":" | _] = tokens), do: bits(tokens, 0, 0)

  defp binary([{:number, _} | _] = tokens) do
    {bytes, after_bytes} = Enum.split_while(tokens, &(&1 != ">>"))
    numbers = for {:number, byte} <- bytes, do: String.to_integer(byte)

    if length(bytes) == 2 * length(numbers) - 1 and Enum.all?(numbers, &(&1 in 0..255)) do
      {{:text, :erlang.list_to_binary(numbers)}, tl(after_bytes)}
    else
      segments(tokens, [])
    end
  end

  defp binary(tokens), do: segments(tokens, [])

  defp bits([">>" | rest], size, unit), do: {{:bits, size, unit}, rest}
  defp bits(["," | tokens], size, unit), do: bits(tokens, size, unit)

  defp bits([{:name, "_"}, ":", {:name, "_"}, "*", {:number, unit} | rest], size, 0) do
    bits(rest, size, String.to_integer(unit))
  end

  defp bits([{:name, "_"}, ":", {:number, size} | rest], 0, unit) do
    bits(rest, String.to_integer(size), unit)
  end

  defp segments([">>" | rest], segments), do: {{:segments, Enum.reverse(segments)}, rest}
  defp segments(["," | tokens], segments), do: segments(tokens, segments)

  defp segments(tokens, segments) do
    {value, rest} = single(tokens)
    {modifiers, rest} = Enum.split_while(rest, &(&1 not in [",", ">>"]))
    segments(rest, [{value, Enum.map_join(modifiers, &token_text/1)} | segments])
  end

  defp token_text({_kind, text}), do: text
  defp token_text(text), do: text

  defp alternatives(tokens) do
    {signature, rest} = alternative(tokens)

    case rest do
      [";" | rest] -> prepend(signature, alternatives(rest))
      [] -> {[signature], []}
    end
  end

  defp alternative(["(" | tokens]) do
    {arguments, ["->" | rest]} = sequence(tokens, ")")
    {return, rest} = union(rest)
    {types, rest} = constraints(rest)
    {{Enum.map(arguments, &substitute(&1, types, 9)), substitute(return, types, 9)}, rest}
  end

  defp constraints([{:name, "when"} | tokens]), do: constraints(["," | tokens], %{})
  defp constraints(rest), do: {%{}, rest}

  defp constraints(["," | tokens], types) do
    {{:annotated, name, tree}, rest} = union_of_annotated(tokens)
    constraints(rest, Map.put(types, name, tree))
  end

  defp constraints(rest, types), do: {types, rest}

  # In `A :: integer() | atom()` the union belongs to the variable.
  defp union_of_annotated([{:name, name}, "::" | tokens]) do
    {tree, rest} = union(tokens)
    {{:annotated, variable(name), tree}, rest}
  end

  # A type may refer to itself; `depth` ends that.
  defp substitute(tree, types, _depth) when types == %{}, do: tree

  defp substitute({:variable, name}, types, depth) when depth > 0 do
    case types do
      %{^name => tree} -> substitute(tree, types, depth - 1)
      _free -> {:variable, name}
    end
  end

  defp substitute(tuple, types, depth) when is_tuple(tuple) do
    tuple |> Tuple.to_list() |> substitute(types, depth) |> List.to_tuple()
  end

  defp substitute(list, types, depth) when is_list(list) do
    Enum.map(list, &substitute(&1, types, depth))
  end

  defp substitute(leaf, _types, _depth), do: leaf

  # The compiler names Elixir's variable `user` `_user@1` or `Vuser@1`, and its own `_1`.
  defp variable(name) do
    case Regex.run(~r/^[_V](.*?)@\d+$/u, name, capture: :all_but_first) do
      [""] -> "_"
      [name] -> name
      nil -> if name =~ ~r/^_\d*$|^@|^(cor|rec)\d+$/, do: "_", else: name
    end
  end

  defp unescape(text), do: Regex.replace(~r/\\(.)/u, text, "\\1")
end
