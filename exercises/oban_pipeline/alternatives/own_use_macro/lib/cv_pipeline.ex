defmodule CvPipeline.Step do
  @moduledoc """
  Makes a module a step of the pipeline: `use CvPipeline.Step, step: …, field: …, next: …`, and the
  options of `Oban.Worker`. The module defines `work/1`, which does what only this step does.
  """

  @doc "Does the outside work for a document."
  @callback work(document :: map()) :: {:ok, term()} | :ok | {:error, term()}

  defmacro __using__(opts) do
    {step_opts, worker_opts} = Keyword.split(opts, [:step, :field, :next])

    quote do
      use Oban.Worker, unquote(worker_opts)

      @behaviour CvPipeline.Step

      @impl Oban.Worker
      def perform(%Oban.Job{args: %{"document_id" => id}}) do
        CvPipeline.Step.run(__MODULE__, id, unquote(step_opts))
      end
    end
  end

  @doc false
  @spec run(module(), integer(), keyword()) :: Oban.Worker.result()
  def run(worker, id, opts) do
    with {:ok, document} <- Documents.get(id),
         :ok <- work_once(worker, document, opts[:field]),
         :ok <- enqueue(opts[:next], id) do
      topic = "document:#{id}"
      Phoenix.PubSub.broadcast(CvPipeline.PubSub, topic, {:step_done, id, opts[:step]})
    else
      {:error, :not_found} -> {:cancel, "document #{id} does not exist"}
      {:error, :encrypted} -> {:cancel, "document #{id} is encrypted"}
      {:error, {:rate_limited, seconds}} -> {:snooze, seconds}
      error -> error
    end
  end

  defp work_once(worker, document, nil), do: worker.work(document)

  defp work_once(worker, document, field) do
    if is_nil(document[field]) do
      with {:ok, result} <- worker.work(document),
           {:ok, _document} <- Documents.update(document.id, %{field => result}),
           do: :ok
    else
      :ok
    end
  end

  defp enqueue(nil, _id), do: :ok

  defp enqueue(next, id) do
    with {:ok, _job} <- %{document_id: id} |> next.new() |> Oban.insert(), do: :ok
  end
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use CvPipeline.Step,
    step: :parse,
    field: :text,
    next: CvPipeline.Analyse,
    queue: :documents,
    max_attempts: 3

  @impl CvPipeline.Step
  def work(document), do: PdfText.extract(document.path)
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use CvPipeline.Step,
    step: :analyse,
    field: :analysis,
    next: CvPipeline.CoverLetter,
    queue: :ai,
    max_attempts: 5,
    unique: [period: {5, :minutes}]

  @impl CvPipeline.Step
  def work(document), do: Ai.analyse(document.text)
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use CvPipeline.Step,
    step: :cover_letter,
    field: :letter,
    next: CvPipeline.Notify,
    queue: :ai

  @impl CvPipeline.Step
  def work(document), do: Ai.cover_letter(document.analysis)
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use CvPipeline.Step, step: :notify, queue: :notifications

  @impl CvPipeline.Step
  def work(document), do: Notifier.deliver(document.id)
end
