defmodule Oban.Testing do
  @moduledoc """
  Helpers for tests of workers: `use Oban.Testing, repo: MyApp.Repo`.

  `perform_job/3` performs a job on the spot and returns its result. `all_enqueued/1`,
  `assert_enqueued/1` and `refute_enqueued/1` look at the jobs that were inserted meanwhile.
  """

  import ExUnit.Assertions, only: [assert: 2, flunk: 1, refute: 2]

  alias Ecto.Changeset
  alias Oban.{CrashError, Engines, Job, JSON, TimeoutError, Worker}

  @conf_keys [:engine, :name, :prefix, :repo, :testing]
  @json_fields [:args, :meta]

  @doc false
  defmacro __using__(repo_opts) do
    if not Keyword.has_key?(repo_opts, :repo) do
      raise ArgumentError, "testing requires a :repo option to be set"
    end

    quote do
      def perform_job(worker, args, opts \\ []) do
        Oban.Testing.perform_job(worker, args, Keyword.merge(unquote(repo_opts), opts))
      end

      def all_enqueued(opts \\ []) do
        Oban.Testing.all_enqueued(Keyword.merge(unquote(repo_opts), opts))
      end

      def assert_enqueued(opts) do
        Oban.Testing.assert_enqueued(Keyword.merge(unquote(repo_opts), opts))
      end

      def refute_enqueued(opts) do
        Oban.Testing.refute_enqueued(Keyword.merge(unquote(repo_opts), opts))
      end
    end
  end

  @doc """
  Makes a job and performs it, in this process. Returns what `perform/1` returns.

  The arguments go through JSON first. An exception in `perform/1` is not caught; an exit or a throw
  becomes one. A job that takes longer than its `c:Oban.Worker.timeout/1` ends the process.
  """
  @spec perform_job(Worker.t(), Job.args(), keyword()) :: Worker.result()
  def perform_job(worker, args, opts) when is_atom(worker) do
    assert_valid_worker(worker)

    now = DateTime.utc_now()
    opts = Keyword.drop(opts, @conf_keys)

    changeset =
      args
      |> worker.new(opts)
      |> Changeset.update_change(:args, &JSON.recode/1)
      |> Changeset.update_change(:meta, &JSON.recode/1)
      |> put_new_change(:id, System.unique_integer([:positive]))
      |> put_new_change(:attempt, 1)
      |> put_new_change(:attempted_at, now)
      |> put_new_change(:scheduled_at, now)
      |> put_new_change(:inserted_at, now)

    assert_valid_changeset(changeset)
    {:ok, job} = Changeset.apply_action(changeset, :insert)

    result = perform(worker, job)
    assert_valid_result(result)
    result
  end

  defp perform(worker, job) do
    timer = start_timer(worker, worker.timeout(job))

    try do
      worker.perform(job)
    catch
      kind, reason when kind in [:exit, :throw] ->
        reraise CrashError.exception({kind, reason, __STACKTRACE__}), __STACKTRACE__
    after
      if timer, do: :timer.cancel(timer)
    end
  end

  defp start_timer(_worker, :infinity), do: nil

  defp start_timer(worker, timeout) do
    {:ok, timer} = :timer.exit_after(timeout, TimeoutError.exception({worker, timeout}))
    timer
  end

  @doc "The jobs that match all options, the newest one first."
  @spec all_enqueued(keyword()) :: [Job.t()]
  def all_enqueued(opts) do
    {conf_opts, opts} = Keyword.split(opts, @conf_keys)
    {json_opts, opts} = Keyword.split(opts, @json_fields)
    json_opts = Keyword.new(json_opts, fn {key, value} -> {key, JSON.recode(value)} end)

    for job <- available_jobs(conf_opts),
        Enum.all?(opts, &matches?(&1, job)),
        Enum.all?(json_opts, &contains?(&1, job)) do
      job
    end
  end

  @doc "Fails unless there is a job that matches all options."
  @spec assert_enqueued(keyword()) :: true
  def assert_enqueued([_ | _] = opts) do
    if Enum.any?(all_enqueued(opts)) do
      true
    else
      {conf_opts, opts} = Keyword.split(opts, @conf_keys)
      found = conf_opts |> available_jobs() |> Enum.map(&Map.take(&1, Keyword.keys(opts)))

      flunk("""
      Expected a job matching:

      #{inspect_opts(opts)}

      to be enqueued. Instead found:

      #{inspect(found, charlists: :as_lists, pretty: true)}
      """)
    end
  end

  @doc "Fails if there is a job that matches all options."
  @spec refute_enqueued(keyword()) :: false
  def refute_enqueued([_ | _] = opts) do
    error_message = """
    Expected no jobs matching:

    #{opts |> Keyword.drop(@conf_keys) |> inspect_opts()}

    to be enqueued.
    """

    refute Enum.any?(all_enqueued(opts)), error_message
  end

  defp available_jobs(conf_opts) do
    config = conf_opts |> Keyword.get(:name, Oban) |> Oban.config()
    Enum.filter(Engines.Lite.jobs(config), &(&1.state in ["available", "scheduled"]))
  end

  defp matches?({:queue, queue}, job), do: job.queue == to_string(queue)
  defp matches?({:state, state}, job), do: job.state == to_string(state)
  defp matches?({:worker, worker}, job), do: job.worker == Worker.to_string(worker)
  defp matches?({key, value}, job), do: Map.fetch!(job, key) == value

  defp contains?({key, "_"}, data) when is_map_key(data, key), do: true

  defp contains?({key, value}, data) when is_map(value) do
    case Map.get(data, key) do
      nil -> false
      inner -> Enum.all?(value, &contains?(&1, inner))
    end
  end

  defp contains?({key, value}, data), do: Map.get(data, key) == value

  defp put_new_change(changeset, key, value) do
    if is_map_key(changeset.changes, key) do
      changeset
    else
      Changeset.put_change(changeset, key, value)
    end
  end

  defp inspect_opts(opts) do
    opts |> Map.new() |> inspect(charlists: :as_lists, pretty: true)
  end

  defp assert_valid_worker(worker) do
    assert Code.ensure_loaded?(worker) and implements_worker?(worker), """
    Expected worker to be a module that implements the Oban.Worker behaviour, got:

    #{inspect(worker)}
    """
  end

  defp implements_worker?(worker) do
    functions = worker.__info__(:functions)
    Enum.all?([new: 2, perform: 1], &(&1 in functions))
  end

  defp assert_valid_changeset(changeset) do
    assert changeset.valid?, """
    Expected args and opts to build a valid job, got validation errors:

    #{Enum.map_join(changeset.errors, "\n", fn {key, {message, _}} -> "#{key}: #{message}" end)}
    """
  end

  defp assert_valid_result(result) do
    assert valid_result?(result), """
    Expected result to be one of

      - `:ok`
      - `{:ok, value}`
      - `{:cancel, reason}`
      - `{:error, reason}`
      - `{:snooze, duration}`

    Instead received:

    #{inspect(result, pretty: true)}
    """
  end

  defp valid_result?(result) when result in [:ok, :discard], do: true
  defp valid_result?({:snooze, seconds}), do: is_integer(seconds)
  defp valid_result?({kind, _value}), do: kind in [:ok, :cancel, :discard, :error]
  defp valid_result?(_result), do: false
end
