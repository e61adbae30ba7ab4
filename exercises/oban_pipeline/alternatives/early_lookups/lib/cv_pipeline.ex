defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter. Each worker sorts out what it may do before it does it.
  """

  @doc "The document of a job, or the result that ends the job."
  @spec document(Oban.Job.t()) :: {:ok, map()} | {:cancel, String.t()}
  def document(%Oban.Job{args: %{"document_id" => id}}) do
    case Documents.get(id) do
      {:ok, document} -> {:ok, document}
      {:error, :not_found} -> {:cancel, "there is no document #{id}"}
      other -> raise "unexpected: #{inspect(other)}"
    end
  end

  @doc "Saves a field of a document."
  @spec save(map(), atom(), term()) :: {:ok, map()} | {:cancel, String.t()}
  def save(%{id: id}, field, value) do
    with {:error, :not_found} <- Documents.update(id, Map.put(%{}, field, value)) do
      {:cancel, "document #{id} was deleted"}
    end
  end

  @doc "Asks the AI."
  @spec ask((... -> term())) :: {:ok, term()} | {:snooze, pos_integer()} | {:error, term()}
  def ask(question) do
    case question.() do
      {:ok, answer} -> {:ok, answer}
      {:error, {:rate_limited, seconds}} -> {:snooze, seconds}
      {:error, reason} -> {:error, reason}
      _other -> {:error, :no_answer}
    end
  end

  @doc "Broadcasts, and enqueues the next job."
  @spec go_on(map(), atom(), Oban.Job.changeset() | nil) :: :ok | {:error, term()}
  def go_on(%{id: id}, step, changeset) do
    Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})

    case changeset && Oban.insert(changeset) do
      {:error, reason} -> {:error, reason}
      _enqueued -> :ok
    end
  end
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl true
  def perform(job) do
    with {:ok, document} <- CvPipeline.document(job),
         {:ok, document} <- parse(document) do
      next = CvPipeline.Analyse.new(%{document_id: document.id})
      CvPipeline.go_on(document, :parse, next)
    end
  end

  defp parse(document) when document.text != nil, do: {:ok, document}

  defp parse(document) do
    case PdfText.extract(document.path) do
      {:ok, text} -> CvPipeline.save(document, :text, text)
      {:error, :encrypted} -> {:cancel, :encrypted}
      {:error, :timeout} -> {:error, :timeout}
      _other -> {:error, :unknown}
    end
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker,
    queue: :ai,
    max_attempts: 5,
    priority: 1,
    tags: ["ai"],
    unique: [period: 300, timestamp: :scheduled_at]

  @impl true
  def perform(job) do
    with {:ok, document} <- CvPipeline.document(job),
         {:ok, document} <- analyse(document) do
      next = CvPipeline.CoverLetter.new(%{document_id: document.id})
      CvPipeline.go_on(document, :analyse, next)
    end
  end

  defp analyse(%{analysis: analysis} = document) when is_map(analysis), do: {:ok, document}

  defp analyse(document) do
    with {:ok, analysis} <- CvPipeline.ask(fn -> Ai.analyse(document.text) end) do
      CvPipeline.save(document, :analysis, analysis)
    end
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 60]

  @impl true
  def perform(job) do
    with {:ok, document} <- CvPipeline.document(job),
         {:ok, document} <- write(document) do
      next = CvPipeline.Notify.new(%{document_id: document.id}, schedule_in: 1)
      CvPipeline.go_on(document, :cover_letter, next)
    end
  end

  defp write(%{letter: letter} = document) when is_binary(letter), do: {:ok, document}

  defp write(document) do
    with {:ok, letter} <- CvPipeline.ask(fn -> Ai.cover_letter(document.analysis) end) do
      CvPipeline.save(document, :letter, letter)
    end
  end
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications, max_attempts: 3

  @impl true
  def perform(job) do
    with {:ok, document} <- CvPipeline.document(job),
         :ok <- Notifier.deliver(document.id) do
      CvPipeline.go_on(document, :notify, nil)
    end
  end
end
