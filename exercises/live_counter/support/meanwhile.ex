defmodule Meanwhile do
  @moduledoc """
  Makes happen every time what otherwise happens once in a thousand times: that something comes
  between two steps of a process.

  Some given functions call `at/1`. A test arranges what is to happen there; where nothing is
  arranged, nothing happens.
  """

  use Agent

  @type place :: :before_adding | :before_reading | :after_reading | :broadcast

  @doc false
  @spec start_link(term()) :: Agent.on_start()
  def start_link(_opts \\ []), do: Agent.start_link(fn -> %{} end, name: __MODULE__)

  @doc "When the next process comes to this place, the function runs before it goes on. Once."
  @spec arrange(place(), fun(), except :: [pid()]) :: :ok
  def arrange(place, fun, except \\ []) do
    Agent.update(__MODULE__, &Map.put(&1, place, {fun, except}))
  end

  @doc "This process has come to the place."
  @spec at(place()) :: :ok
  def at(place) do
    if Process.whereis(__MODULE__) do
      pid = self()
      fun = Agent.get_and_update(__MODULE__, &take(&1, place, pid))
      fun.()
    end

    :ok
  end

  defp take(arranged, place, pid) do
    with {fun, except} <- arranged[place],
         false <- pid in except do
      {fun, Map.delete(arranged, place)}
    else
      _nothing_for_it -> {fn -> :ok end, arranged}
    end
  end
end
