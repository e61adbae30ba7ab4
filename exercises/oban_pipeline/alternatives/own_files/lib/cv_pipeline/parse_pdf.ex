defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(%{args: args}) do
    id = Map.fetch!(args, "document_id")

    id |> Documents.get() |> parse() |> CvPipeline.finish(id, :parse)
  end

  defp parse({:ok, %{text: nil} = document}) do
    document.path |> PdfText.extract() |> save(document)
  end

  defp parse(other), do: other

  defp save({:ok, text}, document), do: Documents.update(document.id, %{text: text})
  defp save(error, _document), do: error
end
