defmodule Practice.Analysis.References do
  @moduledoc """
  What a piece of code refers to: functions, types and behaviours, found in its Erlang forms.

  | reference             | meaning                                              |
  |-----------------------|------------------------------------------------------|
  | `{:function, m, f, a}`| a function of another module, called or captured     |
  | `{:local, f, a}`      | a function of the same module, an import or a BIF    |
  | `{:any_module, f, a}` | a call whose module is only known when it runs       |
  | `{:type, m, t, a}`    | a type of another module                             |
  | `{:behaviour, m}`     | a behaviour that the module implements               |
  """

  @type t ::
          {:function, module(), atom(), arity()}
          | {:local, atom(), arity()}
          | {:any_module, atom(), arity()}
          | {:type, module(), atom(), arity()}
          | {:behaviour, module()}

  @doc "The references in a form, a list of forms or a part of one, each once."
  @spec of(term()) :: [t()]
  def of(forms), do: forms |> walk([]) |> Enum.uniq()

  defp walk({:call, _, {:remote, _, module, {:atom, _, name}}, args}, found) when is_list(args) do
    walk(args, walk(module, called(module, name, length(args), found)))
  end

  defp walk({:call, _, {:atom, _, name}, args}, found) when is_list(args) do
    walk(args, [{:local, name, length(args)} | found])
  end

  defp walk(
         {:fun, _, {:function, {:atom, _, module}, {:atom, _, name}, {:integer, _, arity}}},
         found
       ) do
    [{:function, module, name, arity} | found]
  end

  defp walk({:fun, _, {:function, name, arity}}, found) when is_atom(name) do
    [{:local, name, arity} | found]
  end

  defp walk({:remote_type, _, [{:atom, _, module}, {:atom, _, name}, args]}, found)
       when is_list(args) do
    walk(args, [{:type, module, name, length(args)} | found])
  end

  defp walk({:attribute, _, behaviour, module}, found)
       when behaviour in [:behaviour, :behavior] and is_atom(module) do
    [{:behaviour, module} | found]
  end

  defp walk([head | tail], found), do: walk(tail, walk(head, found))
  defp walk(tuple, found) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> walk(found)
  defp walk(_leaf, found), do: found

  defp called({:atom, _, module}, name, arity, found),
    do: [{:function, module, name, arity} | found]

  defp called(_unknown, name, arity, found), do: [{:any_module, name, arity} | found]

  @doc "The module names that occur as values: what a call of an unknown module may be a call of."
  @spec module_names(term()) :: [module()]
  def module_names(forms), do: forms |> names([]) |> Enum.uniq()

  defp names({:atom, _, name}, found) when is_atom(name) do
    if String.starts_with?(Atom.to_string(name), "Elixir."), do: [name | found], else: found
  end

  defp names([head | tail], found), do: names(tail, names(head, found))
  defp names(tuple, found) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> names(found)
  defp names(_leaf, found), do: found
end
