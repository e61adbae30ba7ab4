defmodule CvPipeline.ObanTest do
  # What shows only where Oban runs the jobs itself, and keeps them in a database.
  use ExUnit.Case, async: false
  use Oban.Testing, repo: CvPipeline.Repo, engine: Oban.Engines.Lite

  import Ecto.Query, only: [from: 2]

  alias CvPipeline.{Analyse, CoverLetter, Notify, ParsePdf, Repo}
  alias Oban.Job

  # Drawn anew whenever the tests are compiled, so that no solution can know them.
  @text "Ada Lovelace, born #{Enum.random(1000..9999)}"
  @analysis %{"name" => "Ada", "years" => Enum.random(10..99)}
  @letter "Dear Mr Babbage, re: #{Enum.random(1000..9999)}"
  @wait Enum.random(1_000..9_000)

  # Apart by more than a test may take.
  @within_the_period Enum.random(200..280)
  @after_the_period Enum.random(310..590)

  @services %{
    ParsePdf => {PdfText, :extract},
    Analyse => {Ai, :analyse},
    CoverLetter => {Ai, :cover_letter},
    Notify => {Notifier, :deliver}
  }

  @insert {Oban, :insert}

  setup do
    start_supervised!(CvPipeline.Environment)
    answer_well()
  end

  describe "in the database, Analyse" do
    test "has one job for a document, however often one is enqueued" do
      %{id: id} = Documents.insert(%{text: @text})
      %{id: other_id} = Documents.insert(%{text: @text})

      for id <- [id, other_id, id, other_id], do: enqueue(Analyse, id)

      assert length(jobs(Analyse, id)) == 1
      assert length(jobs(Analyse, other_id)) == 1
    end

    test "has one job for a document, whether that waits, runs or is completed" do
      for state <- ["available", "scheduled", "executing", "retryable", "completed"] do
        %{id: id} = Documents.insert(%{text: @text})
        enqueue(Analyse, id)
        update(Analyse, id, state: state)

        enqueue(Analyse, id)
        assert {state, length(jobs(Analyse, id))} == {state, 1}
      end
    end

    test "may have a second job for a document when 300 seconds are over, and not before" do
      %{id: id} = Documents.insert(%{text: @text})
      enqueue(Analyse, id)

      enqueued_before(Analyse, id, @within_the_period)
      enqueue(Analyse, id)
      assert length(jobs(Analyse, id)) == 1

      enqueued_before(Analyse, id, @after_the_period)
      enqueue(Analyse, id)
      assert length(jobs(Analyse, id)) == 2
    end

    test "has one job for a document that ParsePdf has seen twice" do
      %{id: id} = Documents.insert()

      for _ <- 1..2 do
        enqueue(ParsePdf, id)
        drain(:documents)
      end

      assert states(ParsePdf, id) == ["completed", "completed"]
      assert length(jobs(Analyse, id)) == 1
    end
  end

  describe "a job" do
    test "is scheduled for when the AI says, which takes no attempt" do
      for worker <- [Analyse, CoverLetter] do
        %{id: id} = Documents.insert(ready_for(worker))
        attempts = enqueue(worker, id).max_attempts
        Scenario.answer(@services[worker], {:error, {:rate_limited, @wait}})

        earliest = DateTime.add(DateTime.utc_now(), @wait - 1, :second)
        drain(:ai)
        latest = DateTime.add(DateTime.utc_now(), @wait + 1, :second)

        assert [%Job{state: "scheduled"} = job] = jobs(worker, id)
        assert DateTime.compare(job.scheduled_at, earliest) == :gt
        assert DateTime.compare(job.scheduled_at, latest) == :lt
        assert job.max_attempts - job.attempt == attempts
      end
    end

    test "gets its answer from the AI in the end, however often it is told to wait" do
      for worker <- [CoverLetter, Analyse] do
        %{id: id} = Documents.insert(ready_for(worker))
        enqueue(worker, id)
        Scenario.answer(@services[worker], {:error, {:rate_limited, @wait}})

        # Once more than `Analyse` has attempts.
        for _ <- 1..6 do
          drain(:ai)
          assert {worker, states(worker, id)} == {worker, ["scheduled"]}
        end

        answer_well()
        drain(:ai)
        assert {worker, states(worker, id)} == {worker, ["completed"]}
      end
    end

    test "is cancelled at once when there is no such document" do
      for worker <- [ParsePdf, Analyse, CoverLetter, Notify] do
        id = System.unique_integer([:positive])
        %Job{queue: queue} = enqueue(worker, id)
        drain(queue)

        assert [%Job{state: "cancelled", attempt: 1}] = jobs(worker, id)
      end
    end

    test "is cancelled at once when the PDF is encrypted" do
      %{id: id} = Documents.insert()
      enqueue(ParsePdf, id)
      Scenario.answer(@services[ParsePdf], {:error, :encrypted})
      drain(:documents)

      assert [%Job{state: "cancelled", attempt: 1}] = jobs(ParsePdf, id)
    end

    test "is tried again after a timeout, until its attempts are used up" do
      for {worker, attempts} <- [{ParsePdf, 3}, {Analyse, 5}] do
        service = @services[worker]
        %{id: id} = Documents.insert(ready_for(worker))
        %Job{queue: queue} = enqueue(worker, id)
        Scenario.answer(service, {:error, :timeout})

        states =
          for _ <- 1..attempts do
            drain(queue)
            [state] = states(worker, id)
            state
          end

        assert states == List.duplicate("retryable", attempts - 1) ++ ["discarded"]
        assert length(Scenario.calls(service)) == attempts
      end
    end

    test "is tried again when the next one could not be enqueued" do
      # The last one first, so that no job is left over in the queue of the next.
      for worker <- [CoverLetter, Analyse, ParsePdf] do
        %{id: id} = Documents.insert(ready_for(worker))
        %Job{queue: queue} = enqueue(worker, id)

        Scenario.answer(@insert, {:error, :database_is_locked})
        drain(queue)
        assert {worker, states(worker, id)} == {worker, ["retryable"]}

        Scenario.recover(@insert)
        drain(queue)
        assert {worker, states(worker, id)} == {worker, ["completed"]}
        assert {worker, length(Scenario.calls(@services[worker]))} == {worker, 1}
      end
    end
  end

  describe "from ParsePdf to Notify" do
    test "each document gets its text, its analysis, its letter and its mail" do
      ids = for _ <- 1..2, do: watched_document()
      for id <- ids, do: enqueue(ParsePdf, id)

      drain(:documents)
      for id <- ids, do: assert(%{text: @text, analysis: nil} = saved(id))

      drain(:ai)
      for id <- ids, do: assert(%{analysis: @analysis, letter: nil} = saved(id))

      drain(:ai)
      for id <- ids, do: assert(%{letter: @letter} = saved(id))
      assert Scenario.calls(@services[Notify]) == []

      drain(:notifications)
      assert Enum.sort(Scenario.calls(@services[Notify])) == Enum.sort(for(id <- ids, do: [id]))

      for id <- ids, worker <- [ParsePdf, Analyse, CoverLetter, Notify] do
        assert {worker, states(worker, id)} == {worker, ["completed"]}
      end
    end

    test "each step of each document is broadcast once, in this order" do
      ids = for _ <- 1..2, do: watched_document()
      for id <- ids, do: enqueue(ParsePdf, id)

      for {queue, step} <- [
            documents: :parse,
            ai: :analyse,
            ai: :cover_letter,
            notifications: :notify
          ] do
        drain(queue)
        for id <- ids, do: assert_receive({:step_done, ^id, ^step})
        refute_received {:step_done, _id, _step}
      end
    end

    test "a document gets through although every service takes too long at first" do
      id = watched_document()
      enqueue(ParsePdf, id)

      for {worker, step} <- [
            {ParsePdf, :parse},
            {Analyse, :analyse},
            {CoverLetter, :cover_letter},
            {Notify, :notify}
          ] do
        service = @services[worker]
        assert [%Job{queue: queue}] = jobs(worker, id)

        Scenario.answer(service, {:error, :timeout})
        drain(queue)
        assert {worker, states(worker, id)} == {worker, ["retryable"]}
        refute_received {:step_done, _id, _step}

        answer_well()
        drain(queue)
        assert {worker, states(worker, id)} == {worker, ["completed"]}
        assert_receive {:step_done, ^id, ^step}
      end

      assert %{text: @text, analysis: @analysis, letter: @letter} = saved(id)
      for {_worker, service} <- @services, do: assert(length(Scenario.calls(service)) == 2)
    end
  end

  defp answer_well do
    Scenario.answer({PdfText, :extract}, {:ok, @text})
    Scenario.answer({Ai, :analyse}, {:ok, @analysis})
    Scenario.answer({Ai, :cover_letter}, {:ok, @letter})
    Scenario.answer({Notifier, :deliver}, :ok)
  end

  defp watched_document do
    %{id: id} = Documents.insert()
    :ok = Phoenix.PubSub.subscribe(CvPipeline.PubSub, "document:#{id}")
    id
  end

  defp ready_for(ParsePdf), do: %{}
  defp ready_for(Analyse), do: %{text: @text}
  defp ready_for(CoverLetter), do: %{text: @text, analysis: @analysis}

  defp enqueue(worker, id) do
    {:ok, job} = Oban.insert(worker.new(%{document_id: id}))
    job
  end

  # Performs each job of the queue once, as if the time of those scheduled for later had come.
  defp drain(queue), do: Oban.drain_queue(queue: queue, with_scheduled: true)

  # The oldest one first.
  defp jobs(worker, id) do
    from(job in Job, where: job.worker == ^inspect(worker), order_by: job.id)
    |> Repo.all()
    |> Enum.filter(&(&1.args["document_id"] == id))
  end

  defp states(worker, id), do: Enum.map(jobs(worker, id), & &1.state)

  defp update(worker, id, changes) do
    ids = Enum.map(jobs(worker, id), & &1.id)
    Repo.update_all(from(job in Job, where: job.id in ^ids), set: changes)
  end

  defp enqueued_before(worker, id, seconds) do
    then = DateTime.add(DateTime.utc_now(), -seconds, :second)
    update(worker, id, inserted_at: then, scheduled_at: then)
  end

  defp saved(id) do
    {:ok, document} = Documents.get(id)
    document
  end
end
