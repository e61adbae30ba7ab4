defmodule Oban.Engine do
  @moduledoc """
  Where jobs are kept. Of the callbacks of the real behaviour, this is the one that a test needs.
  """

  alias Oban.{Config, Job}

  @callback insert_job(Config.t(), Job.changeset(), opts :: keyword()) ::
              {:ok, Job.t()} | {:error, term()}
end
