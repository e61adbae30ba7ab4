defmodule Practice.Analysis.DebugInfo do
  @moduledoc """
  Reads the debug information of `.beam` files, and writes files that hold nothing else.

  Only the chunk is decoded; no code is loaded. Dialyzer asks the module that the chunk names as its
  backend for the code, so the two backends of Elixir and Erlang are the only ones that pass.
  """

  alias Practice.Analysis.Atoms

  @chunk ~c"Dbgi"

  @typedoc "A module as its compiler left it: `elixir_erl` with its map, or Erlang's abstract code."
  @type t ::
          {:elixir, module(), map :: map(), specs :: [tuple()]}
          | {:erlang, module(), forms :: [tuple()]}

  @doc "The debug information in a file of the learner's, provided that its atoms fit."
  @spec read_untrusted(Path.t()) :: {:ok, t()} | {:error, :missing | String.t()}
  def read_untrusted(path) do
    with {:ok, module, chunk} <- chunk(path),
         :ok <- Atoms.room_for_term(decoded_size(chunk)) do
      decode(module, chunk)
    end
  end

  @doc "The debug information in the file of a library."
  @spec read(Path.t()) :: {:ok, t()} | {:error, :missing}
  def read(path) do
    with {:ok, module, chunk} <- chunk(path), do: decode(module, chunk)
  end

  defp chunk(path) do
    case :beam_lib.chunks(String.to_charlist(path), [@chunk]) do
      {:ok, {module, [{_id, chunk}]}} -> {:ok, module, chunk}
      {:error, :beam_lib, _reason} -> {:error, :missing}
    end
  end

  # A compressed term says how large it will be.
  defp decoded_size(<<131, 80, size::32, _compressed::binary>>), do: size
  defp decoded_size(chunk), do: byte_size(chunk)

  defp decode(module, chunk) do
    case :erlang.binary_to_term(chunk) do
      {:debug_info_v1, :elixir_erl, {:elixir_v1, %{module: ^module} = map, specs}}
      when is_list(specs) ->
        {:ok, {:elixir, module, map, specs}}

      {:debug_info_v1, :erl_abstract_code, {forms, _options}} when is_list(forms) ->
        {:ok, {:erlang, module, forms}}

      _other ->
        {:error, :missing}
    end
  rescue
    ArgumentError -> {:error, :missing}
  end

  @doc "Writes a `.beam` file without code into `directory`, for Dialyzer to read, and returns its path."
  @spec write(t(), Path.t()) :: Path.t()
  def write(debug_info, directory) do
    module = elem(debug_info, 1)

    {:ok, ^module, stub} =
      :compile.forms([{:attribute, :erl_anno.new(1), :module, module}], [:deterministic])

    {:ok, ^module, chunks} = :beam_lib.all_chunks(stub)
    chunks = List.keystore(chunks, @chunk, 0, {@chunk, encode(debug_info)})
    {:ok, beam} = :beam_lib.build_module(chunks)
    path = Path.join(directory, "#{module}.beam")
    File.write!(path, beam)
    path
  end

  defp encode({:elixir, _module, map, specs}) do
    :erlang.term_to_binary({:debug_info_v1, :elixir_erl, {:elixir_v1, map, specs}})
  end

  defp encode({:erlang, _module, forms}) do
    :erlang.term_to_binary({:debug_info_v1, :erl_abstract_code, {forms, []}})
  end

  @doc "The map of an Elixir module with some of its values changed, as far as this Elixir has them."
  @spec replace(map(), keyword()) :: map()
  def replace(map, changes) do
    changes |> Map.new() |> Map.take(Map.keys(map)) |> Enum.into(map)
  end

  @doc "Whether Dialyzer can make code of it."
  @spec compiles?(t()) :: boolean()
  def compiles?({:elixir, module, map, specs}) do
    match?({:ok, _core}, :elixir_erl.debug_info(:core_v1, module, {:elixir_v1, map, specs}, []))
  end

  def compiles?({:erlang, module, forms}) do
    match?({:ok, _core}, :erl_abstract_code.debug_info(:core_v1, module, {forms, []}, []))
  end

  @doc """
  The Erlang form of each of the given definitions of an Elixir module.

  Elixir's own backend translates them; it reads the definitions and runs nothing of them.
  """
  @spec functions(map(), [tuple()]) :: [tuple()]
  def functions(%{module: module} = map, definitions) do
    map = replace(map, definitions: definitions, attributes: [])
    {:ok, forms} = :elixir_erl.debug_info(:erlang_v1, module, {:elixir_v1, map, []}, [])

    for {:function, _line, name, arity, _clauses} = form <- forms,
        {name, arity} != {:__info__, 1},
        do: form
  end
end
