defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter.
  """

  defmodule ParsePdf do
    @moduledoc "Extracts the text of the PDF."

    @max_attempts 3
    use Oban.Worker, queue: :documents, max_attempts: @max_attempts

    @impl Oban.Worker
    def perform(%Oban.Job{args: %{"document_id" => id}}) do
      with {:ok, document} <- CvPipeline.find(id),
           {:ok, text} <- text(document),
           :ok <- CvPipeline.save(id, text: text),
           :ok <- CvPipeline.broadcast(id, :parse) do
        Oban.insert(CvPipeline.Analyse.new(%{document_id: id}))
      end
    end

    defp text(%{text: nil, path: path}) do
      case PdfText.extract(path) do
        {:error, :encrypted} -> {:cancel, "PDF is encrypted"}
        answer -> answer
      end
    end

    defp text(%{text: text}), do: {:ok, text}
  end

  defmodule Analyse do
    @moduledoc "Has the text analysed."

    use Oban.Worker, queue: :ai

    @impl Oban.Worker
    def new(args, opts) do
      super(args, Keyword.merge([max_attempts: 5, unique: [period: 300]], opts))
    end

    @impl Oban.Worker
    def perform(%Oban.Job{args: %{"document_id" => id}}) do
      with {:ok, document} <- CvPipeline.find(id),
           {:ok, analysis} <- analysis(document),
           :ok <- CvPipeline.save(id, analysis: analysis),
           :ok <- CvPipeline.broadcast(id, :analyse) do
        Oban.insert(CvPipeline.CoverLetter.new(%{document_id: id}))
      end
    end

    defp analysis(%{analysis: nil, text: text}) do
      with {:error, {:rate_limited, seconds}} <- Ai.analyse(text), do: {:snooze, seconds}
    end

    defp analysis(%{analysis: analysis}), do: {:ok, analysis}
  end

  defmodule CoverLetter do
    @moduledoc "Has a letter written from the analysis."

    use Oban.Worker, queue: :ai

    @impl Oban.Worker
    def perform(%Oban.Job{args: %{"document_id" => id}}) do
      with {:ok, document} <- CvPipeline.find(id),
           {:ok, letter} <- letter(document),
           :ok <- CvPipeline.save(id, letter: letter),
           :ok <- CvPipeline.broadcast(id, :cover_letter) do
        Oban.insert(CvPipeline.Notify.new(%{document_id: id}))
      end
    end

    defp letter(%{letter: nil, analysis: analysis}) do
      with {:error, {:rate_limited, seconds}} <- Ai.cover_letter(analysis), do: {:snooze, seconds}
    end

    defp letter(%{letter: letter}), do: {:ok, letter}
  end

  defmodule Notify do
    @moduledoc "Tells the owner of the document."

    use Oban.Worker, queue: :notifications

    @impl Oban.Worker
    def perform(%Oban.Job{args: %{"document_id" => id}}) do
      with {:ok, _document} <- CvPipeline.find(id),
           :ok <- Notifier.deliver(id) do
        CvPipeline.broadcast(id, :notify)
      end
    end
  end

  @doc "Returns a document, or cancels the job."
  @spec find(integer()) :: {:ok, map()} | {:cancel, term()}
  def find(id), do: id |> Documents.get() |> cancel_missing()

  @doc "Saves a result, or cancels the job."
  @spec save(integer(), keyword()) :: :ok | {:cancel, term()}
  def save(id, changes) do
    with {:ok, _document} <- id |> Documents.update(Map.new(changes)) |> cancel_missing(), do: :ok
  end

  @doc "Broadcasts that a step is done."
  @spec broadcast(integer(), atom()) :: :ok | {:error, term()}
  def broadcast(id, step) do
    Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})
  end

  defp cancel_missing({:ok, document}), do: {:ok, document}
  defp cancel_missing({:error, :not_found}), do: {:cancel, "document is missing"}
end
