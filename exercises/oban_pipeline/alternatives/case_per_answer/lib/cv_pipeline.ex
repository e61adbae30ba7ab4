defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    case Documents.get(id) do
      {:ok, %{text: nil, path: path}} -> extract(id, path)
      {:ok, _document} -> continue(id)
      {:error, :not_found} -> {:cancel, :document_not_found}
    end
  end

  defp extract(id, path) do
    case PdfText.extract(path) do
      {:ok, text} -> save(id, text)
      {:error, :encrypted} -> {:cancel, :encrypted}
      {:error, :timeout} -> {:error, :timeout}
      {:error, other} -> {:error, other}
    end
  end

  defp save(id, text) do
    case Documents.update(id, %{text: text}) do
      {:ok, _document} -> continue(id)
      {:error, :not_found} -> {:cancel, :document_not_found}
    end
  end

  defp continue(id) do
    case Oban.insert(CvPipeline.Analyse.new(%{document_id: id})) do
      {:ok, _job} ->
        Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, :parse})
        :ok

      {:error, changeset} ->
        {:error, changeset}
    end
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300, fields: [:worker, :args]]

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    case Documents.get(id) do
      {:ok, %{analysis: nil, text: text}} -> analyse(id, text)
      {:ok, _document} -> continue(id)
      {:error, :not_found} -> {:cancel, :document_not_found}
    end
  end

  defp analyse(id, text) do
    case Ai.analyse(text) do
      {:ok, analysis} -> save(id, analysis)
      {:error, {:rate_limited, seconds}} -> {:snooze, seconds}
      {:error, reason} -> {:error, reason}
    end
  end

  defp save(id, analysis) do
    case Documents.update(id, %{analysis: analysis}) do
      {:ok, _document} -> continue(id)
      {:error, :not_found} -> {:cancel, :document_not_found}
    end
  end

  defp continue(id) do
    case Oban.insert(CvPipeline.CoverLetter.new(%{document_id: id})) do
      {:ok, _job} ->
        Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, :analyse})
        :ok

      {:error, changeset} ->
        {:error, changeset}
    end
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    case Documents.get(id) do
      {:ok, %{letter: nil, analysis: analysis}} -> write(id, analysis)
      {:ok, _document} -> continue(id)
      {:error, :not_found} -> {:cancel, :document_not_found}
    end
  end

  defp write(id, analysis) do
    case Ai.cover_letter(analysis) do
      {:ok, letter} -> save(id, letter)
      {:error, {:rate_limited, seconds}} -> {:snooze, seconds}
      {:error, reason} -> {:error, reason}
    end
  end

  defp save(id, letter) do
    case Documents.update(id, %{letter: letter}) do
      {:ok, _document} -> continue(id)
      {:error, :not_found} -> {:cancel, :document_not_found}
    end
  end

  defp continue(id) do
    case Oban.insert(CvPipeline.Notify.new(%{document_id: id})) do
      {:ok, _job} ->
        message = {:step_done, id, :cover_letter}
        Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", message)
        :ok

      {:error, changeset} ->
        {:error, changeset}
    end
  end
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(%Oban.Job{args: %{"document_id" => id}}) do
    case Documents.get(id) do
      {:ok, _document} -> deliver(id)
      {:error, :not_found} -> {:cancel, :document_not_found}
    end
  end

  defp deliver(id) do
    case Notifier.deliver(id) do
      :ok ->
        Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, :notify})
        :ok

      {:error, reason} ->
        {:error, reason}
    end
  end
end
