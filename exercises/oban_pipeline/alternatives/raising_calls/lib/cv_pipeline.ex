defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  alias CvPipeline.{Analyse, Progress}

  @impl Worker
  def perform(%Job{args: %{"document_id" => id}}) do
    with {:ok, document} <- Documents.get(id),
         {:ok, _document} <- extract(document) do
      Progress.done!(id, :parse)
      {:ok, Oban.insert!(Analyse.new(%{document_id: id}))}
    else
      {:error, :timeout} -> {:error, :timeout}
      {:error, reason} -> {:cancel, reason}
    end
  end

  defp extract(%{text: text} = document) when is_binary(text), do: {:ok, document}

  defp extract(%{id: id, path: path}) do
    with {:ok, text} <- PdfText.extract(path), do: Documents.update(id, %{text: text})
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: "ai", max_attempts: 5, unique: [period: 300, states: Oban.Job.states()]

  alias CvPipeline.{CoverLetter, Progress}

  @impl Worker
  def perform(%Job{args: %{"document_id" => id}}) do
    with {:ok, document} <- Documents.get(id),
         {:ok, _document} <- analyse(document) do
      Progress.done!(id, :analyse)
      {:ok, Oban.insert!(CoverLetter.new(%{document_id: id}))}
    else
      {:error, :not_found} -> {:cancel, :not_found}
      {:error, {:rate_limited, seconds}} -> {:snooze, seconds}
      {:error, :timeout} -> {:error, :timeout}
    end
  end

  defp analyse(%{analysis: %{}} = document), do: {:ok, document}

  defp analyse(%{id: id, text: text}) do
    with {:ok, analysis} <- Ai.analyse(text), do: Documents.update(id, %{analysis: analysis})
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: "ai"

  alias CvPipeline.{Notify, Progress}

  @impl Worker
  def perform(%Job{args: %{"document_id" => id}}) do
    with {:ok, document} <- Documents.get(id),
         {:ok, _document} <- write(document) do
      Progress.done!(id, :cover_letter)
      {:ok, Oban.insert!(Notify.new(%{document_id: id}))}
    else
      {:error, :not_found} -> {:cancel, :not_found}
      {:error, {:rate_limited, seconds}} -> {:snooze, seconds}
      {:error, :timeout} -> {:error, :timeout}
    end
  end

  defp write(%{letter: letter} = document) when is_binary(letter), do: {:ok, document}

  defp write(%{id: id, analysis: analysis}) do
    with {:ok, letter} <- Ai.cover_letter(analysis), do: Documents.update(id, %{letter: letter})
  end
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: "notifications", max_attempts: 10

  alias CvPipeline.Progress

  @impl Worker
  def perform(%Job{args: %{"document_id" => id}}) do
    with {:ok, %{id: id}} <- Documents.get(id),
         :ok <- Notifier.deliver(id) do
      Progress.done!(id, :notify)
    else
      {:error, :not_found} -> {:cancel, :not_found}
      {:error, :timeout} -> {:error, :timeout}
    end
  end
end

defmodule CvPipeline.Progress do
  @moduledoc "Tells everyone who watches a document how far it is."

  @doc "Broadcasts that a step is done."
  @spec done!(integer(), atom()) :: :ok
  def done!(id, step) do
    Phoenix.PubSub.broadcast!(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})
  end
end
