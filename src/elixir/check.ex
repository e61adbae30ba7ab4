defmodule Practice.Check do
  @moduledoc """
  Checks a solution: compiles it, and runs the exercise's tests against it.

  This is the only module that runs the learner's code, which shares the VM with it. So what can be
  done before that code is in the VM is done before: the tests and the control tests are loaded, and
  everything that judges is hashed. ExUnit is started and configured afterwards.

  The command:

    * `solution` - files, relative to `root`
    * `ebin` - where the solution's modules go
    * `support_ebin`, `tests_ebin` - what `Practice.Prepare` has made
    * `packages`, `applications` - as for `Practice.Prepare`
    * `filled` - this run's copy of what the exercise has prepared; its tests find it by the
      environment variable `PRACTICE_PREPARED`
    * `controls` - names for tests that must fail (see `Practice.Controls`)
    * `late_tests` - test files that need the solution's structs or macros: compiled after it
    * `test_timeout_ms` - the time that one test may take

  After `compiled` it waits for the command `go`, and ends when something else comes.

  Events:

    * `hashes` - `stage` is `before` (the solution is compiled) or `after` (the tests have run);
      `modules` are the names and MD5 sums of loaded code: tests, control tests, support modules,
      what was loaded of packages, ExUnit and these modules. A module that is not loaded any more is missing
    * `diagnostic` - see `Practice.Compiler`
    * `compiled` - `ok`; the solution's `modules`; `redefined` are those of them that existed before,
      so that the VM can't be trusted any more; `duration_us`
    * the events of `Practice.Formatter`
    * `done` - ExUnit has returned, everything was said
  """

  alias Practice.{Channel, Compiler, Controls, Failure, Formatter, Log, Prepare}

  @own [__MODULE__, Channel, Compiler, Controls, Failure, Formatter, Log, Prepare] ++
         [Practice.Boot, Practice.Device, Practice.Json, Practice.Output, Practice.Reporter]

  @doc """
  Loads what a check is going to need, other than the tests.

  All of it would be loaded on demand as well. At once, it takes two thirds of the time.
  """
  @spec preload(Channel.command()) :: :ok
  def preload(command) do
    Prepare.add_packages(command)
    Code.prepend_path(command.support_ebin)
    modules = Prepare.used(command.tests_ebin) ++ modules_of(:logger) ++ watched(command)
    _ = :code.ensure_modules_loaded(modules)
    :ok
  end

  @doc "Carries out the command."
  @spec run(Channel.t(), Channel.command()) :: :ok
  def run(channel, command) do
    {:ok, _} = Application.ensure_all_started(:logger)
    System.put_env("PRACTICE_PREPARED", command.filled)
    controls = Controls.define(command.controls)
    tests = Prepare.load_tests(command.tests_ebin)
    loaded = loaded_from(command.packages)
    watched = watched(command) ++ loaded ++ tests ++ Enum.map(controls, &elem(&1, 0))
    Channel.event(channel, :hashes, %{stage: :before, modules: hashes(watched)})
    protect(watched)

    late = compile(channel, command)

    with %{mode: :go} <- Channel.command(channel),
         :ok <- Prepare.start_applications(command),
         :finished <- run_tests(channel, command, tests ++ late, controls) do
      Channel.event(channel, :hashes, %{stage: :after, modules: hashes(watched)})
      Channel.event(channel, :done)
    end

    :ok
  end

  ## Loaded code

  # Everything that judges the solution, but for the tests.
  defp watched(command), do: @own ++ modules_of(:ex_unit) ++ modules_in(command.support_ebin)

  defp modules_of(application) do
    _ = Application.load(application)
    Application.spec(application, :modules)
  end

  defp modules_in(ebin) do
    for file <- Path.wildcard(Path.join(ebin, "*.beam")) do
      file |> Path.basename(".beam") |> String.to_atom()
    end
  end

  # What the tests use of packages is loaded by now: assertions of theirs, say.
  defp loaded_from(ebins) do
    ebins = MapSet.new(ebins)

    for {module, [_ | _] = file} <- :code.all_loaded(),
        file |> List.to_string() |> Path.dirname() |> then(&(&1 in ebins)),
        do: module
  end

  defp hashes(modules) do
    for module <- modules, hash = hash(module), into: %{}, do: {module, hash}
  end

  defp hash(module) do
    Base.encode16(:erlang.get_module_info(module, :md5), case: :lower)
  rescue
    ArgumentError -> nil
  end

  # Code that is loaded now can't be replaced any more, as is the case for OTP's own. A solution that
  # redefines a module is reported; without this, redefining `String` would break the compiler itself.
  defp protect(watched) do
    loaded = for {module, [_ | _] = _file} <- :code.all_loaded(), do: module
    Enum.each(watched ++ loaded, &:code.stick_mod/1)
  end

  ## Compilation

  # Returns the modules of the late tests.
  defp compile(channel, command) do
    loaded = MapSet.new(:code.all_loaded(), &elem(&1, 0))
    started = System.monotonic_time(:microsecond)
    {ok?, modules, late, diagnostics} = compile_all(command)
    duration = System.monotonic_time(:microsecond) - started
    Enum.each(diagnostics, &Channel.event(channel, :diagnostic, &1))

    Channel.event(channel, :compiled, %{
      ok: ok?,
      modules: names(modules),
      redefined:
        names(redefined(modules, loaded, command.ebin) ++ Enum.filter(late, &(&1 in modules))),
      duration_us: duration
    })

    late
  end

  defp compile_all(%{solution: files, root: root, ebin: ebin, late_tests: late_tests}) do
    case Compiler.compile(files, root, ebin) do
      {:ok, modules, warnings} ->
        Code.prepend_path(ebin)
        Enum.each(modules, &Code.ensure_loaded/1)
        {ok?, late, errors} = compile_late(late_tests, root)
        {ok?, modules, late, warnings ++ errors}

      {:error, diagnostics} ->
        {false, [], [], diagnostics}
    end
  end

  defp compile_late([], _root), do: {true, [], []}

  defp compile_late(files, root) do
    {:ok, _} = Application.ensure_all_started(:ex_unit)

    case Compiler.compile_tests(files, root) do
      {:ok, modules} -> {true, Enum.map(modules, &elem(&1, 0)), []}
      {:error, errors} -> {false, [], errors}
    end
  end

  # Modules that were loaded or could have been, other than from the solution's own folder.
  defp redefined(modules, loaded, ebin) do
    Code.delete_path(ebin)
    redefined = Enum.filter(modules, &(&1 in loaded or on_path?(&1)))
    Code.prepend_path(ebin)
    redefined
  end

  defp on_path?(module), do: :code.where_is_file(~c"#{module}.beam") != :non_existing

  defp names(modules), do: Enum.map(modules, &inspect/1)

  ## Tests

  # The suite runs in a process of its own: its group leader is changed, and a test may stop it.
  # Then it has no end, and nothing more is said. An exception in it is a fault of ours.
  defp run_tests(channel, command, modules, controls) do
    project = %{
      root: command.root,
      ebins: Enum.map([command.ebin, command.support_ebin, command.tests_ebin], &Path.expand/1)
    }

    tests = Enum.filter(modules, &function_exported?(&1, :__ex_unit__, 0))

    config = %{
      channel: channel,
      controls: Map.new(controls),
      project: project,
      tests: tests |> Enum.map(&length(&1.__ex_unit__().tests)) |> Enum.sum()
    }

    suite = spread(tests, Enum.map(controls, &elem(&1, 0)))
    {pid, monitor} = spawn_monitor(fn -> run_suite(suite, config, command.test_timeout_ms) end)

    receive do
      {:DOWN, ^monitor, :process, ^pid, :normal} -> :finished
      {:DOWN, ^monitor, :process, ^pid, {%{__exception__: true}, _stack} = raised} -> exit(raised)
      {:DOWN, ^monitor, :process, ^pid, _reason} -> :stopped
    end
  end

  # Control tests before the first test, after the last one, and evenly between.
  defp spread(tests, controls) do
    steps = max(length(controls) - 1, 1)

    at =
      controls
      |> Enum.with_index(&{div(&2 * length(tests), steps), &1})
      |> Enum.group_by(&elem(&1, 0), &elem(&1, 1))

    Enum.flat_map(0..length(tests), &(Map.get(at, &1, []) ++ Enum.slice(tests, &1, 1)))
  end

  defp run_suite(modules, config, timeout) do
    restart_ex_unit()
    ExUnit.configure(configuration(timeout))
    ExUnit.configure(practice: Map.put(config, :runner, self()))
    modules |> in_order_of_running() |> ExUnit.run()
  end

  # Forgets what the solution has configured, and the test modules that it brought along.
  defp restart_ex_unit do
    :logger.set_module_level(:application_controller, :none)
    _ = Application.stop(:ex_unit)
    _ = Application.unload(:ex_unit)
    {:ok, _} = Application.ensure_all_started(:ex_unit)
    :logger.unset_module_level(:application_controller)
  end

  # Everything that ExUnit documents, because configuration can be persistent.
  defp configuration(timeout) do
    [
      after_suite: [],
      assert_receive_timeout: 100,
      autorun: false,
      capture_log: false,
      colors: [enabled: false],
      dry_run: false,
      exclude: [],
      failures_manifest_file: nil,
      failures_manifest_path: nil,
      formatters: [Formatter],
      include: [],
      max_cases: 1,
      max_failures: :infinity,
      only_test_ids: nil,
      refute_receive_timeout: 100,
      repeat_until_failure: 0,
      seed: 0,
      slowest: 0,
      slowest_modules: 0,
      stacktrace_depth: 20,
      timeout: timeout,
      trace: false
    ]
  end

  # Until 1.17, the module that was added last runs first.
  defp in_order_of_running(modules) do
    if function_exported?(ExUnit.Server, :add_sync_module, 1) do
      Enum.reverse(modules)
    else
      modules
    end
  end
end
