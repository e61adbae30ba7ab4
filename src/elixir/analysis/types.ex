defmodule Practice.Analysis.Types do
  @moduledoc """
  Rewrites types and patterns from Dialyzer's notation, which is Erlang's, into Elixir's.

      iex> Practice.Analysis.Types.type("{'ok',[integer()]} | 'nil'")
      "{:ok, [integer()]} | nil"

  The text is cut into tokens, parsed and printed anew, and no atom is created on the way. Text that
  is not understood is returned as it is: a message in the wrong notation is better than none.
  """

  alias Practice.Analysis.Types.{Parser, Printer}

  @typedoc "One alternative of a function's type."
  @type signature :: %{arguments: [String.t()], return: String.t()}

  @doc "A type. `module` is where it comes from: it qualifies types without a module in the text."
  @spec type(String.t(), module() | nil) :: String.t()
  def type(text, module \\ nil), do: rewrite(text, %{module: module, kind: :type})

  @doc "A value or a pattern."
  @spec value(String.t()) :: String.t()
  def value(text), do: rewrite(text, %{module: nil, kind: :value})

  # Dialyzer unfolds types that refer to themselves once.
  @unfolded %{
    "binary() | maybe_improper_list(binary() | maybe_improper_list(any(),binary() | []) | byte(),binary() | [])" =>
      "iodata()",
    "binary() | maybe_improper_list(binary() | maybe_improper_list(any(),binary() | []) | char(),binary() | [])" =>
      "'Elixir.IO':chardata()"
  }

  defp folded(text) do
    Enum.reduce(@unfolded, text, fn {long, short}, text -> String.replace(text, long, short) end)
  end

  defp rewrite(text, context) do
    case Parser.type(folded(text)) do
      {:ok, tree} -> Printer.print(tree, context)
      :error -> text
    end
  end

  @doc "The types in a text such as `(integer(),_)`; empty where it is not understood."
  @spec types(String.t()) :: [String.t()]
  def types(text), do: each(text, :type)

  @doc "The values in a text such as `('ok',_user@1::binary())`; empty where it is not understood."
  @spec values(String.t()) :: [String.t()]
  def values(text), do: each(text, :value)

  defp each(text, kind) do
    case Parser.arguments(folded(text)) do
      {:ok, trees} -> Enum.map(trees, &Printer.print(&1, %{module: nil, kind: kind}))
      :error -> []
    end
  end

  @doc "How many arguments a function of this type takes; nil where that is not known."
  @spec arity(String.t()) :: arity() | nil
  def arity(text) do
    case Parser.type(text) do
      {:ok, {:fun, arguments, _return}} when is_list(arguments) -> length(arguments)
      _unknown -> nil
    end
  end

  @doc "The alternatives of a function's type, `(a) -> b; (c) -> d when …`; empty where not understood."
  @spec signatures(String.t(), module() | nil) :: [signature()]
  def signatures(text, module \\ nil) do
    context = %{module: module, kind: :type}

    case Parser.signatures(text) do
      {:ok, signatures} -> Enum.map(signatures, &print_signature(&1, context))
      :error -> []
    end
  end

  defp print_signature({arguments, return}, context) do
    %{
      arguments: Enum.map(arguments, &Printer.print(&1, context)),
      return: Printer.print(return, context)
    }
  end

  @doc "A signature on one line: `(integer()) :: :ok`."
  @spec signature(signature()) :: String.t()
  def signature(%{arguments: arguments, return: return}) do
    "(#{Enum.join(arguments, ", ")}) :: #{return}"
  end
end
