defmodule Ecto.Changeset do
  @moduledoc """
  Stands in for Ecto's changeset: what a worker's `new/2` returns, and `Oban.insert/1` takes.
  """

  @type t(data) :: %__MODULE__{
          valid?: boolean(),
          data: data,
          changes: %{optional(atom()) => term()},
          errors: [{atom(), {String.t(), keyword()}}],
          action: atom()
        }
  @type t :: t(struct() | nil)

  defstruct valid?: true, data: nil, changes: %{}, errors: [], action: nil

  @doc "Puts a change, or takes it back if the data has this value anyway."
  @spec put_change(t(), atom(), term()) :: t()
  def put_change(%__MODULE__{data: data, changes: changes} = changeset, key, value) do
    if Map.get(data, key) == value do
      %{changeset | changes: Map.delete(changes, key)}
    else
      %{changeset | changes: Map.put(changes, key, value)}
    end
  end

  @doc "Changes a change, if there is one."
  @spec update_change(t(), atom(), (term() -> term())) :: t()
  def update_change(%__MODULE__{changes: changes} = changeset, key, fun) do
    case changes do
      %{^key => value} -> put_change(changeset, key, fun.(value))
      %{} -> changeset
    end
  end

  @doc "Adds an error. The changeset is not valid any more."
  @spec add_error(t(), atom(), String.t(), keyword()) :: t()
  def add_error(%__MODULE__{errors: errors} = changeset, key, message, keys \\ []) do
    %{changeset | valid?: false, errors: [{key, {message, keys}} | errors]}
  end

  @doc "The data with the changes, if these are valid."
  @spec apply_action(t(), atom()) :: {:ok, struct()} | {:error, t()}
  def apply_action(%__MODULE__{valid?: true, data: data, changes: changes}, _action) do
    {:ok, struct!(data, changes)}
  end

  def apply_action(%__MODULE__{} = changeset, action), do: {:error, %{changeset | action: action}}
end

defmodule Ecto.InvalidChangesetError do
  @moduledoc """
  Stands in for what Ecto raises when it is to act on a changeset that is not valid.
  """

  defexception [:action, :changeset]

  @impl Exception
  def message(%{action: action, changeset: changeset}) do
    "could not perform #{action} because changeset is invalid: #{inspect(changeset.errors)}"
  end
end
