defmodule CvPipeline.Environment do
  @moduledoc """
  Everything that the workers find running: documents, PubSub, the database, the job queue.

  In IEx: `CvPipeline.Environment.start_link()`.
  """

  use Supervisor

  @doc false
  @spec start_link(term()) :: Supervisor.on_start()
  def start_link(_opts \\ []), do: Supervisor.start_link(__MODULE__, :ok, name: __MODULE__)

  @impl Supervisor
  def init(:ok) do
    children = [
      Scenario,
      Documents,
      {Phoenix.PubSub, name: CvPipeline.PubSub, adapter: CvPipeline.OtherNode},
      CvPipeline.Database,
      {Oban,
       repo: CvPipeline.Repo,
       engine: CvPipeline.Engine,
       prefix: false,
       notifier: Oban.Notifiers.Isolated,
       testing: :manual}
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end
end
