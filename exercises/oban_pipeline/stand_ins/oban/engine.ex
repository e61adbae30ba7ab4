defmodule Oban.Engine do
  @moduledoc """
  Where jobs are kept. Of the callbacks of the real behaviour, these are the ones that insert.
  """

  alias Oban.{Config, Job}

  @callback insert_job(Config.t(), Job.changeset(), opts :: keyword()) ::
              {:ok, Job.t()} | {:error, term()}

  @callback insert_all_jobs(Config.t(), [Job.changeset()], opts :: keyword()) :: [Job.t()]
end
