defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter. Three of the four workers are generated from a table.
  """

  alias Phoenix.PubSub

  @steps [
    {ParsePdf, :parse, :path, {PdfText, :extract}, :text, Analyse,
     queue: :documents, max_attempts: 3},
    {Analyse, :analyse, :text, {Ai, :analyse}, :analysis, CoverLetter,
     queue: :ai, max_attempts: 5, unique: [period: 300]},
    {CoverLetter, :cover_letter, :analysis, {Ai, :cover_letter}, :letter, Notify, queue: :ai}
  ]

  for {name, step, input, {module, function}, output, next, opts} <- @steps do
    defmodule Module.concat(__MODULE__, name) do
      @moduledoc "Makes the #{output} of a document from its #{input}."

      @opts opts
      use Oban.Worker, @opts

      @impl Oban.Worker
      def perform(%Oban.Job{args: %{"document_id" => id}}) do
        with {:ok, document} <- Documents.get(id),
             {:ok, _document} <- make(document),
             {:ok, _job} <- CvPipeline.enqueue(unquote(next), id) do
          CvPipeline.done(id, unquote(step))
        else
          {:error, reason} -> CvPipeline.failed(reason)
        end
      end

      defp make(%{unquote(output) => nil} = document) do
        with {:ok, made} <- unquote(module).unquote(function)(document.unquote(input)) do
          Documents.update(document.id, %{unquote(output) => made})
        end
      end

      defp make(document), do: {:ok, document}
    end
  end

  defmodule Notify do
    @moduledoc "Tells the owner of the document."

    use Oban.Worker, queue: :notifications

    @impl Oban.Worker
    def perform(%Oban.Job{args: %{"document_id" => id}}) do
      with {:ok, _document} <- Documents.get(id),
           :ok <- Notifier.deliver(id) do
        CvPipeline.done(id, :notify)
      else
        {:error, reason} -> CvPipeline.failed(reason)
      end
    end
  end

  @doc "Enqueues a job of the worker of this name."
  @spec enqueue(module(), integer()) :: {:ok, Oban.Job.t()} | {:error, term()}
  def enqueue(name, id) do
    worker = Module.concat(__MODULE__, name)
    Oban.insert(worker.new(%{document_id: id}))
  end

  @doc "Broadcasts that a step is done."
  @spec done(integer(), atom()) :: {:ok, atom()} | {:error, term()}
  def done(id, step) do
    with :ok <- PubSub.broadcast(__MODULE__.PubSub, "document:#{id}", {:step_done, id, step}) do
      {:ok, step}
    end
  end

  @doc "What becomes of a job that has failed for this reason."
  @spec failed(term()) :: Oban.Worker.result()
  def failed({:rate_limited, seconds}), do: {:snooze, seconds}
  def failed(reason) when reason in [:not_found, :encrypted], do: {:cancel, reason}
  def failed(reason), do: {:error, reason}
end
