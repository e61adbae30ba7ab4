defmodule Practice.Analysis.Written do
  @moduledoc """
  What a call of an Erlang function was in the source.

  Elixir's compiler turns calls such as `Process.send_after(pid, message, time)` into calls of Erlang,
  in part with other arguments, and Dialyzer sees only those.
  """

  # Where the arguments differ: the function as written, and which argument of Erlang's is which of its.
  @rewritten %{
    {:erlang, :atom_to_binary, 2} => {Atom, :to_string, [1]},
    {:erlang, :binary_to_atom, 2} => {String, :to_atom, [1]},
    {:erlang, :binary_to_existing_atom, 2} => {String, :to_existing_atom, [1]},
    {:erlang, :element, 2} => {Kernel, :elem, [2, 1]},
    {:erlang, :group_leader, 2} => {Process, :group_leader, [2, 1]},
    {:erlang, :is_map_key, 2} => {Kernel, :is_map_key, [2, 1]},
    {:erlang, :make_tuple, 2} => {Tuple, :duplicate, [2, 1]},
    {:erlang, :monitor, 2} => {Process, :monitor, [2]},
    {:erlang, :send_after, 3} => {Process, :send_after, [2, 3, 1]},
    {:erlang, :setelement, 3} => {Kernel, :put_elem, [2, 1, 3]},
    {:maps, :find, 2} => {Map, :fetch, [2, 1]},
    {:maps, :get, 2} => {Map, :fetch!, [2, 1]},
    {:maps, :is_key, 2} => {Map, :has_key?, [2, 1]},
    {:maps, :put, 3} => {Map, :put, [3, 1, 2]},
    {:maps, :remove, 2} => {Map, :delete, [2, 1]}
  }

  # Modules whose functions may stand for others with the same arguments.
  @inlining [Kernel, String, Integer, Float, Atom, List, Enum, Map, Tuple, Process, System, Node] ++
              [Port, Function, Bitwise]

  @doc "The module and function as written, and the positions of its arguments in Erlang's call."
  @spec call(module(), atom(), arity()) :: {module(), atom(), [pos_integer()]}
  def call(module, function, arity) do
    case @rewritten do
      %{{^module, ^function, ^arity} => written} -> written
      %{} -> inlined(module, function, arity)
    end
  end

  defp inlined(module, function, arity) do
    order = Enum.to_list(1..arity//1)

    case Enum.find_value(@inlining, &inlining(&1, {module, function}, arity)) do
      nil -> {module, function, order}
      {module, function} -> {module, function, order}
    end
  rescue
    _private_function_changed -> {module, function, Enum.to_list(1..arity//1)}
  end

  # Elixir's own list of what it inlines.
  defp inlining(module, erlang, arity) do
    Enum.find_value(module.__info__(:functions), fn {function, other_arity} ->
      if other_arity == arity and :elixir_rewrite.inline(module, function, arity) == erlang,
        do: {module, function}
    end)
  end
end
