defmodule CvPipeline do
  @moduledoc """
  Turns an uploaded CV into a cover letter. Each worker has a file of its own.
  """

  alias CvPipeline.{Analyse, CoverLetter, Notify}

  @next [parse: Analyse, analyse: CoverLetter, cover_letter: Notify]

  @doc """
  Ends a step, with what its work came to: goes on to the next one, or says why not.
  """
  @spec finish(:ok | {:ok, map()} | {:error, term()}, integer(), atom()) :: Oban.Worker.result()
  def finish({:error, reason}, _id, _step) when reason in [:not_found, :encrypted] do
    {:cancel, reason}
  end

  def finish({:error, {:rate_limited, seconds}}, _id, _step), do: {:snooze, seconds}
  def finish({:error, reason}, _id, _step), do: {:error, reason}

  def finish(_done, id, step) do
    with :ok <- enqueue_after(step, id) do
      Phoenix.PubSub.broadcast(CvPipeline.PubSub, "document:#{id}", {:step_done, id, step})
    end
  end

  defp enqueue_after(step, id) do
    with {:ok, worker} <- Keyword.fetch(@next, step),
         {:ok, _job} <- %{"document_id" => id} |> worker.new() |> Oban.insert() do
      :ok
    else
      :error -> :ok
      {:error, _reason} = error -> error
    end
  end
end
