defmodule Practice.Analysis.Slices do
  @moduledoc """
  What a solution uses of other modules, followed as far as a check needs it.

  From the functions that the solution calls it goes to the functions these need in their own module,
  and to every type that the specs on the way mention. A call into yet another module is followed only
  from a function without a spec: where there is one, it says what callers may give and get. The result
  holds some dozen functions where the whole modules would hold thousands, so type information is
  built in a fraction of a second.
  """

  alias Practice.Analysis.{DebugInfo, Library, References}

  # How often a call from module to module is followed. What lies beyond is unknown, thus anything.
  @depth 2

  # With so many functions there is no need to go further, and it would take long.
  @enough 300

  @type t :: %{module() => {Library.t(), MapSet.t(Library.function_id())}}

  @doc "The slices that the `roots` need. Modules are looked for in `directories` and on the code path."
  @spec of([References.t()], [Path.t()]) :: t()
  def of(roots, directories) do
    %{directories: directories, libraries: %{}, functions: %{}, types: MapSet.new(), calls: []}
    |> visit_all(roots)
    |> follow_calls(@depth)
    |> slices()
  end

  @doc "Writes the slices as `.beam` files into `directory`."
  @spec write(t(), Path.t()) :: [Path.t()]
  def write(slices, directory) do
    for {_module, {library, functions}} <- slices do
      library |> Library.slice(functions) |> DebugInfo.write(directory)
    end
  end

  @doc "The same, with whole modules in the place of slices that do not compile."
  @spec write_checked(t(), Path.t(), [Path.t()]) :: [Path.t()]
  def write_checked(slices, directory, directories) do
    for {module, {library, functions}} <- slices do
      slice = Library.slice(library, functions)

      if DebugInfo.compiles?(slice),
        do: DebugInfo.write(slice, directory),
        else: Library.find(module, directories)
    end
  end

  defp slices(state) do
    for {module, %Library{} = library} <- state.libraries, into: %{} do
      functions = for {{^module, name, arity}, _follow?} <- state.functions, do: {name, arity}
      {module, {library, MapSet.new(functions)}}
    end
  end

  defp follow_calls(state, 0), do: state
  defp follow_calls(state, _depth) when map_size(state.functions) > @enough, do: state

  defp follow_calls(%{calls: calls} = state, depth) do
    %{state | calls: []} |> visit_all(Enum.uniq(calls)) |> follow_calls(depth - 1)
  end

  defp visit_all(state, references), do: Enum.reduce(references, state, &visit(&2, &1))

  defp visit(state, {:function, module, name, arity}) do
    case library(state, module) do
      {nil, state} -> state
      {library, state} -> visit_function(state, library, {module, name, arity}, true)
    end
  end

  defp visit(state, {:type, module, name, arity}) do
    type = {module, name, arity}

    if type in state.types do
      state
    else
      case library(%{state | types: MapSet.put(state.types, type)}, module) do
        {nil, state} -> state
        {library, state} -> visit_types(state, module, Library.type(library, name, arity))
      end
    end
  end

  defp visit(state, {:behaviour, module}) do
    case library(state, module) do
      {nil, state} -> state
      {library, state} -> visit_types(state, module, Library.callbacks(library))
    end
  end

  # A private function may be reached from one function with a spec and from another without.
  defp visit_function(state, library, {module, name, arity} = function, follow?) do
    spec = Map.take(library.specs, [{name, arity}])
    follow? = follow? and spec == %{}
    known = state.functions[function]

    if known == true or known == follow? or not Map.has_key?(library.definitions, {name, arity}) do
      state
    else
      %{state | functions: Map.put(state.functions, function, follow?)}
      |> visit_types(module, Map.values(spec))
      |> visit_body(library, function, follow?)
    end
  end

  defp visit_body(state, library, {module, name, arity}, follow?) do
    library
    |> Library.function({name, arity})
    |> References.of()
    |> Enum.map(&Library.resolve(library, &1))
    |> Enum.reduce(state, fn
      {:local, name, arity}, state ->
        visit_function(state, library, {module, name, arity}, follow?)

      {:function, _, _, _} = call, state when follow? ->
        %{state | calls: [call | state.calls]}

      _other, state ->
        state
    end)
  end

  defp visit_types(state, module, forms) do
    local = for {name, arity} <- Library.local_types(forms), do: {:type, module, name, arity}
    remote = for {:type, _, _, _} = type <- References.of(forms), do: type
    visit_all(state, local ++ remote)
  end

  defp library(%{libraries: libraries} = state, module) when is_map_key(libraries, module) do
    {Map.fetch!(libraries, module), state}
  end

  defp library(state, module) do
    case Library.open(module, state.directories) do
      {:ok, library} ->
        state = put_in(state.libraries[module], library)
        {library, visit_declared(state, module, library)}

      :error ->
        {nil, put_in(state.libraries[module], nil)}
    end
  end

  defp visit_declared(state, module, library) do
    library
    |> Library.declared_functions()
    |> Enum.reduce(state, fn {name, arity}, state ->
      visit_function(state, library, {module, name, arity}, false)
    end)
  end
end
