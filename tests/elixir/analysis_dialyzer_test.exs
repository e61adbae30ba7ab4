ExUnit.start()

defmodule Practice.Analysis.DialyzerTest do
  use ExUnit.Case, async: true

  alias Practice.Analysis

  @moduletag :tmp_dir
  @moduletag timeout: 120_000

  # Compiled in a process of its own, as a check does it: nothing of it gets into this VM.
  defp compile(sources, root) do
    files =
      for {file, source} <- sources do
        path = Path.join(root, file)
        File.mkdir_p!(Path.dirname(path))
        File.write!(path, source)
        file
      end

    ebin = Path.join(root, "ebin")
    File.mkdir_p!(ebin)

    {output, status} =
      System.cmd("elixirc", ["-o", ebin | files], cd: root, stderr_to_stdout: true)

    assert status == 0, output
    ebin
  end

  defp dialyze(sources, root, options \\ []) do
    ebin = compile(sources, root)

    command = %{
      mode: :dialyzer,
      root: root,
      ebin: ebin,
      code_paths: Keyword.get(options, :code_paths, []),
      packages: [],
      plt_dir: Keyword.get(options, :plt_dir, Path.join(root, "plts"))
    }

    answer(command)
  end

  defp answer(command) do
    test = self()
    reference = make_ref()

    Analysis.answer(command, fn name, fields ->
      send(test, {reference, name, fields})
      :ok
    end)

    received(reference)
  end

  defp received(reference) do
    receive do
      {^reference, name, fields} -> [{name, fields} | received(reference)]
    after
      0 -> []
    end
  end

  defp warnings(events) do
    assert List.last(events) |> elem(0) == :step_done, inspect(events)
    for {:dialyzer_warning, warning} <- events, do: warning
  end

  defp seed(body), do: [{"lib/seed.ex", "defmodule Seed do\n#{body}\nend\n"}]

  test "a clean solution gives no warning", %{tmp_dir: root} do
    source = """
    use GenServer

    @spec start_link(keyword()) :: GenServer.on_start()
    def start_link(options), do: GenServer.start_link(__MODULE__, options, name: __MODULE__)

    @spec count(term()) :: non_neg_integer()
    def count(key) do
      case :ets.lookup(__MODULE__, key) do
        [{^key, count}] -> count
        [] -> 0
      end
    end

    @impl true
    def init(options) do
      table = :ets.new(__MODULE__, [:named_table, read_concurrency: true])
      {:ok, %{table: table, limit: Keyword.get(options, :limit, 10)}}
    end

    @impl true
    def handle_call({:add, key}, _from, state) do
      {:reply, :ets.update_counter(state.table, key, 1, {key, 0}), state}
    end
    """

    events = dialyze(seed(source), root)
    assert [{:plt, %{cached: false}}, {:step_done, %{step: :dialyzer}}] = events
    assert warnings(events) == []
  end

  test "a warning has a name, a place and Elixir's notation", %{tmp_dir: root} do
    source = "def run do\n  {:ok, n} = Integer.parse(\"1\")\n  n\nend"
    assert [warning] = source |> seed() |> dialyze(root) |> warnings()
    assert %{name: :pattern_match, file: "lib/seed.ex", line: 3} = warning

    assert warning.message ==
             "the pattern `{:ok, n}` can never match: the value is `:error | {integer(), String.t()}`" or
             warning.message ==
               "the pattern `{:ok, n}` can never match: the value is `:error | {integer(), String.t()}`"
  end

  test "a spec that the code contradicts is shown beside the code", %{tmp_dir: root} do
    source = "@spec name() :: String.t()\ndef name, do: :practice"
    assert [warning] = source |> seed() |> dialyze(root) |> warnings()
    assert warning.name == :invalid_contract
    assert warning.message =~ "the spec is `name() :: String.t()`"
    assert warning.message =~ "the code is `name() :: :practice`"
  end

  test "functions and types that are nowhere, and not those that type information was left out for",
       %{tmp_dir: root} do
    source = """
    @spec run(String.text()) :: URI.t()
    def run(text), do: text |> String.lower() |> Missing.parse()

    def known(text), do: {URI.parse(text), :erlang.phash2(text), :counters.new(1, [])}
    """

    warnings = source |> seed() |> dialyze(root) |> warnings()
    assert Enum.map(warnings, & &1.line) == [2, 3, 3]
    text = Enum.map_join(warnings, "\n", & &1.message)

    for nowhere <- ["String.text()", "String.lower/1", "Missing.parse/1"],
        do: assert(text =~ nowhere)
  end

  test "only the cause is reported, not what follows from it", %{tmp_dir: root} do
    source = """
    def run, do: middle()
    def middle, do: bottom()
    def bottom, do: String.upcase(1)
    """

    assert [%{name: :call, line: 4}] = source |> seed() |> dialyze(root) |> warnings()
  end

  test "a callback that a behaviour does not accept", %{tmp_dir: root} do
    source = "use GenServer\n@impl true\ndef init(_), do: :started"
    assert [warning] = source |> seed() |> dialyze(root) |> warnings()
    assert warning.name == :callback_type_mismatch
    assert warning.message =~ "`init/1` returns what GenServer does not accept"
  end

  test "what a behaviour accepts is said in its own words", %{tmp_dir: root} do
    source = "use GenServer\n@impl true\ndef init(_), do: :started"
    assert [warning] = source |> seed() |> dialyze(root) |> warnings()
    assert warning.message =~ "expected: {:ok, state} | {:ok, state, timeout() |"
  end

  test "paths may hold what a wildcard would not find", %{tmp_dir: root} do
    "def run, do: String.upcase(1)" |> seed() |> compile(root)
    odd = Path.join(root, "a [b] {c,d} *")
    File.mkdir_p!(odd)
    File.rename!(Path.join(root, "ebin"), Path.join(odd, "ebin"))

    command = %{
      mode: :dialyzer,
      root: root,
      ebin: Path.join(odd, "ebin"),
      code_paths: [],
      packages: [],
      plt_dir: Path.join(odd, "plts")
    }

    assert [%{name: :call}] = warnings(answer(command))
    assert [{:plt, %{cached: true}} | _] = answer(command)
  end

  test "without a module there is nothing to judge", %{tmp_dir: root} do
    command = %{
      mode: :dialyzer,
      root: root,
      ebin: root,
      code_paths: [],
      packages: [],
      plt_dir: root
    }

    assert [{:step_failed, %{step: :dialyzer, blocked: true}}] = answer(command)
  end

  describe "type information" do
    test "is kept, and serves a solution that needs less", %{tmp_dir: root} do
      plts = Path.join(root, "plts")
      options = [plt_dir: plts]
      source = "def run(list), do: list |> Enum.map(&to_string/1) |> Enum.join(\",\")"
      assert [{:plt, %{cached: false}} | _] = dialyze(seed(source), root, options)
      assert [{:plt, %{cached: true}} | _] = dialyze(seed(source), root, options)

      less = "def run(list), do: Enum.join(list, \",\")"
      assert [{:plt, %{cached: true}} | _] = dialyze(seed(less), root, options)
    end

    test "is made anew where it is damaged", %{tmp_dir: root} do
      plts = Path.join(root, "plts")
      source = "def run, do: String.upcase(:name)"
      dialyze(seed(source), root, plt_dir: plts)
      [plt] = Path.wildcard(Path.join(plts, "*.plt"))
      File.write!(plt, "not a PLT")

      events = dialyze(seed(source), root, plt_dir: plts)
      assert [%{name: :call}] = warnings(events)
      assert [{:plt, %{cached: true}}, {:plt, %{cached: false}} | _] = events
    end

    test "covers the modules that come with an exercise, by their content", %{tmp_dir: root} do
      plts = Path.join(root, "plts")
      solution = "def run do\n  case Given.get(1) do\n    {:ok, x} -> x\n    nil -> 0\n  end\nend"

      given = fn name, body ->
        directory = Path.join(root, name)
        compile([{"lib/given.ex", "defmodule Given do\n#{body}\nend"}], directory)
      end

      first =
        given.("first", "@spec get(integer()) :: {:ok, map()} | :error\ndef get(_), do: :error")

      second = given.("second", "@spec get(integer()) :: {:ok, map()} | nil\ndef get(_), do: nil")

      run = fn ebin ->
        solution |> seed() |> dialyze(root, plt_dir: plts, code_paths: [ebin])
      end

      assert [%{name: :pattern_match} | _] = warnings(run.(first))
      assert [{:plt, %{cached: false}} | _] = events = run.(second)
      assert [%{line: 4}] = warnings(events)
      assert [{:plt, %{cached: true}} | _] = run.(second)
    end
  end

  describe "a solution cannot" do
    test "run code through a parse transform", %{tmp_dir: root} do
      mark = Path.join(root, "evil was here")

      evil = """
      defmodule Evil do
        def parse_transform(forms, _options) do
          File.write!(#{inspect(mark)}, "")
          forms
        end
      end
      """

      seeds = [
        seed("@compile {:parse_transform, Evil}\ndef run, do: String.upcase(:name)"),
        seed("""
        Module.register_attribute(__MODULE__, :compile, persist: true)
        @compile {:parse_transform, Evil}
        def run, do: String.upcase(:name)
        """)
      ]

      compile([{"evil/evil.ex", evil}], root)

      for seed <- seeds do
        {_, 0} =
          System.cmd(
            "elixirc",
            ["-pa", "ebin", "--ignore-module-conflict", "-o", "ebin" | write(seed, root)],
            cd: root,
            stderr_to_stdout: true
          )

        assert File.exists?(mark),
               "the transform is expected to run while the solution is compiled"

        File.rm!(mark)

        command = %{
          mode: :dialyzer,
          root: root,
          ebin: Path.join(root, "ebin"),
          code_paths: [],
          packages: [],
          plt_dir: Path.join(root, "plts")
        }

        # As in a VM whose code path holds the solution, which it must not.
        Code.prepend_path(Path.join(root, "ebin"))
        events = answer(command)
        Code.delete_path(Path.join(root, "ebin"))

        assert [%{name: :call}] = warnings(events)
        refute File.exists?(mark)
        refute :code.is_loaded(Evil)
      end
    end

    test "name a backend of its own", %{tmp_dir: root} do
      ebin = compile(seed("def run, do: 1"), root)
      rewrite(Path.join(ebin, "Elixir.Seed.beam"), {:debug_info_v1, Evil.Backend, :anything})

      command = %{
        mode: :dialyzer,
        root: root,
        ebin: ebin,
        code_paths: [],
        packages: [],
        plt_dir: root
      }

      assert [%{name: :no_debug_info, file: "lib/seed.ex"}] = warnings(answer(command))
      refute :code.is_loaded(Evil.Backend)
    end

    test "be without debug information", %{tmp_dir: root} do
      ebin = compile(seed("def run, do: 1"), root)
      rewrite(Path.join(ebin, "Elixir.Seed.beam"), {:debug_info_v1, :elixir_erl, :none})

      command = %{
        mode: :dialyzer,
        root: root,
        ebin: ebin,
        code_paths: [],
        packages: [],
        plt_dir: root
      }

      assert [%{name: :no_debug_info, message: "`Seed` is" <> _}] = warnings(answer(command))
    end

    test "break the analysis with debug information of its own making", %{tmp_dir: root} do
      for metadata <- [
            {:elixir_v1, %{}, []},
            {:elixir_v1, %{module: Seed}, :nonsense},
            {:elixir_v1,
             %{module: Seed, definitions: :x, attributes: [], relative_file: "lib/a.ex"}, []},
            {:elixir_v1, %{module: Other, definitions: [], attributes: []}, []},
            "text"
          ] do
        ebin = compile(seed("def run, do: 1"), root)
        rewrite(Path.join(ebin, "Elixir.Seed.beam"), {:debug_info_v1, :elixir_erl, metadata})

        command = %{
          mode: :dialyzer,
          root: root,
          ebin: ebin,
          code_paths: [],
          packages: [],
          plt_dir: root
        }

        assert [%{name: :no_debug_info}] = warnings(answer(command))
      end
    end

    test "switch warnings off", %{tmp_dir: root} do
      source = """
      # A comment.
      @dialyzer {:nowarn_function, run: 0}
      def run, do: String.upcase(:name)
      """

      assert [suppression, call] = source |> seed() |> dialyze(root) |> warnings()
      assert %{name: :suppression, file: "lib/seed.ex", line: 3} = suppression
      assert %{name: :call, line: 4} = call
    end
  end

  test "structs, protocols and comprehensions are analysed without loading them", %{tmp_dir: root} do
    source = """
    defmodule Point do
      defstruct [:x, y: 0]
      @type t :: %__MODULE__{x: integer(), y: integer()}
    end

    defprotocol Area do
      @spec of(t()) :: number()
      def of(shape)
    end

    defimpl Area, for: Point do
      def of(%Point{x: x, y: y}), do: x * y
    end

    defmodule Shapes do
      @spec sum([Point.t()]) :: number()
      def sum(points) do
        areas = for %Point{} = point <- points, into: %{}, do: {point.x, Area.of(point)}
        with [_ | _] = values <- Map.values(areas), do: Enum.sum(values), else: ([] -> 0)
      end

      @spec origin() :: Point.t()
      def origin, do: %Point{x: 0}
    end
    """

    assert [{"lib/shapes.ex", source}] |> dialyze(root) |> warnings() == []
    refute :code.is_loaded(Shapes)
    refute :code.is_loaded(Point)
  end

  defp write(sources, root) do
    for {file, source} <- sources do
      File.mkdir_p!(Path.dirname(Path.join(root, file)))
      File.write!(Path.join(root, file), source)
      file
    end
  end

  defp rewrite(beam, debug_info) do
    {:ok, _module, chunks} = :beam_lib.all_chunks(String.to_charlist(beam))
    chunks = List.keystore(chunks, ~c"Dbgi", 0, {~c"Dbgi", :erlang.term_to_binary(debug_info)})
    {:ok, binary} = :beam_lib.build_module(chunks)
    File.write!(beam, binary)
  end
end
