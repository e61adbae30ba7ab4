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
      location = Macro.Env.location(__ENV__)

      {:module, ^module, _beam, _} =
        Module.create(module, contents(name, rem(index, 2) == 1), location)

      {module, name}
    end
  end

  # ExUnit asks an attribute whether a module is asynchronous, and from 1.18 on the module's config.
  defp contents(name, async?) do
    quote do
      @moduledoc false

      alias Practice.Controls

      Module.register_attribute(__MODULE__, :ex_unit_async, persist: true)
      @ex_unit_async unquote(async?)

      def __ex_unit__, do: Controls.test_module(__MODULE__, unquote(name))
      def __ex_unit__(:config), do: Controls.config(unquote(async?))
      def __ex_unit__(callback, context), do: Controls.__ex_unit__(callback, context)

      unquote_splicing(Enum.map(@ways, &test_function(name, &1)))
    end
  end

  defp test_function(name, way) do
    quote do
      def unquote(test_name(name, way))(context) do
        Controls.unquote(:"test #{way}")(context)
      end
    end
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
  @spec config(boolean()) :: map()
  def config(async?), do: %{apply(__MODULE__, :__ex_unit__, [:config]) | async?: async?}
end
