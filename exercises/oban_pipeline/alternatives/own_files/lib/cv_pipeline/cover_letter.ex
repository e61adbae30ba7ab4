defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(%{args: args}) do
    id = Map.fetch!(args, "document_id")

    id |> Documents.get() |> write() |> CvPipeline.finish(id, :cover_letter)
  end

  defp write({:ok, %{letter: nil} = document}) do
    document.analysis |> Ai.cover_letter() |> save(document)
  end

  defp write(other), do: other

  defp save({:ok, letter}, document) do
    Documents.update(document.id, %{letter: letter})
  end

  defp save(error, _document), do: error
end
