defmodule Practice.Formatter do
  @moduledoc """
  Reports an ExUnit suite over the channel, and is the device that its tests print to.

  ExUnit starts formatters itself and sends them the events that `ExUnit.Formatter` lists. This one
  also makes itself the group leader of the process that runs the suite, hence of every test: what is
  printed arrives in the same mailbox as ExUnit's events, in order, and so belongs to the test that
  runs. `Practice.Device` answers at once and `Practice.Output` cuts it, so a test may print as much as
  it likes.

  Events:

    * `suite_started` - `tests` is the number of tests, without the control tests
    * `module_started` - `module`, `control`
    * `test_started` - `module`, `name` (as in ExUnit, without the leading `test `), `control`,
      `file` (relative to the root), `line`
    * `test_finished` - as in `test_started`, and
      * `state` - `passed`, `failed`, `timed_out`, `invalid` (its module's `setup_all` has failed),
        `skipped` or `excluded`
      * `duration_us`
      * `failures` - see `Practice.Failure`; empty for control tests
      * `output` - `text` and how many bytes were `dropped` in its middle, or `nil`
      * `way` - of a control test: in which way it must fail
    * `module_finished` - `module`, `control`, and what happened outside its tests, in `setup_all`
      and its `on_exit`: `failures`, `output`
    * `suite_finished` - `duration_us`
    * `aborted` - the VM was told to stop (SIGQUIT): `running` are the tests that were running

  All tests of one module of `Practice.Controls` have the same `name`, the one that was drawn.

  ExUnit does not wait for its formatters, and a test may end the VM at once. So that it is known
  which one it was, tests wait in `announced/0` until their `test_started` is sent.
  """

  use GenServer

  alias Practice.{Channel, Device, Failure, Log, Output, Reporter}

  @announce_millis 100

  @typedoc """
  What it must know, under `:practice` in ExUnit's configuration. It is taken out of there before
  the first test runs.

    * `:runner` - the process that runs the suite
    * `:tests` - the number of tests, without the control tests
    * `:controls` - the control test modules and their names
  """
  @type config :: %{
          channel: Channel.t(),
          runner: pid(),
          tests: non_neg_integer(),
          controls: %{module() => String.t()},
          project: Failure.project()
        }

  @impl GenServer
  def init(options) do
    config = Keyword.fetch!(options, :practice)
    Application.delete_env(:ex_unit, :practice)
    Process.group_leader(config.runner, self())
    Log.attach(self())
    reporter = Reporter.start_link(config.channel)
    own = %{reporter: reporter, started: nil, output: Output.new(), between: Output.new()}
    {:ok, Map.merge(config, own)}
  end

  @impl GenServer
  def terminate(_reason, state), do: Reporter.flush(state.reporter)

  @doc """
  Waits, in a test, until `practice` has been told that it runs.

  It does not wait long: the reporter can be busy with a test that failed before.
  """
  @spec announced() :: :ok
  def announced do
    ref = :erlang.alias([:reply])
    send(Process.group_leader(), {:io_request, ref, ref, {__MODULE__, :announced}})

    receive do
      {:io_reply, ^ref, _reply} -> :ok
    after
      @announce_millis -> forget(ref)
    end
  end

  defp forget(ref) do
    :erlang.unalias(ref)

    receive do
      {:io_reply, ^ref, _reply} -> :ok
    after
      0 -> :ok
    end
  end

  ## ExUnit's events

  @impl GenServer
  def handle_cast({:suite_started, _options}, state) do
    report(state, :suite_started, fn -> %{tests: state.tests} end)
    {:noreply, state}
  end

  def handle_cast({:module_started, %{name: module}}, state) do
    report(state, :module_started, fn -> module_fields(module, state) end)
    {:noreply, %{state | between: Output.new()}}
  end

  def handle_cast({:test_started, test}, state) do
    report(state, :test_started, fn -> test_fields(test, state) end)
    {:noreply, %{state | started: now(), output: Output.new()}}
  end

  def handle_cast({:test_finished, test}, state) do
    test = %{test | time: duration(test, state)}
    report(state, :test_finished, fn -> finished_fields(test, state) end)
    {:noreply, %{state | started: nil}}
  end

  def handle_cast({:module_finished, %{name: module} = test_module}, state) do
    report(state, :module_finished, fn ->
      fields = %{failures: failures(test_module, state), output: Output.report(state.between)}
      Map.merge(module_fields(module, state), fields)
    end)

    {:noreply, state}
  end

  def handle_cast({:suite_finished, %{run: duration}}, state) do
    report(state, :suite_finished, fn -> %{duration_us: duration} end)
    {:noreply, state}
  end

  # There is no time left to wait for the reporter.
  def handle_cast({:sigquit, running}, state) do
    Channel.event(state.channel, :aborted, %{running: Enum.map(running, &name(&1, state))})
    {:noreply, state}
  end

  def handle_cast(_event, state), do: {:noreply, state}

  defp report(state, name, fun), do: Reporter.report(state.reporter, name, fun)

  defp now, do: System.monotonic_time(:microsecond)

  defp module_fields(module, state) do
    %{module: inspect(module), control: Map.has_key?(state.controls, module)}
  end

  defp test_fields(%{module: module, tags: tags} = test, state) do
    Map.merge(module_fields(module, state), %{
      name: name(test, state),
      file: Path.relative_to(tags.file, state.project.root),
      line: tags.line
    })
  end

  # The name that was drawn for a control test; `setup_all` is reported with its module alone.
  defp name(%{module: module, name: name}, state) do
    Map.get_lazy(state.controls, module, fn ->
      name |> Atom.to_string() |> String.replace_prefix("test ", "")
    end)
  end

  defp name(%{name: module}, _state), do: inspect(module)

  defp finished_fields(test, state) do
    test
    |> test_fields(state)
    |> Map.merge(details(test, state))
    |> Map.merge(%{
      state: state_name(test.state),
      duration_us: test.time,
      output: Output.report(state.output)
    })
  end

  defp details(%{module: module, name: name} = test, state) do
    case state.controls do
      %{^module => drawn} ->
        way = name |> Atom.to_string() |> String.replace_prefix("test #{drawn} ", "")
        %{failures: [], way: way}

      _ ->
        %{failures: failures(test, state)}
    end
  end

  defp state_name(nil), do: :passed

  defp state_name({:failed, reasons}) do
    if Failure.timeout?(reasons), do: :timed_out, else: :failed
  end

  defp state_name({other, _reason}), do: other

  # ExUnit doesn't know the time of a test that it had to stop.
  defp duration(%{time: 0}, %{started: started}) when is_integer(started), do: now() - started
  defp duration(%{time: time}, _state), do: time

  defp failures(%{state: {:failed, reasons}}, state) do
    Enum.map(reasons, &Failure.describe(&1, state.project))
  end

  defp failures(_test, _state), do: []

  ## The tests' device

  @impl GenServer
  def handle_info({:io_request, from, reply_as, {__MODULE__, :announced}}, state) do
    Reporter.reply(state.reporter, from, {:io_reply, reply_as, :ok})
    {:noreply, state}
  end

  def handle_info({:io_request, from, reply_as, request}, state) do
    place = if state.started, do: :output, else: :between
    {reply, output} = Device.request(request, Map.fetch!(state, place))
    send(from, {:io_reply, reply_as, reply})
    {:noreply, Map.put(state, place, output)}
  end

  def handle_info(_message, state), do: {:noreply, state}
end
