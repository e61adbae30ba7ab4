defmodule Scenario do
  @moduledoc """
  Decides what `Orders`, `Users` and `Payment` answer, and keeps a list of the calls they get.

  A scenario belongs to the process that started it, usually a test. It also holds in the
  tasks and supervised processes that this process starts. Where no scenario was started,
  in IEx for instance, every call succeeds and nothing is recorded.
  """

  @type answer :: {:ok, map()} | {:error, atom()} | :timeout
  @type call :: {module(), function :: atom(), arguments :: [term()]}

  @doc "Starts a scenario in which each module gives the answer named for it."
  @spec start(%{module() => answer()}) :: :ok
  def start(answers) do
    {:ok, agent} = Agent.start_link(fn -> {answers, []} end)
    Process.put(__MODULE__, agent)
    :ok
  end

  @doc "Returns the calls that were made in this process's scenario, the first one first."
  @spec calls() :: [call()]
  def calls do
    agent = Process.get(__MODULE__)
    Agent.get(agent, fn {_answers, calls} -> Enum.reverse(calls) end)
  end

  @doc "Records a call and returns the answer to it."
  @spec answer(call(), answer()) :: answer()
  def answer({module, _function, _arguments} = call, default) do
    case find_agent() do
      nil ->
        default

      agent ->
        Agent.get_and_update(agent, fn {answers, calls} ->
          {Map.get(answers, module, default), {answers, [call | calls]}}
        end)
    end
  end

  # A task knows its callers and a supervised process its ancestors, the closest one first.
  defp find_agent do
    relatives = Process.get(:"$callers", []) ++ Process.get(:"$ancestors", [])
    Enum.find_value([self() | relatives], &agent_of/1)
  end

  defp agent_of(name) when is_atom(name) do
    with pid when is_pid(pid) <- Process.whereis(name), do: agent_of(pid)
  end

  defp agent_of(pid) do
    with {:dictionary, dictionary} <- Process.info(pid, :dictionary),
         {__MODULE__, agent} <- List.keyfind(dictionary, __MODULE__, 0) do
      agent
    end
  end
end
