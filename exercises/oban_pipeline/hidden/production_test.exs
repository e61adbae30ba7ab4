defmodule CvPipeline.ProductionTest do
  # What shows in production only: several nodes, odd results, a database that fails.
  use ExUnit.Case, async: false
  use Oban.Testing, repo: CvPipeline.Repo, engine: Oban.Engines.Lite

  alias CvPipeline.{Analyse, CoverLetter, Notify, OtherNode, ParsePdf}

  @insert {Oban, :insert}

  setup do
    start_supervised!(CvPipeline.Environment)
    :ok
  end

  test "every worker broadcasts to the other nodes of the cluster as well" do
    for {worker, step} <- [
          {ParsePdf, :parse},
          {Analyse, :analyse},
          {CoverLetter, :cover_letter},
          {Notify, :notify}
        ] do
      %{id: id} = Documents.insert(ready_for(worker))
      Phoenix.PubSub.subscribe(CvPipeline.PubSub, "document:#{id}")
      perform_job(worker, %{document_id: id})

      # The other nodes are served first.
      assert_receive {:step_done, ^id, ^step}
      assert {"document:#{id}", {:step_done, id, step}} in OtherNode.received()
    end
  end

  test "an empty text, analysis or letter is a result like any other" do
    for {worker, service, field, empty} <- [
          {ParsePdf, {PdfText, :extract}, :text, ""},
          {Analyse, {Ai, :analyse}, :analysis, %{}},
          {CoverLetter, {Ai, :cover_letter}, :letter, ""}
        ] do
      %{id: id} = Documents.insert(ready_for(worker))
      Scenario.answer(service, {:ok, empty})

      assert {worker, done?(attempt(worker, id))} == {worker, true}
      assert {worker, done?(attempt(worker, id))} == {worker, true}
      assert {worker, length(Scenario.calls(service))} == {worker, 1}
      assert {:ok, %{^field => ^empty}} = Documents.get(id)
    end
  end

  test "a job is not completed when the next one cannot be enqueued" do
    for {worker, service} <- [
          {ParsePdf, {PdfText, :extract}},
          {Analyse, {Ai, :analyse}},
          {CoverLetter, {Ai, :cover_letter}}
        ] do
      %{id: id} = Documents.insert(ready_for(worker))
      Scenario.answer(@insert, {:error, :database_is_locked})

      assert {worker, done?(attempt(worker, id))} == {worker, false}
      assert {worker, length(Scenario.calls(service))} == {worker, 1}
    end
  end

  test "after the next job could not be enqueued, a further attempt only does that" do
    for {worker, service, next} <- [
          {ParsePdf, {PdfText, :extract}, Analyse},
          {Analyse, {Ai, :analyse}, CoverLetter},
          {CoverLetter, {Ai, :cover_letter}, Notify}
        ] do
      %{id: id} = Documents.insert(ready_for(worker))
      Scenario.answer(@insert, {:error, :database_is_locked})
      attempt(worker, id)
      Scenario.recover(@insert)

      assert {worker, done?(attempt(worker, id))} == {worker, true}
      assert {worker, length(Scenario.calls(service))} == {worker, 1}
      assert_enqueued(worker: next, args: %{document_id: id})
    end
  end

  defp ready_for(ParsePdf), do: %{}
  defp ready_for(Analyse), do: %{text: "Ada"}
  defp ready_for(CoverLetter), do: %{text: "Ada", analysis: %{"name" => "Ada"}}
  defp ready_for(Notify), do: Map.put(ready_for(CoverLetter), :letter, "Dear Mr Babbage")

  # To Oban an exception is a failed attempt like any other.
  defp attempt(worker, id) do
    perform_job(worker, %{document_id: id})
  rescue
    exception -> {:error, exception}
  end

  defp done?(result), do: result == :ok or match?({:ok, _value}, result)
end
