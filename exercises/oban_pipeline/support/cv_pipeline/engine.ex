defmodule CvPipeline.Engine do
  @moduledoc """
  Keeps jobs as `Oban.Engines.Lite` does, unless the scenario of a test says that it can't.
  """

  @behaviour Oban.Engine

  alias Oban.Engines.Lite

  @impl Oban.Engine
  def insert_job(config, changeset, opts) do
    Scenario.call({Oban, :insert, [changeset]}, fn ->
      Lite.insert_job(config, changeset, opts)
    end)
  end

  # This one returns the jobs, and so has to raise where it can't insert them.
  @impl Oban.Engine
  def insert_all_jobs(config, changesets, opts) do
    insert = fn -> {:ok, Lite.insert_all_jobs(config, changesets, opts)} end

    case Scenario.call({Oban, :insert, [changesets]}, insert) do
      {:ok, jobs} -> jobs
      {:error, reason} -> raise "jobs could not be inserted: #{inspect(reason)}"
    end
  end

  # The rest is left to Lite. How many callbacks that are depends on the version of Oban.
  Code.ensure_compiled!(Lite)

  for {name, arity} = callback <- Oban.Engine.behaviour_info(:callbacks),
      callback not in [insert_job: 3, insert_all_jobs: 3],
      function_exported?(Lite, name, arity) do
    arguments = Macro.generate_arguments(arity, __MODULE__)

    @impl Oban.Engine
    defdelegate unquote(name)(unquote_splicing(arguments)), to: Lite
  end
end
