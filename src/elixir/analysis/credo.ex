defmodule Practice.Analysis.Credo do
  @moduledoc """
  Credo, strict, on the files of a solution.

  Credo is a package that is found at run time, so it is called by name. It gets a configuration of
  our own: neither the learner's `.credo.exs` nor any other on the way up to the root is read, since
  Credo evaluates them as code. What it prints is suppressed; the issues are taken from its execution.
  Comments that switch Credo off are heeded here, and reported elsewhere.
  """

  alias Practice.Analysis
  alias Practice.Analysis.{Atoms, Scratch}

  @doc "Runs Credo on `files` and sends a `credo_issue` for each issue."
  @spec run(map(), Analysis.emit()) :: Analysis.result()
  def run(%{root: root, files: files, paths: paths}, emit) do
    sources = Map.new(files, &{Path.expand(&1, root), &1})

    with :ok <- room(Map.keys(sources)),
         :ok <- start(paths),
         {:ok, execution} <- execute(Map.keys(sources)),
         :ok <- all_read(execution, sources) do
      Enum.each(issues(execution, sources), &emit.(:credo_issue, &1))
    end
  end

  defp room(paths) do
    paths
    |> Enum.map(&file_size/1)
    |> Enum.sum()
    |> Atoms.room_for_source()
  end

  defp file_size(path) do
    case File.stat(path) do
      {:ok, stat} -> stat.size
      {:error, _reason} -> 0
    end
  end

  defp start(paths) do
    Enum.each(paths, &:code.add_pathz(String.to_charlist(&1)))

    with {:module, _module} <- Code.ensure_loaded(Credo),
         {:ok, _started} <- Application.ensure_all_started(:credo) do
      :ok
    else
      {:error, reason} -> {:error, "Credo cannot be started: #{inspect(reason)}"}
    end
  end

  defp execute(paths) do
    Scratch.with_directory(fn directory ->
      config = Path.join(directory, "credo.exs")

      File.write!(
        config,
        inspect(configuration(paths), limit: :infinity, printable_limit: :infinity)
      )

      execution =
        run_silently([
          "suggest",
          "--strict",
          "--format",
          "oneline",
          "--config-file",
          config,
          "--working-dir",
          directory
        ])

      if execution.halted do
        {:error, "Credo stopped: #{inspect(execution.assigns)}"}
      else
        {:ok, execution}
      end
    end)
  end

  # What a throwaway project's `.credo.exs` says as well: Credo's defaults, of which only the files are
  # replaced, and time to read them on a busy machine.
  defp configuration(paths) do
    files = %{included: paths, excluded: []}
    %{configs: [%{name: "default", strict: true, parse_timeout: 60_000, files: files}]}
  end

  defp run_silently(argv) do
    GenServer.call(Credo.CLI.Output.Shell, {:suppress_output, true})
    call(Credo, :run, [argv])
  end

  # An issue list is evidence only for the files that Credo could read.
  defp all_read(execution, sources) do
    read =
      Credo.Execution
      |> call(:get_source_files, [execution])
      |> MapSet.new(&Path.expand(&1.filename))

    case Enum.find(sources, fn {path, _file} -> path not in read end) do
      nil -> :ok
      {_path, file} -> {:blocked, "#{file} does not parse"}
    end
  end

  defp issues(execution, sources) do
    Credo.Execution
    |> call(:get_issues, [execution])
    |> Enum.map(&issue(&1, sources))
    |> Enum.sort_by(&{&1.file, &1.line, &1.column || 0, &1.check})
  end

  defp issue(issue, sources) do
    %{
      check: inspect(issue.check),
      category: to_string(issue.category),
      file: Map.get(sources, Path.expand(issue.filename), issue.filename),
      line: issue.line_no,
      column: issue.column,
      message: IO.chardata_to_string(issue.message),
      trigger: trigger(issue.trigger),
      explanation: explanation(issue.check)
    }
  end

  defp trigger(trigger) when is_binary(trigger), do: trigger
  defp trigger(trigger) when is_atom(trigger) and not is_nil(trigger), do: to_string(trigger)
  defp trigger(_none), do: nil

  # The checks explain themselves in Markdown; the first paragraph says what they are about.
  defp explanation(check) do
    if function_exported?(check, :explanation, 0) do
      check.explanation()
      |> String.trim()
      |> String.split(~r/\n\s*\n/, parts: 2)
      |> hd()
      |> String.replace(~r/\s+/, " ")
    end
  end

  defp call(module, function, arguments), do: apply(module, function, arguments)
end
