defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  @impl Oban.Worker
  def perform(%{args: args}) do
    id = Map.fetch!(args, "document_id")

    id |> Documents.get() |> analyse() |> CvPipeline.finish(id, :analyse)
  end

  defp analyse({:ok, %{analysis: nil} = document}) do
    document.text |> Ai.analyse() |> save(document)
  end

  defp analyse(other), do: other

  defp save({:ok, analysis}, document) do
    Documents.update(document.id, %{analysis: analysis})
  end

  defp save(error, _document), do: error
end
