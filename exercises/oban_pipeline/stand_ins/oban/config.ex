defmodule Oban.Config do
  @moduledoc """
  The configuration of an instance of Oban.
  """

  alias Oban.Validation

  @type t :: %__MODULE__{name: Oban.name(), repo: module(), engine: module(), testing: :manual}

  @enforce_keys [:repo]
  defstruct [:repo, name: Oban, engine: Oban.Engines.Lite, testing: :manual]

  @doc "Checks the options of an instance."
  @spec new(keyword()) :: t()
  def new(opts) do
    Validation.validate_schema!(opts, name: :any, repo: :atom, engine: :atom, testing: :atom)
    struct!(__MODULE__, opts)
  end
end
