defmodule Scenario do
  @moduledoc """
  Decides what the services of this exercise answer, and keeps a list of the calls they get.

  A test says so with `answer/2`. Where it says nothing, and where no scenario runs, each service
  answers as it does on a good day.
  """

  use Agent

  @type service :: {module(), function :: atom()}
  @type call :: {module(), function :: atom(), arguments :: [term()]}

  @doc false
  @spec start_link(term()) :: Agent.on_start()
  def start_link(_opts \\ []) do
    Agent.start_link(fn -> %{answers: %{}, calls: []} end, name: __MODULE__)
  end

  @doc "From now on the service gives this answer: `answer({PdfText, :extract}, {:error, :timeout})`."
  @spec answer(service(), term()) :: :ok
  def answer(service, answer) do
    Agent.update(__MODULE__, &put_in(&1.answers[service], answer))
  end

  @doc "From now on the service answers as on a good day."
  @spec recover(service()) :: :ok
  def recover(service) do
    Agent.update(__MODULE__, fn state ->
      %{state | answers: Map.delete(state.answers, service)}
    end)
  end

  @doc "The arguments of all calls of the service, the first call first."
  @spec calls(service()) :: [arguments :: [term()]]
  def calls({module, function}) do
    calls = Agent.get(__MODULE__, &Enum.reverse(&1.calls))
    for {^module, ^function, arguments} <- calls, do: arguments
  end

  @doc "Notes a call of a service, and returns the answer to it."
  @spec call(call(), default :: (() -> term())) :: term()
  def call({module, function, _arguments} = call, default) do
    case note(call) do
      %{{^module, ^function} => answer} -> answer
      %{} -> default.()
    end
  end

  defp note(call) do
    if Process.whereis(__MODULE__) do
      Agent.get_and_update(__MODULE__, fn %{answers: answers, calls: calls} = state ->
        {answers, %{state | calls: [call | calls]}}
      end)
    else
      %{}
    end
  end
end
