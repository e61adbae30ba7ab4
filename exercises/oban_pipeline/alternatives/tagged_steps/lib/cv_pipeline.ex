defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter. Each answer is tagged with where it comes from.
  """

  @doc "Says what a failure means, by the place where it came up."
  @spec failed(atom(), term()) :: Oban.Worker.result()
  def failed(place, {:error, :not_found}) when place in [:get, :update], do: {:cancel, place}
  def failed(:service, {:error, :encrypted}), do: {:cancel, :encrypted}
  def failed(:service, {:error, {:rate_limited, seconds}}), do: {:snooze, seconds}
  def failed(place, {:error, reason}), do: {:error, {place, reason}}

  @doc "Broadcasts that a step is done."
  @spec done(integer(), atom()) :: :ok | {:error, term()}
  def done(id, step) do
    id |> topic() |> broadcast({:step_done, id, step})
  end

  defp topic(id), do: "document:#{id}"
  defp broadcast(topic, message), do: Phoenix.PubSub.broadcast(CvPipeline.PubSub, topic, message)
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  import CvPipeline

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:get, {:ok, document}} <- {:get, Documents.get(id)},
         {:service, {:ok, text}} <- {:service, text_of(document)},
         {:update, {:ok, _document}} <- {:update, Documents.update(id, %{text: text})},
         {:enqueue, {:ok, _job}} <- {:enqueue, enqueue_next(id)} do
      done(id, :parse)
    else
      {place, failure} -> failed(place, failure)
    end
  end

  defp text_of(document) do
    if document.text, do: {:ok, document.text}, else: PdfText.extract(document.path)
  end

  defp enqueue_next(id), do: %{document_id: id} |> CvPipeline.Analyse.new() |> Oban.insert()
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  import CvPipeline

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:get, {:ok, document}} <- {:get, Documents.get(id)},
         {:service, {:ok, analysis}} <- {:service, analysis_of(document)},
         {:update, {:ok, _document}} <- {:update, Documents.update(id, %{analysis: analysis})},
         {:enqueue, {:ok, _job}} <- {:enqueue, enqueue_next(id)} do
      done(id, :analyse)
    else
      {place, failure} -> failed(place, failure)
    end
  end

  defp analysis_of(document) do
    if document.analysis, do: {:ok, document.analysis}, else: Ai.analyse(document.text)
  end

  defp enqueue_next(id), do: %{document_id: id} |> CvPipeline.CoverLetter.new() |> Oban.insert()
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  import CvPipeline

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:get, {:ok, document}} <- {:get, Documents.get(id)},
         {:service, {:ok, letter}} <- {:service, letter_of(document)},
         {:update, {:ok, _document}} <- {:update, Documents.update(id, %{letter: letter})},
         {:enqueue, {:ok, _job}} <- {:enqueue, enqueue_next(id)} do
      done(id, :cover_letter)
    else
      {place, failure} -> failed(place, failure)
    end
  end

  defp letter_of(document) do
    if document.letter, do: {:ok, document.letter}, else: Ai.cover_letter(document.analysis)
  end

  defp enqueue_next(id), do: %{document_id: id} |> CvPipeline.Notify.new() |> Oban.insert()
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  import CvPipeline

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:get, {:ok, _document}} <- {:get, Documents.get(id)},
         {:service, :ok} <- {:service, Notifier.deliver(id)} do
      done(id, :notify)
    else
      {place, failure} -> failed(place, failure)
    end
  end
end
