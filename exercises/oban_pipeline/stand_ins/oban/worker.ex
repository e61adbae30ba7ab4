defmodule Oban.Worker do
  @moduledoc """
  Makes a module a worker: `use Oban.Worker, queue: :mailers, max_attempts: 5`.

  Options: `:queue`, `:max_attempts`, `:priority`, `:tags`, `:unique`, `:replace`, as in the real
  Oban, which checks them when the module is compiled. A worker has `new/2`, which makes a job of
  its arguments, and has to define `perform/1`, which does the job.

  `c:backoff/1` and `c:timeout/1` may be defined. Here nothing calls the first one.
  """

  import Kernel, except: [to_string: 1]

  alias Oban.{Job, Validation}

  @type t :: module()

  @typedoc """
  What becomes of the job that was performed:

    * `:ok`, `{:ok, value}` - it is completed; the value is ignored
    * `{:error, reason}` - it failed and is tried again later, as long as it has attempts left
    * `{:cancel, reason}` - it is cancelled, and not tried again
    * `{:snooze, seconds}` - it is scheduled to run again in so many seconds; that takes no attempt

  An exception counts as an error. `:discard` and `{:discard, reason}` are the old way to cancel.
  """
  @type result ::
          :ok
          | :discard
          | {:cancel, reason :: term()}
          | {:discard, reason :: term()}
          | {:ok, ignored :: term()}
          | {:error, reason :: term()}
          | {:snooze, seconds :: non_neg_integer()}

  @doc "Makes a job of the arguments. The options override those of the worker."
  @callback new(args :: Job.args(), opts :: [Job.option()]) :: Job.changeset()

  @doc "How many seconds to wait before a failed job is tried again."
  @callback backoff(job :: Job.t()) :: non_neg_integer()

  @doc "How many milliseconds the job may take."
  @callback timeout(job :: Job.t()) :: :infinity | pos_integer()

  @doc """
  Does the job.

  The arguments have been stored as JSON: their keys are strings, whatever they were before.
  """
  @callback perform(job :: Job.t()) :: result()

  @doc false
  defmacro __using__(opts) do
    quote do
      alias Oban.{Job, Worker}

      @behaviour Oban.Worker
      @after_compile Oban.Worker

      @doc false
      def __opts__, do: [worker: inspect(__MODULE__)] ++ unquote(opts)

      @impl Oban.Worker
      def new(args, opts \\ []), do: Oban.Worker.new_job(args, __opts__(), opts)

      @impl Oban.Worker
      def backoff(%Oban.Job{attempt: attempt}), do: 15 + Integer.pow(2, attempt)

      @impl Oban.Worker
      def timeout(%Oban.Job{}), do: :infinity

      defoverridable Oban.Worker
    end
  end

  @doc false
  @spec __after_compile__(Macro.Env.t(), binary()) :: :ok
  def __after_compile__(%{module: worker}, _bytecode) do
    Validation.validate_schema!(worker.__opts__(),
      max_attempts: :pos_integer,
      priority: {:range, 0..9},
      queue: {:or, [:atom, :string]},
      replace: {:custom, &Job.validate_replace/1},
      tags: {:list, :string},
      unique: {:custom, &Job.validate_unique/1},
      worker: :string
    )
  end

  @doc false
  @spec new_job(Job.args(), [Job.option()], [Job.option()]) :: Job.changeset()
  def new_job(args, defaults, opts) do
    Job.new(args, Keyword.merge(defaults, opts, &override/3))
  end

  # The options of `unique` are merged one by one, all others replaced.
  defp override(:unique, [_ | _] = default, [_ | _] = given), do: Keyword.merge(default, given)
  defp override(_option, _default, given), do: given

  @doc "The name of a worker, as it stands in a job."
  @spec to_string(module() | String.t()) :: String.t()
  def to_string("Elixir." <> name), do: name
  def to_string(name) when is_binary(name), do: name

  def to_string(worker) when is_atom(worker) and not is_nil(worker) do
    worker |> Atom.to_string() |> to_string()
  end
end
