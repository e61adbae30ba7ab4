defmodule CvPipeline.Database do
  @moduledoc """
  A SQLite database without any jobs, anew whenever it is started.

  The file with Oban's table is made once, by `prepare/1`. Each start opens a copy of it: so what
  an earlier test has left running can't reach the jobs of a later one.
  """

  alias CvPipeline.{Migration, Repo}

  # One connection: SQLite lets one write at a time anyway, and here none finds the database locked.
  # Nobody needs these jobs after a power cut.
  @options [pool_size: 1, synchronous: :off, log: false]

  @folder "PRACTICE_PREPARED"

  @doc "Makes the database in this folder."
  @spec prepare(Path.t()) :: :ok
  def prepare(folder) do
    # In this mode, all is in one file that can be copied.
    {:ok, repo} = open(Path.join(folder, "empty.db"), journal_mode: :delete)
    :ok = Ecto.Migrator.up(Repo, 1, Migration, log: false)
    Supervisor.stop(repo)
  end

  @doc false
  @spec child_spec(term()) :: Supervisor.child_spec()
  def child_spec(_opts) do
    %{id: __MODULE__, start: {__MODULE__, :start_link, []}, type: :supervisor}
  end

  @doc "Opens a new copy of the database."
  @spec start_link() :: Supervisor.on_start()
  def start_link do
    folder = System.get_env(@folder) || prepare_here()
    database = Path.join(folder, "#{System.unique_integer([:positive])}.db")
    File.cp!(Path.join(folder, "empty.db"), database)
    open(database, journal_mode: :wal)
  end

  # In a plain `mix test`, and in IEx.
  defp prepare_here do
    folder = Path.join(System.tmp_dir!(), "cv_pipeline-#{System.pid()}")
    File.rm_rf!(folder)
    File.mkdir_p!(folder)
    System.at_exit(fn _status -> File.rm_rf(folder) end)
    prepare(folder)
    System.put_env(@folder, folder)
    folder
  end

  defp open(database, opts), do: Repo.start_link([database: database] ++ opts ++ @options)
end
