defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}), do: id |> Documents.get() |> run()

  defp run({:ok, %{text: nil} = document}),
    do: extracted(PdfText.extract(document.path), document)

  defp run({:ok, document}), do: saved(document)
  defp run({:error, :not_found}), do: {:cancel, :not_found}

  defp extracted({:ok, text}, %{id: id}), do: updated(Documents.update(id, %{text: text}))
  defp extracted({:error, :encrypted}, _document), do: {:cancel, :encrypted}
  defp extracted({:error, :timeout}, _document), do: {:error, :timeout}

  defp updated({:ok, document}), do: saved(document)
  defp updated({:error, :not_found}), do: {:cancel, :not_found}

  # Another process may watch the document: it hears of the text before the next job begins.
  defp saved(%{id: id}) do
    :ok = Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, :parse})
    Oban.insert(CvPipeline.Analyse.new(%{"document_id" => id}))
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}), do: id |> Documents.get() |> run()

  defp run({:ok, %{analysis: nil} = document}), do: analysed(Ai.analyse(document.text), document)
  defp run({:ok, document}), do: saved(document)
  defp run({:error, :not_found}), do: {:cancel, :not_found}

  defp analysed({:ok, map}, %{id: id}), do: updated(Documents.update(id, %{analysis: map}))
  defp analysed({:error, {:rate_limited, seconds}}, _document), do: {:snooze, seconds}
  defp analysed({:error, :timeout}, _document), do: {:error, :timeout}

  defp updated({:ok, document}), do: saved(document)
  defp updated({:error, :not_found}), do: {:cancel, :not_found}

  defp saved(%{id: id}) do
    message = {:step_done, id, :analyse}
    :ok = Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", message)
    Oban.insert(CvPipeline.CoverLetter.new(%{"document_id" => id}))
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}), do: id |> Documents.get() |> run()

  defp run({:ok, %{letter: nil} = document}) do
    written(Ai.cover_letter(document.analysis), document)
  end

  defp run({:ok, document}), do: saved(document)
  defp run({:error, :not_found}), do: {:cancel, :not_found}

  defp written({:ok, letter}, %{id: id}), do: updated(Documents.update(id, %{letter: letter}))
  defp written({:error, {:rate_limited, seconds}}, _document), do: {:snooze, seconds}
  defp written({:error, :timeout}, _document), do: {:error, :timeout}

  defp updated({:ok, document}), do: saved(document)
  defp updated({:error, :not_found}), do: {:cancel, :not_found}

  defp saved(%{id: id}) do
    message = {:step_done, id, :cover_letter}
    :ok = Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", message)
    Oban.insert(CvPipeline.Notify.new(%{"document_id" => id}))
  end
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}), do: id |> Documents.get() |> run()

  defp run({:ok, document}), do: delivered(Notifier.deliver(document.id), document)
  defp run({:error, :not_found}), do: {:cancel, :not_found}

  defp delivered({:error, :timeout}, _document), do: {:error, :timeout}

  defp delivered(:ok, %{id: id}) do
    Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, :notify})
  end
end
