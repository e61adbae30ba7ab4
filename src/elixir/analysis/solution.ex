defmodule Practice.Analysis.Solution do
  @moduledoc """
  The learner's modules, made safe to analyse.

  Dialyzer compiles the debug information of a `.beam` file, and a `@compile` left in it can name a
  parse transform, which is then run. So only what describes the program is kept: definitions, types,
  specs and behaviours. Compile options and every other attribute go, `@dialyzer` among them; that one
  is reported, since a solution must not switch its judge off. Where the source does not speak of it, a
  macro of a library has set it for code of its own, as `defprotocol` does, and it stays.
  """

  alias Practice.Analysis.{DebugInfo, References}

  @enforce_keys [:name, :file, :functions, :calls, :debug_info, :references, :suppressed_at]
  defstruct @enforce_keys

  @typedoc """
  One module: `functions` are its definitions with the line each begins at, `calls` what each of them
  calls, `suppressed_at` is the line of a `@dialyzer` attribute.
  """
  @type t :: %__MODULE__{
          name: module(),
          file: String.t(),
          functions: [{pos_integer(), atom(), arity()}],
          calls: [{mfa(), [mfa()]}],
          debug_info: DebugInfo.t(),
          references: [References.t()],
          suppressed_at: pos_integer() | nil
        }

  @kept_attributes [
    :spec,
    :type,
    :opaque,
    :nominal,
    :export_type,
    :callback,
    :optional_callbacks
  ]

  @doc "Opens the `.beam` file at `path`, compiled from a source below `root`."
  @spec open(Path.t(), Path.t()) :: {:ok, t()} | {:error, :missing | String.t()}
  def open(path, root) do
    with {:ok, debug_info} <- DebugInfo.read_untrusted(path) do
      describe(debug_info, Path.basename(path, ".beam"), root)
    end
  end

  # Untrusted debug information can have any shape; what does not translate is as good as missing.
  defp describe({:elixir, name, %{relative_file: file} = map, specs}, basename, root)
       when is_binary(file) do
    ^basename = Atom.to_string(name)
    suppressed_at = suppressed_at(map, root)
    behaviours = for {:behaviour, behaviour} <- map.attributes, is_atom(behaviour), do: behaviour
    specs = for {:attribute, _, kind, _} = form <- specs, kind in @kept_attributes, do: form
    attributes = attributes(map, behaviours, suppressed_at)
    safe = DebugInfo.replace(map, attributes: attributes, compile_opts: [])
    functions = DebugInfo.functions(safe, safe.definitions)

    {:ok,
     %__MODULE__{
       name: name,
       file: file,
       functions: functions(safe.definitions),
       calls: calls(name, functions),
       debug_info: {:elixir, name, safe, specs},
       references: Enum.map(behaviours, &{:behaviour, &1}) ++ references(functions ++ specs),
       suppressed_at: suppressed_at
     }}
  rescue
    _error -> {:error, :missing}
  end

  defp describe(_erlang, _basename, _root), do: {:error, :missing}

  defp attributes(map, behaviours, suppressed_at) do
    dialyzer = if suppressed_at, do: [], else: Keyword.take(map.attributes, [:dialyzer])
    Enum.map(behaviours, &{:behaviour, &1}) ++ dialyzer
  end

  defp functions(definitions) do
    own =
      for {{name, arity}, _kind, meta, _clauses} <- definitions,
          not Keyword.has_key?(meta, :file),
          do: {Keyword.get(meta, :line, 0), name, arity}

    Enum.sort(own)
  end

  defp calls(module, functions) do
    for {:function, _line, name, arity, _clauses} = form <- functions do
      {{module, name, arity}, form |> References.of() |> Enum.flat_map(&callee(&1, module))}
    end
  end

  defp callee({:local, name, arity}, module), do: [{module, name, arity}]
  defp callee({:function, module, name, arity}, _module), do: [{module, name, arity}]
  defp callee(_reference, _module), do: []

  defp references(forms) do
    forms
    |> References.of()
    |> Enum.flat_map(fn
      {:local, _name, _arity} ->
        []

      {:any_module, name, arity} ->
        for module <- References.module_names(forms), do: {:function, module, name, arity}

      reference ->
        [reference]
    end)
  end

  # An attribute has no line in the debug information, but in the source.
  defp suppressed_at(%{attributes: attributes, relative_file: file} = map, root) do
    if List.keymember?(attributes, :dialyzer, 0) do
      case read_source(file, root) do
        {:ok, text} -> line_of_attribute(text, first_line(map))
        :error -> first_line(map)
      end
    end
  end

  # Newer versions of Elixir keep an annotation, with a column.
  defp first_line(%{line: line}), do: line
  defp first_line(%{anno: anno}), do: :erl_anno.line(anno)

  defp read_source(file, root) do
    with {:ok, file} <- Path.safe_relative(file),
         path = Path.join(root, file),
         true <- File.regular?(path),
         {:ok, text} <- File.read(path) do
      {:ok, text}
    else
      _unreadable -> :error
    end
  end

  defp line_of_attribute(text, default) do
    lines = String.split(text, "\n")

    case Enum.find_index(lines, &(&1 =~ ~r/^\s*@dialyzer\b/)) do
      nil -> if text =~ "dialyzer", do: default
      index -> index + 1
    end
  end

  @doc "The @spec of a function in Elixir's words, or nil."
  @spec spec([t()], mfa()) :: String.t() | nil
  def spec(modules, {module, name, arity}) do
    with %{debug_info: {:elixir, _module, _map, forms}} <-
           Enum.find(modules, &(&1.name == module)),
         [spec | _] <-
           for({:attribute, _, :spec, {{^name, ^arity}, [spec | _]}} <- forms, do: spec) do
      name |> Code.Typespec.spec_to_quoted(spec) |> Macro.to_string()
    else
      _no_spec -> nil
    end
  end

  @doc "The source below `root` of the `.beam` file at `path`, without its debug information."
  @spec source(Path.t(), Path.t()) :: Path.t()
  def source(path, root) do
    with {:ok, {_module, [compile_info: info]}} <-
           :beam_lib.chunks(String.to_charlist(path), [:compile_info]),
         source when is_list(source) <- Keyword.get(info, :source) do
      source |> List.to_string() |> Path.relative_to(root)
    else
      _unknown -> Path.basename(path)
    end
  end
end
