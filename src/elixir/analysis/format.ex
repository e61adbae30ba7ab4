defmodule Practice.Analysis.Format do
  @moduledoc """
  What `mix format` would write, with the formatter's default options.

  The learner's `.formatter.exs` is not read: it is code, and a check judges everyone alike.
  """

  alias Practice.Analysis
  alias Practice.Analysis.Atoms

  @doc "Formats each file and sends `formatted` or `format_failed`."
  @spec run(map(), Analysis.emit()) :: Analysis.result()
  def run(%{root: root, files: files}, emit) do
    Enum.reduce_while(files, :ok, fn file, :ok ->
      case format(Path.join(root, file), file, emit) do
        :ok -> {:cont, :ok}
        {:error, _reason} = error -> {:halt, error}
      end
    end)
  end

  defp format(path, file, emit) do
    with {:ok, source} <- read(path),
         :ok <- Atoms.room_for_source(byte_size(source)) do
      emit_formatted(source, file, emit)
    end
  end

  defp read(path) do
    with {:error, reason} <- File.read(path) do
      {:error, "cannot read #{path}: #{:file.format_error(reason)}"}
    end
  end

  defp emit_formatted(source, file, emit) do
    text = IO.iodata_to_binary([Code.format_string!(source), ?\n])
    emit.(:formatted, %{file: file, text: text})
  rescue
    error -> emit.(:format_failed, failure(error, file))
  end

  # Syntax errors carry a line and a description; their message repeats the source around it.
  defp failure(error, file) do
    %{
      file: file,
      line: Map.get(error, :line),
      message: Map.get_lazy(error, :description, fn -> Exception.message(error) end)
    }
  end
end
