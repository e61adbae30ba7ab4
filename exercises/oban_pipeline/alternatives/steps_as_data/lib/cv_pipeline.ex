defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter. The steps are data; the workers only name theirs.
  """

  @type step :: :parse | :analyse | :cover_letter | :notify

  @doc "Runs a step for a document."
  @spec run(step(), Oban.Job.t()) :: Oban.Worker.result()
  def run(step, %Oban.Job{args: %{"document_id" => id}}) do
    %{input: input, service: service, output: output, next: next} = definition(step)

    with {:ok, document} <- Documents.get(id),
         {:ok, result} <- once(document, input, service, output),
         {:ok, _document} <- save(id, output, result),
         {:ok, _job} <- enqueue(next, id) do
      :ok = Phoenix.PubSub.broadcast(__MODULE__.PubSub, topic(id), {:step_done, id, step})
    else
      {:error, reason} -> failed(reason)
    end
  end

  defp definition(:parse) do
    %{
      input: :path,
      service: &PdfText.extract/1,
      output: :text,
      next: CvPipeline.Analyse
    }
  end

  defp definition(:analyse) do
    %{
      input: :text,
      service: &Ai.analyse/1,
      output: :analysis,
      next: CvPipeline.CoverLetter
    }
  end

  defp definition(:cover_letter) do
    %{
      input: :analysis,
      service: &Ai.cover_letter/1,
      output: :letter,
      next: CvPipeline.Notify
    }
  end

  defp definition(:notify) do
    %{input: :id, service: &Notifier.deliver/1, output: nil, next: nil}
  end

  defp once(document, input, service, output) do
    case document do
      %{^output => result} when not is_nil(result) -> {:ok, result}
      %{^input => value} -> value |> service.() |> normalise()
    end
  end

  defp normalise(:ok), do: {:ok, nil}
  defp normalise(answer), do: answer

  defp save(_id, nil, _result), do: {:ok, nil}
  defp save(id, output, result), do: Documents.update(id, %{output => result})

  defp enqueue(nil, _id), do: {:ok, nil}
  defp enqueue(worker, id), do: Oban.insert(worker.new(%{document_id: id}))

  defp failed(reason) when reason in [:not_found, :encrypted], do: {:cancel, reason}
  defp failed({:rate_limited, seconds}), do: {:snooze, seconds}
  defp failed(reason), do: {:error, reason}

  defp topic(id), do: "document:" <> Integer.to_string(id)
end

defmodule CvPipeline.ParsePdf do
  @moduledoc "Extracts the text of the PDF."

  use Oban.Worker, queue: :documents, max_attempts: 3

  @impl Oban.Worker
  def perform(job), do: CvPipeline.run(:parse, job)
end

defmodule CvPipeline.Analyse do
  @moduledoc "Has the text analysed."

  use Oban.Worker,
    queue: :ai,
    max_attempts: 5,
    unique: [period: 300, keys: [:document_id]]

  @impl Oban.Worker
  def perform(job), do: CvPipeline.run(:analyse, job)
end

defmodule CvPipeline.CoverLetter do
  @moduledoc "Has a letter written from the analysis."

  use Oban.Worker, queue: :ai

  @impl Oban.Worker
  def perform(job), do: CvPipeline.run(:cover_letter, job)
end

defmodule CvPipeline.Notify do
  @moduledoc "Tells the owner of the document."

  use Oban.Worker, queue: :notifications

  @impl Oban.Worker
  def perform(job), do: CvPipeline.run(:notify, job)
end
