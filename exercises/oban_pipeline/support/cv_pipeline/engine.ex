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
end
