defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter, in four steps. Each is a job that enqueues the next.

  A job may run more than once: after a timeout, a deploy, a crash at any line. So each step saves
  its result before anything else happens, and begins with a look at whether it is there already.
  """

  @type document_id :: integer()
  @type step :: :parse | :analyse | :cover_letter | :notify

  @doc """
  Tells everyone who watches the document that a step is done.

  A message that is lost is no reason to run the step again, so this is always `:ok`.
  """
  @spec announce(document_id(), step()) :: :ok
  def announce(id, step) do
    _ = Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})
    :ok
  end

  @doc """
  Decides what becomes of a job whose step has failed.

  Cancelled is what no further attempt can mend. The AI knows best when to come back, and to wait
  for it takes no attempt. All else may go better next time.
  """
  @spec give_up({:error, term()}) :: Oban.Worker.result()
  def give_up({:error, :not_found}), do: {:cancel, :not_found}
  def give_up({:error, :encrypted}), do: {:cancel, :encrypted}
  def give_up({:error, {:rate_limited, seconds}}), do: {:snooze, seconds}
  def give_up({:error, reason}), do: {:error, reason}
end

defmodule CvPipeline.ParsePdf do
  @moduledoc """
  Extracts the text of the PDF.
  """

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, document} <- Documents.get(id),
         {:ok, _document} <- parse(document) do
      Oban.insert_all([CvPipeline.Analyse.new(%{document_id: id})])
      CvPipeline.announce(id, :parse)
    else
      failure -> CvPipeline.give_up(failure)
    end
  end

  defp parse(%{text: nil} = document) do
    with {:ok, text} <- PdfText.extract(document.path) do
      Documents.update(document.id, %{text: text})
    end
  end

  defp parse(document), do: {:ok, document}
end

defmodule CvPipeline.Analyse do
  @moduledoc """
  Has the text analysed. A call costs money, so one job in five minutes is enough for a document.
  """

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, document} <- Documents.get(id),
         {:ok, _document} <- analyse(document),
         {:ok, _job} <- Oban.insert(CvPipeline.CoverLetter.new(%{document_id: id})) do
      CvPipeline.announce(id, :analyse)
    else
      failure -> CvPipeline.give_up(failure)
    end
  end

  defp analyse(%{analysis: nil} = document) do
    with {:ok, analysis} <- Ai.analyse(document.text) do
      Documents.update(document.id, %{analysis: analysis})
    end
  end

  defp analyse(document), do: {:ok, document}
end

defmodule CvPipeline.CoverLetter do
  @moduledoc """
  Has a letter written from the analysis.
  """

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, document} <- Documents.get(id),
         {:ok, _document} <- write(document),
         {:ok, _job} <- Oban.insert(CvPipeline.Notify.new(%{document_id: id})) do
      CvPipeline.announce(id, :cover_letter)
    else
      failure -> CvPipeline.give_up(failure)
    end
  end

  defp write(%{letter: nil} = document) do
    with {:ok, letter} <- Ai.cover_letter(document.analysis) do
      Documents.update(document.id, %{letter: letter})
    end
  end

  defp write(document), do: {:ok, document}
end

defmodule CvPipeline.Notify do
  @moduledoc """
  Tells the owner of the document. There is no result to save: the notifier itself sees to it that a
  second run sends no second mail.
  """

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    with {:ok, _document} <- Documents.get(id),
         :ok <- Notifier.deliver(id) do
      CvPipeline.announce(id, :notify)
    else
      failure -> CvPipeline.give_up(failure)
    end
  end
end
