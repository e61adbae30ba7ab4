defmodule CvPipelineTest do
  use ExUnit.Case, async: false
  use Oban.Testing, repo: CvPipeline.Repo, engine: Oban.Engines.Lite

  alias CvPipeline.{Analyse, CoverLetter, Notify, OtherNode, ParsePdf}
  alias Phoenix.PubSub

  # Drawn anew whenever the tests are compiled, so that no solution can know them.
  @text "Ada Lovelace, born #{Enum.random(1000..9999)}"
  @analysis %{"name" => "Ada", "years" => Enum.random(10..99)}
  @letter "Dear Mr Babbage, re: #{Enum.random(1000..9999)}"
  @waits Enum.take_random(20..900, 3)

  @extract {PdfText, :extract}
  @analyse {Ai, :analyse}
  @cover_letter {Ai, :cover_letter}
  @deliver {Notifier, :deliver}
  @update {Documents, :update}

  setup do
    start_supervised!(CvPipeline.Environment)
    Scenario.answer(@extract, {:ok, @text})
    Scenario.answer(@analyse, {:ok, @analysis})
    Scenario.answer(@cover_letter, {:ok, @letter})
  end

  describe "ParsePdf" do
    setup do
      watched_document(%{})
    end

    test "puts its jobs into the queue documents", %{id: id} do
      assert inserted(ParsePdf, id).queue == "documents"
    end

    test "has three attempts", %{id: id} do
      assert inserted(ParsePdf, id).max_attempts == 3
    end

    test "extracts the text from the document's path and saves it", %{id: id, path: path} do
      assert_done(perform(ParsePdf, id))

      assert Scenario.calls(@extract) == [[path]]
      assert saved(id).text == @text
    end

    test "enqueues Analyse, and the ID of the document is all that goes along", %{id: id} do
      perform(ParsePdf, id)

      assert enqueued() == [{"CvPipeline.Analyse", %{"document_id" => id}}]
    end

    test "broadcasts on the document's topic that :parse is done", %{id: id} do
      perform(ParsePdf, id)

      assert_receive {:step_done, ^id, :parse}
      refute_received {:step_done, _id, _step}
    end

    test "cancels the job when there is no such document" do
      assert {:cancel, _reason} = perform(ParsePdf, missing_id())
    end

    test "cancels the job when the PDF is encrypted", %{id: id} do
      Scenario.answer(@extract, {:error, :encrypted})

      assert {:cancel, _reason} = perform(ParsePdf, id)
    end

    test "returns an error when the extraction takes too long", %{id: id} do
      Scenario.answer(@extract, {:error, :timeout})

      assert {:error, _reason} = perform(ParsePdf, id)
      assert length(Scenario.calls(@extract)) == 1
    end

    test "enqueues nothing and broadcasts nothing when it has no text", %{id: id} do
      for reason <- [:encrypted, :timeout] do
        Scenario.answer(@extract, {:error, reason})
        perform(ParsePdf, id)

        assert_nothing_follows()
      end
    end

    test "cancels the job, and nothing follows, when the text cannot be saved", %{id: id} do
      Scenario.answer(@update, {:error, :not_found})

      assert {:cancel, _reason} = perform(ParsePdf, id)
      assert_nothing_follows()
    end

    test "extracts the text once when it runs twice", %{id: id, path: path} do
      assert_done(perform(ParsePdf, id))
      assert_done(perform(ParsePdf, id))

      assert Scenario.calls(@extract) == [[path]]
      assert saved(id).text == @text
    end
  end

  describe "ParsePdf, where the text was saved before," do
    setup do
      watched_document(%{text: @text})
    end

    test "goes on: enqueues Analyse", %{id: id} do
      assert_done(perform(ParsePdf, id))

      assert enqueued() == [{"CvPipeline.Analyse", %{"document_id" => id}}]
    end

    test "goes on: broadcasts that :parse is done", %{id: id} do
      assert_done(perform(ParsePdf, id))

      assert_receive {:step_done, ^id, :parse}
    end
  end

  describe "Analyse" do
    setup do
      watched_document(%{text: @text})
    end

    test "puts its jobs into the queue ai", %{id: id} do
      assert inserted(Analyse, id).queue == "ai"
    end

    test "has five attempts", %{id: id} do
      assert inserted(Analyse, id).max_attempts == 5
    end

    test "is unique for 300 seconds", %{id: id} do
      assert %{period: 300} = Analyse.new(%{document_id: id}).changes[:unique]
    end

    test "is unique among jobs with the same worker and the same args", %{id: id} do
      assert %{fields: fields, keys: keys} = Analyse.new(%{document_id: id}).changes[:unique]

      assert :worker in fields
      assert :args in fields
      assert keys in [[], [:document_id]]
    end

    test "is unique whether the other job waits, runs or is completed", %{id: id} do
      assert %{states: states} = Analyse.new(%{document_id: id}).changes[:unique]

      assert [:available, :completed, :executing, :retryable, :scheduled] -- states == []
    end

    test "has the text analysed and saves the analysis", %{id: id} do
      assert_done(perform(Analyse, id))

      assert Scenario.calls(@analyse) == [[@text]]
      assert saved(id).analysis == @analysis
    end

    test "enqueues CoverLetter, and the ID of the document is all that goes along", %{id: id} do
      perform(Analyse, id)

      assert enqueued() == [{"CvPipeline.CoverLetter", %{"document_id" => id}}]
    end

    test "broadcasts on the document's topic that :analyse is done", %{id: id} do
      perform(Analyse, id)

      assert_receive {:step_done, ^id, :analyse}
      refute_received {:step_done, _id, _step}
    end

    test "cancels the job when there is no such document" do
      assert {:cancel, _reason} = perform(Analyse, missing_id())
    end

    test "snoozes for as long as the AI says when it is rate-limited", %{id: id} do
      for seconds <- @waits do
        Scenario.answer(@analyse, {:error, {:rate_limited, seconds}})

        assert perform(Analyse, id) == {:snooze, seconds}
      end
    end

    test "returns an error when the AI takes too long", %{id: id} do
      Scenario.answer(@analyse, {:error, :timeout})

      assert {:error, _reason} = perform(Analyse, id)
      assert length(Scenario.calls(@analyse)) == 1
    end

    test "enqueues nothing and broadcasts nothing when it has no analysis", %{id: id} do
      for reason <- [{:rate_limited, 30}, :timeout] do
        Scenario.answer(@analyse, {:error, reason})
        perform(Analyse, id)

        assert_nothing_follows()
      end
    end

    test "cancels the job, and nothing follows, when the analysis cannot be saved", %{id: id} do
      Scenario.answer(@update, {:error, :not_found})

      assert {:cancel, _reason} = perform(Analyse, id)
      assert_nothing_follows()
    end

    test "has the text analysed once when it runs twice", %{id: id} do
      assert_done(perform(Analyse, id))
      assert_done(perform(Analyse, id))

      assert Scenario.calls(@analyse) == [[@text]]
      assert saved(id).analysis == @analysis
    end
  end

  describe "Analyse, where the analysis was saved before," do
    setup do
      watched_document(%{text: @text, analysis: @analysis})
    end

    test "goes on: enqueues CoverLetter", %{id: id} do
      assert_done(perform(Analyse, id))

      assert enqueued() == [{"CvPipeline.CoverLetter", %{"document_id" => id}}]
    end

    test "goes on: broadcasts that :analyse is done", %{id: id} do
      assert_done(perform(Analyse, id))

      assert_receive {:step_done, ^id, :analyse}
    end
  end

  describe "CoverLetter" do
    setup do
      watched_document(%{text: @text, analysis: @analysis})
    end

    test "puts its jobs into the queue ai", %{id: id} do
      assert inserted(CoverLetter, id).queue == "ai"
    end

    test "has a letter written from the analysis and saves it", %{id: id} do
      assert_done(perform(CoverLetter, id))

      assert Scenario.calls(@cover_letter) == [[@analysis]]
      assert saved(id).letter == @letter
    end

    test "enqueues Notify, and the ID of the document is all that goes along", %{id: id} do
      perform(CoverLetter, id)

      assert enqueued() == [{"CvPipeline.Notify", %{"document_id" => id}}]
    end

    test "broadcasts on the document's topic that :cover_letter is done", %{id: id} do
      perform(CoverLetter, id)

      assert_receive {:step_done, ^id, :cover_letter}
      refute_received {:step_done, _id, _step}
    end

    test "cancels the job when there is no such document" do
      assert {:cancel, _reason} = perform(CoverLetter, missing_id())
    end

    test "snoozes for as long as the AI says when it is rate-limited", %{id: id} do
      for seconds <- @waits do
        Scenario.answer(@cover_letter, {:error, {:rate_limited, seconds}})

        assert perform(CoverLetter, id) == {:snooze, seconds}
      end
    end

    test "returns an error when the AI takes too long", %{id: id} do
      Scenario.answer(@cover_letter, {:error, :timeout})

      assert {:error, _reason} = perform(CoverLetter, id)
      assert length(Scenario.calls(@cover_letter)) == 1
    end

    test "enqueues nothing and broadcasts nothing when it has no letter", %{id: id} do
      for reason <- [{:rate_limited, 30}, :timeout] do
        Scenario.answer(@cover_letter, {:error, reason})
        perform(CoverLetter, id)

        assert_nothing_follows()
      end
    end

    test "cancels the job, and nothing follows, when the letter cannot be saved", %{id: id} do
      Scenario.answer(@update, {:error, :not_found})

      assert {:cancel, _reason} = perform(CoverLetter, id)
      assert_nothing_follows()
    end

    test "has the letter written once when it runs twice", %{id: id} do
      assert_done(perform(CoverLetter, id))
      assert_done(perform(CoverLetter, id))

      assert Scenario.calls(@cover_letter) == [[@analysis]]
      assert saved(id).letter == @letter
    end
  end

  describe "CoverLetter, where the letter was saved before," do
    setup do
      watched_document(%{text: @text, analysis: @analysis, letter: @letter})
    end

    test "goes on: enqueues Notify", %{id: id} do
      assert_done(perform(CoverLetter, id))

      assert enqueued() == [{"CvPipeline.Notify", %{"document_id" => id}}]
    end

    test "goes on: broadcasts that :cover_letter is done", %{id: id} do
      assert_done(perform(CoverLetter, id))

      assert_receive {:step_done, ^id, :cover_letter}
    end
  end

  describe "Notify" do
    setup do
      watched_document(%{text: @text, analysis: @analysis, letter: @letter})
    end

    test "puts its jobs into the queue notifications", %{id: id} do
      assert inserted(Notify, id).queue == "notifications"
    end

    test "has the mail delivered for the document's ID", %{id: id} do
      assert_done(perform(Notify, id))

      assert Scenario.calls(@deliver) == [[id]]
    end

    test "broadcasts on the document's topic that :notify is done", %{id: id} do
      perform(Notify, id)

      assert_receive {:step_done, ^id, :notify}
      refute_received {:step_done, _id, _step}
    end

    test "is the last step and enqueues nothing", %{id: id} do
      assert_done(perform(Notify, id))

      assert enqueued() == []
    end

    test "cancels the job, and delivers nothing, when there is no such document" do
      assert {:cancel, _reason} = perform(Notify, missing_id())
      assert Scenario.calls(@deliver) == []
    end

    test "returns an error, and broadcasts nothing, when the mail service takes too long", %{
      id: id
    } do
      Scenario.answer(@deliver, {:error, :timeout})

      assert {:error, _reason} = perform(Notify, id)
      assert length(Scenario.calls(@deliver)) == 1
      assert_nothing_follows()
    end
  end

  # A document that this process watches, for the tests of one worker.
  defp watched_document(fields) do
    document = Documents.insert(fields)
    :ok = PubSub.subscribe(CvPipeline.PubSub, "document:#{document.id}")
    Map.take(document, [:id, :path])
  end

  defp missing_id, do: System.unique_integer([:positive])

  defp perform(worker, id), do: perform_job(worker, %{document_id: id})

  defp inserted(worker, id) do
    {:ok, _job} = Oban.insert(worker.new(%{document_id: id}))
    [job] = all_enqueued(worker: worker)
    job
  end

  defp enqueued, do: for(job <- all_enqueued(), do: {job.worker, job.args})

  defp saved(id) do
    {:ok, document} = Documents.get(id)
    document
  end

  defp assert_done(result) do
    assert result == :ok or match?({:ok, _value}, result),
           "the job is not completed by what perform/1 returns: #{inspect(result)}"
  end

  defp assert_nothing_follows do
    assert enqueued() == []
    refute_received {:step_done, _id, _step}
    assert OtherNode.received() == []
  end
end
