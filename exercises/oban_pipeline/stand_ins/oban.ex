defmodule Oban do
  @moduledoc """
  Stands in for the job queue Oban, of which it has what this exercise needs.

  What it has behaves as the real one does in the testing mode `:manual`: jobs are inserted and stay
  where they are, until a test performs one with `Oban.Testing`. There is no database: the jobs
  live in the process that `start_link/1` starts. Hence unique jobs are not enforced: that is the
  database's work. The options are there and checked, but two equal jobs are two jobs.
  """

  alias Ecto.Changeset
  alias Oban.{Config, Job}

  @type name :: atom()

  @doc "Starts an instance. Options: `:repo`, `:engine`, `:testing` and `:name`."
  @spec start_link(keyword()) :: Agent.on_start()
  def start_link(opts) do
    config = Config.new(opts)
    Agent.start_link(fn -> %{config: config, jobs: []} end, name: config.name)
  end

  @doc false
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(opts) do
    %{id: Keyword.get(opts, :name, __MODULE__), start: {__MODULE__, :start_link, [opts]}}
  end

  @doc "The configuration of a running instance."
  @spec config(name()) :: Config.t()
  def config(name \\ __MODULE__) do
    case Process.whereis(name) do
      nil ->
        raise RuntimeError, """
        No Oban instance named `#{inspect(name)}` is running and config isn't available.
        """

      pid ->
        Agent.get(pid, & &1.config)
    end
  end

  @doc "Inserts a job that a worker's `new/2` has made."
  @spec insert(Job.changeset()) :: {:ok, Job.t()} | {:error, Job.changeset() | term()}
  def insert(%Changeset{} = changeset), do: insert(__MODULE__, changeset, [])

  @spec insert(name() | Job.changeset(), Job.changeset() | keyword()) ::
          {:ok, Job.t()} | {:error, Job.changeset() | term()}
  def insert(%Changeset{} = changeset, opts), do: insert(__MODULE__, changeset, opts)
  def insert(name, %Changeset{} = changeset), do: insert(name, changeset, [])

  @spec insert(name(), Job.changeset(), keyword()) ::
          {:ok, Job.t()} | {:error, Job.changeset() | term()}
  def insert(name, %Changeset{} = changeset, opts) do
    %Config{engine: engine} = config = config(name)
    engine.insert_job(config, changeset, opts)
  end

  @doc "Inserts a job, or raises."
  @spec insert!(Job.changeset()) :: Job.t()
  def insert!(%Changeset{} = changeset), do: insert!(__MODULE__, changeset, [])

  @spec insert!(name() | Job.changeset(), Job.changeset() | keyword()) :: Job.t()
  def insert!(%Changeset{} = changeset, opts), do: insert!(__MODULE__, changeset, opts)
  def insert!(name, %Changeset{} = changeset), do: insert!(name, changeset, [])

  @spec insert!(name(), Job.changeset(), keyword()) :: Job.t()
  def insert!(name, %Changeset{} = changeset, opts) do
    case insert(name, changeset, opts) do
      {:ok, job} ->
        job

      {:error, %Changeset{} = changeset} ->
        raise Ecto.InvalidChangesetError, action: :insert, changeset: changeset

      {:error, reason} ->
        raise RuntimeError, inspect(reason)
    end
  end

  @doc "Inserts several jobs. Unique jobs are not looked for, in the real Oban neither."
  @spec insert_all([Job.changeset()]) :: [Job.t()]
  def insert_all(changesets), do: insert_all(__MODULE__, changesets, [])

  @spec insert_all(name() | [Job.changeset()], [Job.changeset()] | keyword()) :: [Job.t()]
  def insert_all(changesets, opts) when is_list(changesets) do
    insert_all(__MODULE__, changesets, opts)
  end

  def insert_all(name, changesets), do: insert_all(name, changesets, [])

  @spec insert_all(name(), [Job.changeset()], keyword()) :: [Job.t()]
  def insert_all(name, changesets, opts) when is_list(changesets) and is_list(opts) do
    %Config{engine: engine} = config = config(name)
    engine.insert_all_jobs(config, changesets, opts)
  end
end
