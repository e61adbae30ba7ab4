defmodule CvPipeline.Step do
  @moduledoc """
  What a step has to say about itself. `CvPipeline.Runner` does the rest.
  """

  @callback name() :: atom()
  @callback next() :: module() | nil
  @callback done?(document :: map()) :: boolean()
  @callback work(document :: map()) :: {:ok, map()} | :ok | {:error, term()}
end

defmodule CvPipeline.Runner do
  @moduledoc """
  Runs the steps.
  """

  @doc "Runs a step, and tells Oban what has become of it."
  @spec run(module(), map()) :: Oban.Worker.result()
  def run(step, %{"document_id" => id}) do
    [&do_work/2, &enqueue_next/2, &broadcast/2]
    |> Enum.reduce_while(Documents.get(id), fn
      part, {:ok, document} -> {:cont, part.(step, document)}
      _part, failure -> {:halt, failure}
    end)
    |> to_result()
  end

  defp do_work(step, document) do
    if step.done?(document) do
      {:ok, document}
    else
      case step.work(document) do
        :ok -> {:ok, document}
        {:ok, changes} -> Documents.update(document.id, changes)
        {:error, reason} -> {:error, reason}
      end
    end
  end

  defp enqueue_next(step, document) do
    with next when not is_nil(next) <- step.next(),
         {:error, reason} <- Oban.insert(next.new(%{document_id: document.id})) do
      {:error, reason}
    else
      _enqueued_or_last -> {:ok, document}
    end
  end

  defp broadcast(step, %{id: id}) do
    message = {:step_done, id, step.name()}

    with :ok <- Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", message),
         do: {:ok, id}
  end

  defp to_result({:ok, _id}), do: :ok
  defp to_result({:error, :not_found}), do: {:cancel, :not_found}
  defp to_result({:error, :encrypted}), do: {:cancel, :encrypted}
  defp to_result({:error, {:rate_limited, seconds}}), do: {:snooze, seconds}
  defp to_result({:error, reason}), do: {:error, reason}
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  @behaviour CvPipeline.Step

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(%Oban.Job{args: args}), do: CvPipeline.Runner.run(__MODULE__, args)

  @impl CvPipeline.Step
  def name, do: :parse

  @impl CvPipeline.Step
  def next, do: CvPipeline.Analyse

  @impl CvPipeline.Step
  def done?(document), do: not is_nil(document.text)

  @impl CvPipeline.Step
  def work(document) do
    with {:ok, text} <- PdfText.extract(document.path), do: {:ok, %{text: text}}
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  @behaviour CvPipeline.Step

  use Oban.Worker, queue: :ai, max_attempts: 5, unique: [period: 300]

  @impl Oban.Worker
  def perform(%Oban.Job{args: args}), do: CvPipeline.Runner.run(__MODULE__, args)

  @impl CvPipeline.Step
  def name, do: :analyse

  @impl CvPipeline.Step
  def next, do: CvPipeline.CoverLetter

  @impl CvPipeline.Step
  def done?(document), do: not is_nil(document.analysis)

  @impl CvPipeline.Step
  def work(document) do
    with {:ok, analysis} <- Ai.analyse(document.text), do: {:ok, %{analysis: analysis}}
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  @behaviour CvPipeline.Step

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(%Oban.Job{args: args}), do: CvPipeline.Runner.run(__MODULE__, args)

  @impl CvPipeline.Step
  def name, do: :cover_letter

  @impl CvPipeline.Step
  def next, do: CvPipeline.Notify

  @impl CvPipeline.Step
  def done?(document), do: not is_nil(document.letter)

  @impl CvPipeline.Step
  def work(document) do
    with {:ok, letter} <- Ai.cover_letter(document.analysis), do: {:ok, %{letter: letter}}
  end
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  @behaviour CvPipeline.Step

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(%Oban.Job{args: args}), do: CvPipeline.Runner.run(__MODULE__, args)

  @impl CvPipeline.Step
  def name, do: :notify

  @impl CvPipeline.Step
  def next, do: nil

  @impl CvPipeline.Step
  def done?(_document), do: false

  @impl CvPipeline.Step
  def work(document), do: Notifier.deliver(document.id)
end
