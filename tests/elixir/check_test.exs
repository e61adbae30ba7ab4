Code.require_file("peer.exs", __DIR__)

defmodule Practice.CheckTest do
  @moduledoc """
  Whole VMs: an exercise is prepared once, then each test checks a solution.
  """

  use ExUnit.Case

  alias Practice.Peer

  @support """
  defmodule Given.Support do
    def three, do: 3
  end
  """

  @package """
  defmodule Given.Package do
    defmacro one, do: 1
  end
  """

  @tests """
  defmodule Given.CalcTest do
    use ExUnit.Case
    require Given.Package

    test "adds" do
      assert Calc.add(1, 2) == Given.Support.three()
    end

    describe "negative" do
      test "numbers" do
        assert Calc.add(-1, 2) == Given.Package.one()
      end
    end
  end
  """

  @setup_tests """
  defmodule Given.SetupTest do
    use ExUnit.Case

    setup_all do
      IO.puts("in setup_all")
      on_exit(fn -> raise "after all" end)
      if Calc.add(0, 0) != 0, do: raise("no zero")
      :ok
    end

    test "zero", do: :ok
  end
  """

  @good """
  defmodule Calc do
    def add(a, b), do: a + b
  end
  """

  # `setup_all` has no time limit, here as in ExUnit.
  @hanging """
  defmodule Calc do
    def add(0, 0), do: 0
    def add(_, _), do: Process.sleep(:infinity)
  end
  """

  @controls ["must fail 1", "must fail 2", "must fail 3"]

  setup_all do
    root = Path.join(System.tmp_dir!(), "practice-check-#{System.pid()}")
    on_exit(fn -> File.rm_rf!(root) end)
    support = write(root, "support/given.ex", @support)

    tests = [
      write(root, "test/calc_test.exs", @tests),
      write(root, "test/setup_test.exs", @setup_tests)
    ]

    [{package, beam}] = Code.compile_string(@package)
    write(root, "package_ebin/#{package}.beam", beam)
    {port, socket} = Peer.start_vm(Path.join(root, "cwd"))

    Peer.command(socket, %{
      mode: :prepare,
      nonce: "prepare",
      root: root,
      support: [support],
      packages: [Path.join(root, "package_ebin")],
      applications: [],
      filled: root,
      filler: "",
      support_ebin: Path.join(root, "support_ebin"),
      tests: tests,
      tests_ebin: Path.join(root, "tests_ebin")
    })

    assert [%{"event" => "hello"}, %{"event" => "done", "n" => "prepare"}] = Peer.events(socket)
    assert Peer.exit_status(port) == 0
    %{root: root, good: check(@good, %{root: root})}
  end

  defp write(root, file, text) do
    path = Path.join(root, file)
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, text)
    path
  end

  # Starts the check of a solution. Returns the VM and the events up to `compiled`.
  defp start(solution, %{root: root}, options) do
    File.rm_rf!(Path.join(root, "ebin"))
    write(root, "lib/calc.ex", solution)
    {port, socket} = Peer.start_vm(Path.join(root, "cwd"))

    Peer.command(socket, %{
      mode: :check,
      nonce: "check",
      root: root,
      solution: ["lib/calc.ex"],
      ebin: Path.join(root, "ebin"),
      packages: [Path.join(root, "package_ebin")],
      applications: [],
      filled: root,
      support_ebin: Path.join(root, "support_ebin"),
      tests_ebin: Path.join(root, "tests_ebin"),
      controls: @controls,
      late_tests: options[:late_tests] || [],
      test_timeout_ms: options[:timeout] || 5_000
    })

    {{port, socket}, Peer.events_until(socket, "compiled")}
  end

  defp check(solution, context, options \\ []) do
    {{port, socket}, events} = start(solution, context, options)
    Peer.command(socket, %{mode: :go})
    events = events ++ Peer.events(socket)
    assert Enum.all?(events, &(&1["n"] == "check"))
    %{events: events, status: Peer.exit_status(port)}
  end

  defp named(events, name), do: Enum.filter(events, &(&1["event"] == name))

  defp states(events) do
    for event <- named(events, "test_finished"), not event["control"], into: %{} do
      {event["name"], event["state"]}
    end
  end

  defp test_named(events, name) do
    Enum.find(named(events, "test_finished"), &(&1["name"] == name))
  end

  describe "a solution that is right" do
    test "has every piece of evidence", context do
      assert %{events: events, status: 0} = context.good

      assert %{"elixir" => elixir, "otp" => otp} = hd(events)
      assert {elixir, otp} == {System.version(), System.otp_release()}

      assert [%{"ok" => true, "modules" => ["Calc"], "redefined" => []}] =
               named(events, "compiled")

      assert [%{"tests" => 3}] = named(events, "suite_started")

      assert states(events) == %{
               "adds" => "passed",
               "negative numbers" => "passed",
               "zero" => "passed"
             }

      assert [%{"duration_us" => _}] = named(events, "suite_finished")
      assert %{"event" => "done"} = List.last(events)
    end

    test "has tests with their places, each announced before it ends", context do
      %{events: events} = context.good

      assert %{
               "module" => "Given.CalcTest",
               "file" => "test/calc_test.exs",
               "line" => 10,
               "failures" => []
             } = test_named(events, "negative numbers")

      order =
        for %{"event" => event, "name" => name} <- events,
            event in ["test_started", "test_finished"] do
          {event, name}
        end

      for [{started, name}, {finished, other}] <- Enum.chunk_every(order, 2) do
        assert {started, finished, other} == {"test_started", "test_finished", name}
      end
    end

    test "has control tests all over that fail in every way", context do
      %{events: events} = context.good
      finished = named(events, "test_finished")
      controls = Enum.filter(finished, & &1["control"])

      assert Enum.all?(controls, &(&1["state"] == "failed"))

      ways = for name <- @controls, way <- ~w(assert compare match raise), do: {name, way}
      assert Enum.sort(for(control <- controls, do: {control["name"], control["way"]})) == ways
      assert hd(finished)["control"]
      assert List.last(finished)["control"]
    end

    test "has the same loaded code before and after", context do
      %{events: events} = context.good

      assert [%{"stage" => "before"} = before, %{"stage" => "after"} = later] =
               named(events, "hashes")

      assert before["modules"] == later["modules"]

      for module <- [
            ExUnit.Runner,
            ExUnit.Assertions,
            Practice.Formatter,
            Given.CalcTest,
            Given.Support,
            Given.Package
          ] do
        assert before["modules"][Atom.to_string(module)] =~ ~r/\A[0-9a-f]{32}\z/
      end

      refute before["modules"]["Elixir.Calc"]
    end
  end

  describe "a test module" do
    test "reports what fails and prints outside its tests", context do
      %{events: events} = context.good
      finished = named(events, "module_finished")

      assert %{"failures" => [failure], "output" => output} =
               Enum.find(finished, &(&1["module"] == "Given.SetupTest"))

      assert failure["message"] == "after all"
      assert output == %{"text" => "in setup_all\n", "dropped" => 0}
    end

    test "is invalid when its setup_all fails", context do
      %{events: events} = check(String.replace(@good, "a + b", "a + b + 1"), context)
      assert %{"adds" => "failed", "zero" => "invalid"} = states(events)
    end
  end

  describe "what is printed and logged" do
    test "belongs to the test that runs", context do
      solution = """
      defmodule Calc do
        require Logger

        def add(a, b) do
          IO.puts("adding \#{a}")
          Logger.warning("and \#{b}")
          a + b
        end
      end
      """

      %{events: events} = check(solution, context)
      assert %{"text" => text, "dropped" => 0} = test_named(events, "negative numbers")["output"]
      assert text =~ ~r/\Aadding -1\n\n[\d:.]+ \[warning\] and 2\n\z/
    end

    test "may be as long as it likes", context do
      solution = """
      defmodule Calc do
        def add(a, b) do
          for _ <- 1..1_000, do: IO.puts(String.duplicate("x", 100_000))
          a + b
        end
      end
      """

      %{events: events} = check(solution, context, timeout: 60_000)
      assert %{"adds" => "passed"} = states(events)
      assert %{"text" => text, "dropped" => dropped} = test_named(events, "adds")["output"]
      assert dropped > 99_000_000
      assert byte_size(text) < 70_000
    end
  end

  describe "a solution that is wrong" do
    test "does not compile", context do
      {{port, socket}, events} =
        start("defmodule Calc do\n  def add(a, b), do: c\nend\n", context, [])

      errors = for %{"severity" => "error"} = error <- named(events, "diagnostic"), do: error
      assert [%{"file" => "lib/calc.ex", "line" => 2}] = errors

      assert %{"ok" => false, "modules" => []} = List.last(events)
      :gen_tcp.close(socket)
      assert Peer.exit_status(port) == 0
    end

    test "fails an assertion", context do
      %{events: events} = check(String.replace(@good, "+", "-"), context)
      assert [failure] = test_named(events, "adds")["failures"]

      assert %{"left" => "-1", "right" => "3", "expr" => "assert Calc.add(1, 2) ==" <> _} =
               failure

      assert [%{"file" => "test/calc_test.exs", "line" => 6}] = failure["stack"]
    end

    test "raises, at a place", context do
      %{events: events} =
        check(
          "defmodule Calc do\n  def add(1, b), do: raise(b)\n  def add(a, b), do: a + b\nend\n",
          context
        )

      assert [%{"exception" => "ArgumentError", "stack" => stack}] =
               test_named(events, "adds")["failures"]

      assert Enum.find(stack, &(&1["file"] == "lib/calc.ex"))["line"] == 2
    end

    test "runs out of time", context do
      %{events: events} = check(@hanging, context, timeout: 100)

      assert %{"state" => "timed_out", "duration_us" => duration, "failures" => [failure]} =
               test_named(events, "adds")

      assert duration >= 100_000
      assert failure["message"] == "test timed out after 100 ms"
      assert [_] = named(events, "suite_finished")
    end
  end

  describe "a solution that is unfair" do
    test "and defines modules that exist is named, and changes nothing", context do
      modules =
        ~w(Agent ExUnit.Assertions Given.CalcTest Given.Support Given.Package Practice.Check String) ++
          [":queue"]

      solution = Enum.map_join(modules, &"defmodule #{&1} do\nend\n")
      {{port, socket}, events} = start(@good <> solution, context, [])
      assert %{"ok" => true, "redefined" => redefined} = List.last(events)
      assert Enum.sort(redefined) == Enum.sort(modules)
      Peer.command(socket, %{mode: :stop})
      assert Peer.exit_status(port) == 0
    end

    test "and configures ExUnit is run all the same", context do
      solution = """
      for {key, value} <- [exclude: [:test], formatters: [], max_failures: 1, trace: true, seed: 5] do
        Application.put_env(:ex_unit, key, value, persistent: true)
      end

      ExUnit.start()
      ExUnit.after_suite(fn _ -> System.halt(0) end)
      System.at_exit(fn _ -> System.halt(1) end)
      """

      assert %{events: events, status: 0} = check(solution <> @good, context)

      assert states(events) == %{
               "adds" => "passed",
               "negative numbers" => "passed",
               "zero" => "passed"
             }
    end

    test "and ends the VM has the running test known, and no end of the suite", context do
      assert %{events: events} =
               check("defmodule Calc do\n  def add(_, _), do: System.halt(0)\nend\n", context)

      assert %{"event" => "test_started", "name" => "adds"} = List.last(events)
    end

    test "and ends the suite's processes has no end of the suite", context do
      for target <- ["Process.group_leader()", "parent()"] do
        solution = """
        defmodule Calc do
          def add(a, b) do
            Process.exit(#{target}, :kill)
            Process.sleep(20)
            a + b
          end

          def parent do
            me = self()
            Enum.find(Process.list(), &({:process, me} in elem(Process.info(&1, :monitors), 1)))
          end
        end
        """

        %{events: events} = check(solution, context)
        assert named(events, "suite_finished") == [] or map_size(states(events)) < 3
      end
    end

    test "and ends the channel ends the VM", context do
      solution = """
      defmodule Calc do
        def add(a, b) do
          for port <- Port.list(), port_name(port) =~ "tcp", do: Process.exit(owner(port), :kill)
          Process.sleep(100)
          a + b
        end

        defp port_name(port), do: to_string(Port.info(port)[:name])
        defp owner(port), do: Port.info(port)[:connected]
      end
      """

      assert %{events: events, status: 1} = check(solution, context)
      assert named(events, "done") == []
    end

    test "and looks for the nonce does not find it", context do
      solution = """
      defmodule Calc do
        def add(a, b) do
          items = [:dictionary, :messages, :registered_name, :initial_call, :backtrace]

          places = [
            for(pid <- Process.list(), do: {Process.info(pid, items), state(pid)}),
            for({app, _, _} <- Application.loaded_applications(), do: Application.get_all_env(app)),
            for(table <- :ets.all(), do: catch_all(fn -> :ets.tab2list(table) end)),
            System.get_env(),
            :init.get_arguments(),
            :persistent_term.get()
          ]

          text = inspect(places, limit: :infinity, printable_limit: :infinity)
          if text =~ "chec" <> "k\\"" or text =~ "PRACTICE" <> "_SOCKET", do: raise("found it"), else: a + b
        end

        defp state(pid), do: if(pid != self(), do: catch_all(fn -> :sys.get_state(pid, 10) end))

        defp catch_all(fun) do
          fun.()
        catch
          _, _ -> nil
        end
      end
      """

      %{events: events} = check(solution, context, timeout: 60_000)
      assert test_named(events, "adds")["failures"] == []
    end
  end

  test "SIGQUIT is answered with the tests that run", context do
    {{port, socket}, _events} = start(@hanging, context, [])

    Peer.command(socket, %{mode: :go})
    read_until_running(socket, "adds")
    System.cmd("kill", ["-QUIT", to_string(Port.info(port)[:os_pid])])
    assert [%{"event" => "aborted", "running" => ["adds"]}] = Peer.events(socket)
    assert is_integer(Peer.exit_status(port))
  end

  defp read_until_running(socket, name) do
    case Peer.event(socket) do
      %{"event" => "test_started", "name" => ^name} -> :ok
      %{} -> read_until_running(socket, name)
    end
  end

  test "tests that need the solution's structs and docs are compiled after it",
       %{root: root} = context do
    late = """
    defmodule Given.LateTest do
      use ExUnit.Case
      doctest Point

      test "struct" do
        assert %Point{x: 1} == Point.new(1)
      end
    end
    """

    late_tests = [write(root, "test/late_test.exs", late)]

    point = """
    defmodule Point do
      defstruct [:x]

      @doc \"\"\"
          iex> Point.new(2).x
          2
      \"\"\"
      def new(x), do: %__MODULE__{x: x}
    end
    """

    %{events: events} = check(@good <> point, context, late_tests: late_tests)

    assert %{"struct" => "passed", "doctest Point.new/1 (1)" => "passed", "adds" => "passed"} =
             states(events)

    assert %{"file" => "test/late_test.exs", "line" => 5} = test_named(events, "struct")

    {_vm, events} = start(@good, context, late_tests: late_tests)
    assert [%{"file" => "test/late_test.exs"} | _] = named(events, "diagnostic")
    assert %{"ok" => false} = List.last(events)
  end

  test "an exercise that does not compile is broken", %{root: root} do
    test = write(root, "broken/a_test.exs", "defmodule Given.BrokenTest do\n  use ExUnit.Case\n")
    {port, socket} = Peer.start_vm(Path.join(root, "cwd"))
    ebin = Path.join(root, "broken_ebin")

    Peer.command(socket, %{
      mode: :prepare,
      nonce: "n",
      root: root,
      support: [],
      packages: [Path.join(root, "package_ebin")],
      applications: [],
      filled: root,
      filler: "",
      support_ebin: ebin,
      tests: [test],
      tests_ebin: ebin
    })

    assert [%{"event" => "hello"}, %{"event" => "broken", "message" => message}] =
             Peer.events(socket)

    assert message =~ ~r/\Abroken\/a_test.exs:\d+: missing terminator: end/
    assert is_integer(Peer.exit_status(port))
  end

  test "a fault of ours is broken", %{root: root} do
    {port, socket} = Peer.start_vm(Path.join(root, "cwd"))
    Peer.command(socket, %{mode: :check, nonce: "n"})

    assert [%{"event" => "hello"}, %{"event" => "broken", "message" => message}] =
             Peer.events(socket)

    assert message =~ ~r"KeyError|FunctionClauseError"
    assert Peer.exit_status(port) == 1
  end
end
