defmodule Practice.Analysis.Dialyzer do
  @moduledoc """
  Dialyzer on the compiled solution.

  Three things happen: the learner's `.beam` files are copied without anything that could run code
  (`Practice.Analysis.Solution`), type information about what they use is found or built
  (`Practice.Analysis.Plt`), and OTP's Dialyzer compares the two. Its warnings are worded for people who
  read Elixir (`Practice.Analysis.Warning`).
  """

  alias Practice.Analysis
  alias Practice.Analysis.{DebugInfo, Library, Plt, Scratch, Solution, Warning}

  @doc "Loads Dialyzer's code in the background, while the VM waits for its first command."
  @spec preload() :: :ok
  def preload do
    spawn(fn ->
      Process.flag(:priority, :low)

      for application <- [:dialyzer, :compiler, :syntax_tools],
          _loaded = Application.load(application),
          module <- Application.spec(application, :modules) || [],
          do: Code.ensure_loaded(module)
    end)

    :ok
  end

  @doc "Analyses the `.beam` files in `ebin` and sends `plt` and a `dialyzer_warning` for each warning."
  @spec run(map(), Analysis.emit()) :: Analysis.result()
  def run(command, emit) do
    # Dialyzer's own configuration file can change what it warns about, and the code path.
    System.put_env("DIALYZER_CONFIG", "/dev/null")

    # Only read, never loaded: Dialyzer and our own modules look for files on the code path.
    :ok = command.packages |> Enum.map(&String.to_charlist/1) |> :code.add_pathsz()

    with :ok <- installed(),
         {:ok, modules} <- open(command, emit),
         {:ok, warnings} <- analyse(modules, command, emit) do
      warnings
      |> Warning.events(modules, command.code_paths)
      |> Enum.each(&emit.(:dialyzer_warning, &1))
    end
  end

  defp installed do
    case Application.load(:dialyzer) do
      {:error, {:already_loaded, :dialyzer}} -> :ok
      :ok -> :ok
      {:error, _reason} -> {:missing, "OTP came without Dialyzer; see `practice doctor`"}
    end
  end

  defp open(%{ebin: ebin, root: root}, emit) do
    case Library.beams(ebin) do
      [] -> {:blocked, "the solution has no module"}
      beams -> Enum.reduce_while(beams, {:ok, []}, &open(&1, &2, root, emit))
    end
  end

  # Findings about a file itself are sent at once; the modules are what is left to analyse.
  defp open(beam, {:ok, modules}, root, emit) do
    case Solution.open(beam, root) do
      {:ok, module} ->
        Enum.each(Warning.suppression(module), &emit.(:dialyzer_warning, &1))
        {:cont, {:ok, [module | modules]}}

      {:error, :missing} ->
        emit.(:dialyzer_warning, Warning.no_debug_info(beam, root))
        {:cont, {:ok, modules}}

      {:error, reason} ->
        {:halt, {:error, reason}}
    end
  end

  defp analyse([], _command, _emit), do: {:ok, []}

  defp analyse(modules, command, emit) do
    Scratch.with_directory(fn directory ->
      files = Enum.map(modules, &DebugInfo.write(&1.debug_info, directory))

      with {:error, _damaged} <- analyse(files, modules, command, emit),
           do: analyse(files, modules, command, emit)
    end)
  end

  # A cached PLT that fails is discarded, so that a second attempt builds it anew.
  defp analyse(files, modules, command, emit) do
    %{plt_dir: plt_dir, code_paths: given} = command
    announce = fn modules, cached -> emit.(:plt, %{modules: modules, cached: cached}) end

    with {:ok, plt} <- modules |> references() |> Plt.ensure(given, plt_dir, announce),
         {:error, reason} <- check(files, plt) do
      Plt.discard(plt)
      {:error, reason}
    end
  end

  defp references(modules) do
    own = MapSet.new(modules, & &1.name)

    modules
    |> Enum.flat_map(& &1.references)
    |> Enum.reject(&(elem(&1, 1) in own))
    |> Enum.uniq()
  end

  defp check(files, plt) do
    options = [
      analysis_type: :succ_typings,
      init_plt: String.to_charlist(plt.path),
      check_plt: false,
      # As Dialyxir does, whatever this Dialyzer's default is.
      warnings: [:unknown],
      files: Enum.map(files, &String.to_charlist/1)
    ]

    {:ok, :dialyzer.run(options)}
  catch
    _kind, {:dialyzer_error, message} -> {:error, message |> IO.chardata_to_string() |> failure()}
  end

  # There is code that makes Dialyzer raise: with OTP 25 `elem(pair, 2)` of what is known to be a pair.
  defp failure("Analysis failed with error" <> details) do
    case Regex.run(~r/\{(dialyzer_\w+|erl_\w+),(\w+),\d+,/, details, capture: :all_but_first) do
      [module, function] -> "Dialyzer itself fails on this code, in #{module}:#{function}"
      nil -> "Dialyzer itself fails on this code: #{String.trim(details, ":\n")}"
    end
  end

  defp failure(message), do: message
end
