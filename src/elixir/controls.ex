defmodule Practice.Controls do
  @moduledoc """
  Tests that must fail.

  If one of them passes, the solution has interfered with ExUnit, and no other test can be believed
  either. `practice` draws their names, so they differ from run to run. Each name becomes a test
  module with one test for every way to fail.

  What those tests do is compiled ahead of time: it is in this module, a template that is itself
  never run. Compiling it anew for each name would take longer than everything else does.
  """

  use ExUnit.Case

  test "assert", context do
    assert context[:no_such_key]
  end

  test "compare", context do
    assert map_size(context) == -1
  end

  test "match", context do
    assert {:ok, _value} = Map.fetch(context, :no_such_key)
  end

  test "raise", context do
    raise ArgumentError, "a context of #{map_size(context)} keys"
  end

  @ways ~w(assert compare match raise)

  @doc """
  Defines a test module for each name. Returns the modules and their names, in order.

  Every other module is asynchronous: ExUnit runs those first, so some control is near every test,
  whatever kind of test modules the exercise has.
  """
  @spec define([String.t()]) :: [{module(), String.t()}]
  def define(names) do
    for {name, index} <- Enum.with_index(names) do
      module = Module.concat(["T" <> Base.encode16(:erlang.md5(name)) <> "Test"])
      {:ok, ^module, beam} = :compile.noenv_forms(forms(module, name, rem(index, 2) == 1), [])
      {:module, ^module} = :code.load_binary(module, ~c"", beam)
      {module, name}
    end
  end

  # In Erlang's abstract format: Elixir takes five times as long to define a module. ExUnit asks an
  # attribute whether a module is asynchronous, and from 1.18 on the module's config.
  defp forms(module, name, async?) do
    tests = for way <- @ways, do: {test_name(name, way), 1, :"test #{way}", []}

    functions = [
      {:__ex_unit__, 0, :test_module, [module, name]},
      {:__ex_unit__, 1, :config, [async?]},
      {:__ex_unit__, 2, :__ex_unit__, []},
      {:__info__, 1, :info, [async?]} | tests
    ]

    exports = for {function, arity, _, _} <- functions, do: {function, arity}

    [{:attribute, 1, :module, module}, {:attribute, 1, :export, exports}] ++
      Enum.map(functions, &delegate/1)
  end

  # A function that calls one of this module, with `first` before its own arguments.
  defp delegate({function, arity, target, first}) do
    args = for number <- Enum.take(1..2, arity), do: {:var, 1, :"A#{number}"}
    callee = {:remote, 1, {:atom, 1, __MODULE__}, {:atom, 1, target}}
    call = {:call, 1, callee, Enum.map(first, &:erl_parse.abstract(&1, 1)) ++ args}
    {:function, 1, function, arity, [{:clause, 1, args, [], [call]}]}
  end

  defp test_name(name, way), do: :"test #{name} #{way}"

  @doc false
  @spec test_module(module(), String.t()) :: ExUnit.TestModule.t()
  def test_module(module, name) do
    template = __ex_unit__()
    %{template | name: module, tests: Enum.map(template.tests, &rename(&1, module, name))}
  end

  defp rename(test, module, name) do
    "test " <> way = Atom.to_string(test.name)
    %{test | case: module, module: module, name: test_name(name, way)}
  end

  @doc false
  @spec config(boolean(), :config) :: map()
  def config(async?, :config), do: %{apply(__MODULE__, :__ex_unit__, [:config]) | async?: async?}

  @doc false
  @spec info(boolean(), atom()) :: term()
  def info(async?, :attributes), do: [ex_unit_async: [async?]]
  def info(_async?, _other), do: []
end
