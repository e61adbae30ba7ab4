defmodule Counter do
  @moduledoc """
  The count. It is one for everybody, and it only grows.

  It tells nobody that it has grown: that is up to the one who adds.
  """

  use Agent

  @doc false
  @spec start_link(term()) :: Agent.on_start()
  def start_link(_opts \\ []), do: Agent.start_link(fn -> 0 end, name: __MODULE__)

  @doc "The count at this moment."
  @spec value() :: non_neg_integer()
  def value do
    Meanwhile.at(:before_reading)
    value = Agent.get(__MODULE__, & &1)
    Meanwhile.at(:after_reading)
    value
  end

  @doc "Adds to the count, and returns the new one."
  @spec add(pos_integer()) :: pos_integer()
  def add(by) when is_integer(by) and by > 0 do
    Meanwhile.at(:before_adding)
    Agent.get_and_update(__MODULE__, &{&1 + by, &1 + by})
  end
end
