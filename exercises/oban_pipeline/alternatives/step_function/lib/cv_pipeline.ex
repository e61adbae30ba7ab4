defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter. What all steps have in common is in `run/5`.
  """

  @type step :: :parse | :analyse | :cover_letter | :notify

  @doc """
  Runs a step: fills `field` with what `work` makes of the document, if it is empty, and goes on.
  """
  @spec run(integer(), step(), atom(), (map() -> term()), module()) :: Oban.Worker.result()
  def run(id, step, field, work, next) do
    with {:ok, document} <- Documents.get(id),
         {:ok, _document} <- fill(document, field, work),
         {:ok, _job} <- Oban.insert(next.new(%{document_id: id})) do
      announce(id, step)
    else
      failure -> outcome(failure)
    end
  end

  @doc "Broadcasts that a step is done."
  @spec announce(integer(), step()) :: :ok | {:error, term()}
  def announce(id, step) do
    Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})
  end

  @doc "What Oban is told about a failure."
  @spec outcome({:error, term()}) :: Oban.Worker.result()
  def outcome({:error, reason}) when reason in [:not_found, :encrypted], do: {:cancel, reason}
  def outcome({:error, {:rate_limited, seconds}}), do: {:snooze, seconds}
  def outcome({:error, _reason} = error), do: error

  defp fill(document, field, work) do
    case Map.fetch!(document, field) do
      nil -> with {:ok, result} <- work.(document), do: save(document, field, result)
      _result -> {:ok, document}
    end
  end

  defp save(document, field, result), do: Documents.update(document.id, %{field => result})
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    CvPipeline.run(id, :parse, :text, &PdfText.extract(&1.path), CvPipeline.Analyse)
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    CvPipeline.run(id, :analyse, :analysis, &Ai.analyse(&1.text), CvPipeline.CoverLetter)
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    CvPipeline.run(id, :cover_letter, :letter, &Ai.cover_letter(&1.analysis), CvPipeline.Notify)
  end
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, _document} <- Documents.get(id),
         :ok <- Notifier.deliver(id) do
      CvPipeline.announce(id, :notify)
    else
      failure -> CvPipeline.outcome(failure)
    end
  end
end
