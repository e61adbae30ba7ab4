defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter. Services are called in tasks that may take a minute.
  """

  @limit :timer.minutes(1)

  @doc "Calls a service. One that takes too long is a `:timeout`."
  @spec limited((... -> term())) :: term()
  def limited(service) do
    task = Task.async(service)

    case Task.yield(task, @limit) || Task.shutdown(task) do
      {:ok, answer} -> answer
      nil -> {:error, :timeout}
    end
  end

  @doc "Goes on to the next worker."
  @spec continue(integer(), atom(), module()) :: Oban.Worker.result()
  def continue(id, step, next) do
    case Oban.insert(next.new(%{document_id: id})) do
      {:ok, _job} -> tell(id, step)
      {:error, reason} -> {:error, reason}
    end
  end

  @doc "Broadcasts that a step is done."
  @spec tell(integer(), atom()) :: :ok
  def tell(id, step) do
    task =
      Task.async(fn ->
        Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})
      end)

    Task.await(task)
  end

  @doc "What to do after an answer that was no success."
  @spec otherwise(term()) :: Oban.Worker.result()
  def otherwise({:error, :timeout}), do: {:error, :timeout}
  def otherwise({:error, {:rate_limited, seconds}}), do: {:snooze, seconds}
  def otherwise({:error, reason}), do: {:cancel, reason}
  def otherwise(other), do: {:error, {:unexpected, other}}
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, %{text: nil} = document} <- Documents.get(id),
         {:ok, text} <- CvPipeline.limited(fn -> PdfText.extract(document.path) end),
         {:ok, _document} <- Documents.update(id, %{text: text}) do
      CvPipeline.continue(id, :parse, CvPipeline.Analyse)
    else
      {:ok, %{text: _text}} -> CvPipeline.continue(id, :parse, CvPipeline.Analyse)
      other -> CvPipeline.otherwise(other)
    end
  end

  @impl Oban.Worker
  def timeout(%Oban.Job{}), do: :timer.minutes(2)
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, %{analysis: nil} = document} <- Documents.get(id),
         {:ok, analysis} <- CvPipeline.limited(fn -> Ai.analyse(document.text) end),
         {:ok, _document} <- Documents.update(id, %{analysis: analysis}) do
      CvPipeline.continue(id, :analyse, CvPipeline.CoverLetter)
    else
      {:ok, %{analysis: _}} -> CvPipeline.continue(id, :analyse, CvPipeline.CoverLetter)
      other -> CvPipeline.otherwise(other)
    end
  end

  @impl Oban.Worker
  def timeout(%Oban.Job{}), do: :timer.minutes(2)

  @impl Oban.Worker
  def backoff(%Oban.Job{attempt: attempt}), do: 10 * attempt
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, %{letter: nil} = document} <- Documents.get(id),
         {:ok, letter} <- CvPipeline.limited(fn -> Ai.cover_letter(document.analysis) end),
         {:ok, _document} <- Documents.update(id, %{letter: letter}) do
      CvPipeline.continue(id, :cover_letter, CvPipeline.Notify)
    else
      {:ok, %{letter: _letter}} -> CvPipeline.continue(id, :cover_letter, CvPipeline.Notify)
      other -> CvPipeline.otherwise(other)
    end
  end

  @impl Oban.Worker
  def timeout(%Oban.Job{}), do: :timer.minutes(2)
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, _document} <- Documents.get(id),
         :ok <- CvPipeline.limited(fn -> Notifier.deliver(id) end) do
      CvPipeline.tell(id, :notify)
    else
      other -> CvPipeline.otherwise(other)
    end
  end
end
