defmodule Practice.Analysis.Library do
  @moduledoc """
  A module that a solution uses, opened up: its functions, specs, types and callbacks one by one.

  Dialyzer's cost grows with the code it is given, and a solution uses a few functions of a module
  and not all. `slice/2` makes a module of just these.
  """

  alias Practice.Analysis.{DebugInfo, References}

  @enforce_keys [:debug_info, :definitions, :exports, :imports, :specs, :declarations]
  defstruct @enforce_keys

  @type function_id :: {atom(), arity()}

  @type t :: %__MODULE__{
          debug_info: DebugInfo.t(),
          definitions: %{function_id() => tuple()},
          exports: MapSet.t(function_id()),
          imports: %{function_id() => module()},
          specs: %{function_id() => tuple()},
          declarations: [tuple()]
        }

  # Attributes that declare types and callbacks. A slice keeps them all: they refer to one another.
  @declarations [
    :type,
    :opaque,
    :nominal,
    :export_type,
    :record,
    :callback,
    :optional_callbacks
  ]

  @doc """
  Opens `module`. Its file is looked for in `directories` first, then on the code path.

  A module that is not there or has no debug information is `:error`: Dialyzer takes what is unknown
  for anything.
  """
  @spec open(module(), [Path.t()]) :: {:ok, t()} | :error
  def open(module, directories) do
    with path when is_binary(path) <- find(module, directories),
         {:ok, debug_info} <- DebugInfo.read(path) do
      {:ok, take_apart(debug_info)}
    else
      _missing -> :error
    end
  end

  @doc "The `.beam` files in a directory, none where it is not there."
  @spec beams(Path.t()) :: [Path.t()]
  def beams(directory) do
    case File.ls(directory) do
      {:ok, files} ->
        for file <- Enum.sort(files),
            Path.extname(file) == ".beam",
            do: Path.join(directory, file)

      {:error, _reason} ->
        []
    end
  end

  @doc "The file of `module`, or nil."
  @spec find(module(), [Path.t()]) :: Path.t() | nil
  def find(module, directories) do
    file = "#{module}.beam"

    # A module's name can be any text, and here it may come from the learner.
    if String.contains?(file, ["/", "\0"]),
      do: nil,
      else: Enum.find_value(directories, &in_directory(&1, file)) || on_code_path(file)
  end

  defp in_directory(directory, file) do
    path = Path.join(directory, file)
    if File.regular?(path), do: path
  end

  defp on_code_path(file) do
    case :code.where_is_file(String.to_charlist(file)) do
      :non_existing -> nil
      path -> List.to_string(path)
    end
  end

  @doc "Whether `module` has this public function, as far as its file tells."
  @spec exports?(module(), function_id(), [Path.t()]) :: boolean()
  def exports?(module, id, directories) do
    with path when is_binary(path) <- find(module, directories),
         {:ok, {_module, [exports: exports]}} <-
           :beam_lib.chunks(String.to_charlist(path), [:exports]) do
      id in exports
    else
      _unknown -> false
    end
  end

  @doc "Whether `module` has this public type, as far as its file tells."
  @spec exports_type?(module(), {atom(), arity()}, [Path.t()]) :: boolean()
  def exports_type?(module, id, directories) do
    case open(module, directories) do
      {:ok, %__MODULE__{declarations: declarations}} ->
        exported = for {:attribute, _, :export_type, ids} <- declarations, id <- ids, do: id
        id in exported

      :error ->
        false
    end
  end

  defp take_apart({:elixir, _module, map, specs} = debug_info) do
    functions =
      for {_id, kind, _meta, _clauses} = function <- map.definitions,
          kind in [:def, :defp],
          do: function

    %__MODULE__{
      debug_info: debug_info,
      definitions: Map.new(functions, &{elem(&1, 0), &1}),
      exports: MapSet.new(for {id, :def, _meta, _clauses} <- functions, do: id),
      imports: %{},
      specs: specs_by_function(specs),
      declarations: declarations(specs)
    }
  end

  defp take_apart({:erlang, _module, forms} = debug_info) do
    %__MODULE__{
      debug_info: debug_info,
      definitions:
        for({:function, _, name, arity, _} = form <- forms, into: %{}, do: {{name, arity}, form}),
      exports: for({:attribute, _, :export, ids} <- forms, id <- ids, into: MapSet.new(), do: id),
      imports:
        for(
          {:attribute, _, :import, {module, ids}} <- forms,
          id <- ids,
          into: %{},
          do: {id, module}
        ),
      specs: specs_by_function(forms),
      declarations: declarations(forms)
    }
  end

  defp specs_by_function(forms) do
    for {:attribute, _, :spec, {id, _types}} = form <- forms, into: %{} do
      case id do
        {_module, name, arity} -> {{name, arity}, form}
        {name, arity} -> {{name, arity}, form}
      end
    end
  end

  defp declarations(forms) do
    for {:attribute, _, kind, _value} = form <- forms, kind in @declarations, do: form
  end

  @doc "The forms of one function, empty where there is none of this name."
  @spec function(t(), function_id()) :: [tuple()]
  def function(%__MODULE__{debug_info: {:elixir, _module, map, _specs}} = library, id) do
    case library.definitions do
      %{^id => definition} -> DebugInfo.functions(map, [definition])
      _none -> []
    end
  end

  def function(library, id), do: library.definitions |> Map.take([id]) |> Map.values()

  @doc "The forms that define the type `name` of `arity` parameters."
  @spec type(t(), atom(), arity()) :: [tuple()]
  def type(library, name, arity) do
    for {:attribute, _, kind, {^name, _type, parameters}} = form <- library.declarations,
        kind in [:type, :opaque, :nominal],
        length(parameters) == arity,
        do: form
  end

  @doc "The types that `form` refers to in its own module."
  @spec local_types(term()) :: [{atom(), arity()}]
  def local_types(form), do: form |> user_types([]) |> Enum.uniq()

  defp user_types({:user_type, _, name, args}, found) when is_list(args) do
    user_types(args, [{name, length(args)} | found])
  end

  defp user_types([head | tail], found), do: user_types(tail, user_types(head, found))

  defp user_types(tuple, found) when is_tuple(tuple),
    do: tuple |> Tuple.to_list() |> user_types(found)

  defp user_types(_leaf, found), do: found

  @doc "The forms of the callbacks that the module asks for."
  @spec callbacks(t()) :: [tuple()]
  def callbacks(library) do
    for {:attribute, _, :callback, _value} = form <- library.declarations, do: form
  end

  @doc "What a callback of `module` has to return, in Elixir's words, or nil."
  @spec callback_return(mfa(), [Path.t()]) :: String.t() | nil
  def callback_return({module, name, arity}, directories) do
    with {:ok, library} <- open(module, directories),
         [callback | _] <-
           for({:attribute, _, _, {{^name, ^arity}, [type | _]}} <- callbacks(library), do: type) do
      name |> Code.Typespec.spec_to_quoted(callback) |> return() |> Macro.to_string()
    else
      _unknown -> nil
    end
  end

  defp return({:when, _meta, [spec, _variables]}), do: return(spec)
  defp return({:"::", _meta, [_call, return]}), do: return

  @doc "The functions without which the declarations do not compile: records may call them."
  @spec declared_functions(t()) :: [function_id()]
  def declared_functions(library) do
    for {:attribute, _, :record, _value} = form <- library.declarations,
        {:local, name, arity} <- References.of(form),
        is_map_key(library.definitions, {name, arity}),
        do: {name, arity}
  end

  @doc "What a local reference of this module stands for."
  @spec resolve(t(), References.t()) :: References.t()
  def resolve(library, {:local, name, arity} = reference) do
    case library do
      %{definitions: %{{^name, ^arity} => _}} -> reference
      %{imports: %{{^name, ^arity} => module}} -> {:function, module, name, arity}
      _bif -> {:function, :erlang, name, arity}
    end
  end

  def resolve(_library, reference), do: reference

  @doc "The module with these functions and no others."
  @spec slice(t(), MapSet.t(function_id())) :: DebugInfo.t()
  def slice(%__MODULE__{debug_info: {:elixir, module, map, _specs}} = library, functions) do
    map =
      DebugInfo.replace(map,
        definitions: library.definitions |> Map.take(Enum.to_list(functions)) |> Map.values(),
        attributes: [],
        compile_opts: [],
        deprecated: [],
        unreachable: []
      )

    {:elixir, module, map, kept_specs(library, functions) ++ library.declarations}
  end

  def slice(%__MODULE__{debug_info: {:erlang, module, forms}} = library, functions) do
    exports = for id <- functions, id in library.exports, do: id

    head = [
      {:attribute, 1, :module, module},
      {:attribute, 1, :export, Enum.sort(exports)}
    ]

    imports = for {:attribute, _, :import, _} = form <- forms, do: form

    kept =
      for {:function, _, name, arity, _} = form <- forms, {name, arity} in functions, do: form

    {:erlang, module,
     head ++
       no_auto_import(forms) ++
       imports ++ library.declarations ++ kept_specs(library, functions) ++ kept ++ [{:eof, 1}]}
  end

  defp kept_specs(library, functions) do
    library.specs |> Map.take(Enum.to_list(functions)) |> Map.values()
  end

  defp no_auto_import(forms) do
    for {:attribute, line, :compile, options} <- forms,
        option <- List.wrap(options),
        match?({:no_auto_import, _}, option) or
          option in [:no_auto_import, :no_auto_import_types],
        do: {:attribute, line, :compile, option}
  end
end
