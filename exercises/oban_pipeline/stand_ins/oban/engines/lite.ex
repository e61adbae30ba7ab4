defmodule Oban.Engines.Lite do
  @moduledoc """
  Keeps the jobs in memory, where the real engine of this name keeps them in SQLite.
  """

  @behaviour Oban.Engine

  alias Ecto.Changeset
  alias Oban.{Config, Job, JSON}

  @impl Oban.Engine
  def insert_job(%Config{name: name}, %Changeset{} = changeset, _opts) do
    changeset =
      changeset
      |> Changeset.put_change(:id, System.unique_integer([:positive, :monotonic]))
      |> Changeset.put_change(:inserted_at, DateTime.utc_now())

    with {:ok, job} <- Changeset.apply_action(changeset, :insert) do
      stored = %{job | args: JSON.recode(job.args), meta: JSON.recode(job.meta), unique: nil}
      Agent.update(name, fn state -> %{state | jobs: [stored | state.jobs]} end)
      {:ok, job}
    end
  end

  @impl Oban.Engine
  def insert_all_jobs(config, changesets, opts) do
    for changeset <- changesets do
      case insert_job(config, changeset, opts) do
        {:ok, job} ->
          job

        {:error, changeset} ->
          raise Ecto.InvalidChangesetError, action: :insert, changeset: changeset
      end
    end
  end

  @doc "All jobs as they are stored, the newest one first."
  @spec jobs(Config.t()) :: [Job.t()]
  def jobs(%Config{name: name}), do: Agent.get(name, & &1.jobs)
end
