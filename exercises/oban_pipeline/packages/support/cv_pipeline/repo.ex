defmodule CvPipeline.Repo do
  @moduledoc """
  The database, in which are the jobs and nothing else.
  """

  use Ecto.Repo, otp_app: :oban_pipeline, adapter: Ecto.Adapters.SQLite3
end
