defmodule CvPipeline.Run do
  @moduledoc """
  One run of a step, passed from function to function until it has a result.

  Functions leave a run that has a result alone, so a failure goes through to the end.
  """

  @type t :: %__MODULE__{
          id: integer(),
          step: atom(),
          document: map() | nil,
          result: Oban.Worker.result() | nil
        }

  @enforce_keys [:id, :step]
  defstruct [:id, :step, :document, :result]

  @doc "Begins a run, with the document."
  @spec start(Oban.Job.t(), atom()) :: t()
  def start(%Oban.Job{args: %{"document_id" => id}}, step) do
    put(%__MODULE__{id: id, step: step}, Documents.get(id))
  end

  @doc "Fills a field of the document, unless it is filled."
  @spec fill(t(), atom(), (map() -> term())) :: t()
  def fill(%__MODULE__{result: nil, document: document} = run, field, work) do
    if Map.fetch!(document, field) == nil do
      case work.(document) do
        {:ok, value} -> put(run, Documents.update(run.id, %{field => value}))
        failure -> put(run, failure)
      end
    else
      run
    end
  end

  def fill(run, _field, _work), do: run

  @doc "Does something for the document that leaves no trace in it."
  @spec tap(t(), (map() -> term())) :: t()
  def tap(%__MODULE__{result: nil} = run, work) do
    case work.(run.document) do
      :ok -> run
      failure -> put(run, failure)
    end
  end

  def tap(run, _work), do: run

  @doc "Enqueues the next job."
  @spec enqueue(t(), module()) :: t()
  def enqueue(%__MODULE__{result: nil, id: id} = run, worker) do
    case Oban.insert(worker.new(%{document_id: id})) do
      {:ok, _job} -> run
      failure -> put(run, failure)
    end
  end

  def enqueue(run, _worker), do: run

  @doc "Broadcasts that the step is done, and returns the result for Oban."
  @spec finish(t()) :: Oban.Worker.result()
  def finish(%__MODULE__{result: nil, id: id, step: step}) do
    Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})
  end

  def finish(%__MODULE__{result: result}), do: result

  defp put(run, {:ok, document}), do: %{run | document: document}

  defp put(run, {:error, reason}) do
    result =
      case reason do
        {:rate_limited, seconds} -> {:snooze, seconds}
        reason when reason in [:not_found, :encrypted] -> {:cancel, reason}
        reason -> {:error, reason}
      end

    %{run | result: result}
  end
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  alias CvPipeline.Run

  @impl Oban.Worker
  def perform(job) do
    job
    |> Run.start(:parse)
    |> Run.fill(:text, &PdfText.extract(&1.path))
    |> Run.enqueue(CvPipeline.Analyse)
    |> Run.finish()
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  alias CvPipeline.Run

  @impl Oban.Worker
  def perform(job) do
    job
    |> Run.start(:analyse)
    |> Run.fill(:analysis, &Ai.analyse(&1.text))
    |> Run.enqueue(CvPipeline.CoverLetter)
    |> Run.finish()
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  alias CvPipeline.Run

  @impl Oban.Worker
  def perform(job) do
    job
    |> Run.start(:cover_letter)
    |> Run.fill(:letter, &Ai.cover_letter(&1.analysis))
    |> Run.enqueue(CvPipeline.Notify)
    |> Run.finish()
  end
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  alias CvPipeline.Run

  @impl Oban.Worker
  def perform(job) do
    job
    |> Run.start(:notify)
    |> Run.tap(&Notifier.deliver(&1.id))
    |> Run.finish()
  end
end
