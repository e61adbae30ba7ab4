defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(%{args: args}) do
    id = Map.fetch!(args, "document_id")

    id |> Documents.get() |> deliver() |> CvPipeline.finish(id, :notify)
  end

  defp deliver({:ok, document}), do: Notifier.deliver(document.id)
  defp deliver(error), do: error
end
