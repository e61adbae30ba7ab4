defmodule Oban.Job do
  @moduledoc """
  A job: what is to be done (`worker` and `args`), where (`queue`), and how often it may be tried.
  """

  alias Ecto.Changeset

  @type args :: map()
  @type unique_option ::
          {:fields, [:args | :meta | :queue | :worker]}
          | {:keys, [atom()]}
          | {:period, pos_integer() | {pos_integer(), atom()} | :infinity}
          | {:states, [atom()] | atom()}
          | {:timestamp, :inserted_at | :scheduled_at}

  @type option ::
          {:args, args()}
          | {:max_attempts, pos_integer()}
          | {:meta, map()}
          | {:priority, 0..9}
          | {:queue, atom() | binary()}
          | {:replace, keyword([atom()])}
          | {:schedule_in, pos_integer() | {pos_integer(), atom()}}
          | {:scheduled_at, DateTime.t()}
          | {:tags, [binary()]}
          | {:unique, true | false | nil | [unique_option()]}
          | {:worker, atom() | binary()}

  @type t :: %__MODULE__{
          id: pos_integer() | nil,
          state: binary(),
          queue: binary(),
          worker: binary(),
          args: args(),
          meta: map(),
          tags: [binary()],
          errors: [map()],
          attempt: non_neg_integer(),
          max_attempts: pos_integer(),
          priority: 0..9,
          inserted_at: DateTime.t() | nil,
          scheduled_at: DateTime.t() | nil,
          attempted_at: DateTime.t() | nil,
          conflict?: boolean(),
          unique: map() | nil
        }

  @type changeset :: Changeset.t(t())

  defstruct [
    :id,
    :worker,
    :args,
    :inserted_at,
    :scheduled_at,
    :attempted_at,
    :unique,
    state: "available",
    queue: "default",
    meta: %{},
    tags: [],
    errors: [],
    attempt: 0,
    max_attempts: 20,
    priority: 0,
    conflict?: false
  ]

  @params ~w(args attempt attempted_at errors id inserted_at max_attempts meta priority)a ++
            ~w(queue scheduled_at state tags worker)a
  @virtual_params ~w(replace schedule_in unique)a

  @states ~w(scheduled available executing retryable completed discarded cancelled)a
  @replaceable ~w(args max_attempts meta priority queue scheduled_at tags worker)a
  @units ~w(second seconds minute minutes hour hours day days week weeks)a
  @unique_fields ~w(args meta queue worker)a
  @unique_defaults %{
    fields: ~w(args queue worker)a,
    keys: [],
    period: 60,
    states: ~w(scheduled available executing retryable completed)a,
    timestamp: :inserted_at
  }

  # From Elixir 1.18 on the exercise is about an Oban that has names for groups of states.
  @groups if Version.match?(System.version(), ">= 1.18.0-rc.0"),
            do: %{
              all: @states,
              incomplete: ~w(available scheduled executing retryable)a,
              scheduled: ~w(scheduled)a,
              successful: ~w(available scheduled executing retryable completed)a
            },
            else: %{}

  @doc "A changeset for a job. Workers have a `new/2` of their own, which calls this one."
  @spec new(args(), [option()]) :: changeset()
  def new(args, opts \\ []) when is_map(args) and is_list(opts) do
    params =
      opts
      |> Map.new()
      |> Map.put(:args, args)
      |> coerce(:queue, &to_string/1)
      |> coerce(:worker, &Oban.Worker.to_string/1)

    %Changeset{data: %__MODULE__{}}
    |> put_changes(params)
    |> validate_known(params)
    |> validate_worker()
    |> put_scheduling(params[:schedule_in])
    |> put_unique(params[:unique])
    |> validate_number(:max_attempts, &(&1 > 0), "must be greater than 0")
    |> validate_number(:priority, &(&1 in 0..9), "must be between 0 and 9")
  end

  @doc "All states that a job can be in."
  @spec states() :: [atom()]
  def states, do: @states

  @doc "Checks the option `replace`, which has no effect here: it is about jobs that are unique."
  @spec validate_replace(term()) :: :ok | {:error, String.t()}
  def validate_replace(replace) do
    if Keyword.keyword?(replace) and Enum.all?(replace, &replaceable?/1) do
      :ok
    else
      {:error, "expected :replace to have states with lists of fields, got: #{inspect(replace)}"}
    end
  end

  defp replaceable?({state, fields}) do
    state in @states and is_list(fields) and fields -- @replaceable == []
  end

  @doc "Checks the option `unique`."
  @spec validate_unique(term()) :: :ok | {:error, String.t()}
  def validate_unique(unique) when is_boolean(unique), do: :ok

  def validate_unique(unique) when is_list(unique) do
    Enum.find_value(unique, :ok, fn option ->
      with :ok <- validate_unique_option(option), do: nil
    end)
  end

  def validate_unique(unique) do
    {:error, "expected :unique to be a list, got: #{inspect(unique)}"}
  end

  defp coerce(params, key, fun) do
    case params do
      %{^key => value} when (is_atom(value) and not is_nil(value)) or is_binary(value) ->
        %{params | key => fun.(value)}

      %{} ->
        params
    end
  end

  defp put_changes(changeset, params) do
    params
    |> Map.take(@params)
    |> Enum.reduce(changeset, fn {key, value}, changeset ->
      Changeset.put_change(changeset, key, value)
    end)
  end

  defp validate_known(changeset, params) do
    params
    |> Map.drop(@params ++ @virtual_params)
    |> Enum.reduce(changeset, fn {key, _value}, changeset ->
      Changeset.add_error(changeset, :base, "unknown option #{inspect(key)} provided")
    end)
  end

  defp validate_worker(%Changeset{changes: %{worker: _}} = changeset), do: changeset
  defp validate_worker(changeset), do: Changeset.add_error(changeset, :worker, "can't be blank")

  defp validate_number(changeset, key, valid?, message) do
    case changeset.changes do
      %{^key => value} when not is_integer(value) ->
        Changeset.add_error(changeset, key, "is invalid")

      %{^key => value} ->
        if valid?.(value), do: changeset, else: Changeset.add_error(changeset, key, message)

      %{} ->
        changeset
    end
  end

  defp put_scheduling(changeset, nil) do
    case changeset.changes do
      %{scheduled_at: %DateTime{}} -> Changeset.put_change(changeset, :state, "scheduled")
      %{} -> changeset
    end
  end

  defp put_scheduling(changeset, period) do
    case seconds(period) do
      seconds when is_integer(seconds) ->
        scheduled_at = DateTime.add(DateTime.utc_now(), seconds, :second)

        changeset
        |> Changeset.put_change(:scheduled_at, scheduled_at)
        |> Changeset.put_change(:state, "scheduled")

      _other ->
        Changeset.add_error(changeset, :schedule_in, "invalid value")
    end
  end

  defp put_unique(changeset, value) when value in [nil, false], do: changeset

  defp put_unique(changeset, true) do
    Changeset.put_change(changeset, :unique, %{@unique_defaults | period: :infinity})
  end

  defp put_unique(changeset, [_ | _] = opts) do
    unique = Map.merge(@unique_defaults, Map.new(opts))

    case validate_unique(Map.to_list(unique)) do
      :ok ->
        unique = %{unique | period: seconds(unique.period), states: states(unique.states)}
        Changeset.put_change(changeset, :unique, unique)

      {:error, message} ->
        message = "invalid unique option, #{inspect(message)}"
        Changeset.add_error(changeset, :unique, message)
    end
  end

  defp put_unique(changeset, _other) do
    Changeset.add_error(changeset, :unique, "invalid unique options")
  end

  defp states(group) when is_atom(group), do: Map.fetch!(@groups, group)
  defp states(states), do: states

  defp seconds({value, unit}) when unit in [:second, :seconds], do: value
  defp seconds({value, unit}) when unit in [:minute, :minutes], do: value * 60
  defp seconds({value, unit}) when unit in [:hour, :hours], do: value * 60 * 60
  defp seconds({value, unit}) when unit in [:day, :days], do: value * 60 * 60 * 24
  defp seconds({value, unit}) when unit in [:week, :weeks], do: value * 60 * 60 * 24 * 7
  defp seconds(period), do: period

  defp validate_unique_option({:fields, [_ | _] = fields}) do
    if Enum.all?(fields, &(&1 in @unique_fields)) do
      :ok
    else
      {:error, "expected :fields #{inspect(fields)} to overlap #{inspect(@unique_fields)}"}
    end
  end

  defp validate_unique_option({:keys, keys}) do
    if is_list(keys) and Enum.all?(keys, &is_atom/1) do
      :ok
    else
      {:error, "expected :keys to be a list of atoms"}
    end
  end

  defp validate_unique_option({:period, :infinity}), do: :ok

  defp validate_unique_option({:period, {period, unit}}) do
    if is_integer(period) and period > 0 and unit in @units do
      :ok
    else
      {:error, "expected :period to be positive and unit to be in #{inspect(@units)}"}
    end
  end

  defp validate_unique_option({:period, period}) do
    if is_integer(period) and period > 0 do
      :ok
    else
      {:error, "expected :period to be a positive integer"}
    end
  end

  defp validate_unique_option({:states, group}) when is_map_key(@groups, group), do: :ok

  defp validate_unique_option({:states, [_ | _] = states}) do
    if Enum.all?(states, &(&1 in @states)) do
      :ok
    else
      {:error, "expected :states #{inspect(states)} to overlap in #{inspect(@states)}"}
    end
  end

  defp validate_unique_option({:timestamp, timestamp}) do
    if timestamp in [:inserted_at, :scheduled_at] do
      :ok
    else
      {:error, "expected :timestamp to be one of [:inserted_at, :scheduled_at]"}
    end
  end

  defp validate_unique_option(option), do: {:error, "unknown option, #{inspect(option)}"}
end
