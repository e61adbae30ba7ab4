ExUnit.start()

defmodule Practice.Analysis.SourceTest do
  use ExUnit.Case, async: true

  alias Practice.Analysis

  @moduletag :tmp_dir

  # Where the compiled packages are: `PRACTICE_PACKAGES` holds Credo and what it needs.
  @packages System.get_env("PRACTICE_PACKAGES")

  defp write(root, files) do
    for {file, text} <- files do
      path = Path.join(root, file)
      File.mkdir_p!(Path.dirname(path))
      File.write!(path, text)
      file
    end
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

  describe "format" do
    defp format(root, files), do: answer(%{mode: :format, root: root, files: write(root, files)})

    test "writes what mix format would write", %{tmp_dir: root} do
      assert [{:formatted, formatted}, {:step_done, done}] =
               format(root, %{"lib/a.ex" => "a  =1"})

      assert formatted == %{file: "lib/a.ex", text: "a = 1\n"}
      assert %{step: :format, duration_us: _} = done
    end

    test "uses the default options, whatever the workspace says", %{tmp_dir: root} do
      write(root, %{".formatter.exs" => "File.write!(\"run\", \"\")\n[line_length: 20]"})
      long = "x = " <> Enum.map_join(1..7, " + ", &"number_#{&1}") <> "\n"
      assert [{:formatted, %{text: ^long}} | _] = format(root, %{"lib/a.ex" => long})
      refute File.exists?(Path.join(root, "run"))
    end

    test "names the line of a syntax error and goes on", %{tmp_dir: root} do
      events = format(root, %{"lib/a.ex" => "x = 1\ny = (\n", "lib/b.ex" => "y  = 2"})

      assert [{:format_failed, failed}, {:formatted, %{file: "lib/b.ex"}}, {:step_done, _}] =
               events

      assert %{file: "lib/a.ex", line: line, message: message} = failed
      assert line in 2..3
      assert message =~ "missing"
    end

    test "fails to read a file that is no text", %{tmp_dir: root} do
      assert [{:format_failed, %{file: "lib/a.ex"}}, _] =
               format(root, %{"lib/a.ex" => <<255, 0, 1>>})
    end

    test "a file that is not there is no fault of the learner", %{tmp_dir: root} do
      assert [{:step_failed, failed}] = answer(%{mode: :format, root: root, files: ["lib/a.ex"]})
      assert %{step: :format, blocked: false, reason: reason} = failed
      assert reason =~ "no such file or directory"
    end

    test "reads no source that could fill the atom table", %{tmp_dir: root} do
      bytes = 4 * :erlang.system_info(:atom_limit)
      before = :erlang.system_info(:atom_count)
      events = format(root, %{"lib/a.ex" => String.duplicate(":a ", div(bytes, 3))})
      assert [{:step_failed, %{reason: reason}}] = events
      assert reason =~ "too many atoms"
      assert :erlang.system_info(:atom_count) - before < 1000
    end
  end

  describe "credo" do
    defp credo(root, files) do
      paths = Path.wildcard(Path.join(@packages, "**/ebin"))
      answer(%{mode: :credo, root: root, files: write(root, files), paths: paths})
    end

    @describetag skip: if(@packages, do: false, else: "PRACTICE_PACKAGES is not set")

    test "sends its issues, in the order of the source", %{tmp_dir: root} do
      source = """
      defmodule A do
        def run(x), do: IO.inspect(x)
      end
      """

      assert [{:credo_issue, first}, {:credo_issue, second}, {:step_done, _}] =
               credo(root, %{"lib/a.ex" => source})

      assert %{check: "Credo.Check.Readability.ModuleDoc", category: "readability", line: 1} =
               first

      assert %{
               check: "Credo.Check.Warning.IoInspect",
               category: "warning",
               file: "lib/a.ex",
               line: 2,
               trigger: "IO.inspect"
             } = second

      assert second.explanation =~ "debugging"
    end

    test "does not read the configuration of the workspace", %{tmp_dir: root} do
      write(root, %{
        ".credo.exs" => "File.write!(#{inspect(Path.join(root, "run"))}, \"\")\n%{configs: []}"
      })

      assert [{:credo_issue, _} | _] = credo(root, %{"lib/a.ex" => "defmodule A do\nend\n"})
      refute File.exists?(Path.join(root, "run"))
    end

    test "looks only at the given files", %{tmp_dir: root} do
      write(root, %{"lib/other.ex" => "defmodule Other do\nend\n"})
      events = credo(root, %{"lib/a.ex" => "defmodule A do\nend\n"})
      assert [%{file: "lib/a.ex"}] = for({:credo_issue, issue} <- events, do: issue)
    end

    test "is blocked by source that does not parse", %{tmp_dir: root} do
      assert [{:step_failed, failed}] = credo(root, %{"lib/a.ex" => "defmodule A do"})
      assert failed == %{step: :credo, blocked: true, reason: "lib/a.ex does not parse"}
    end
  end

  test "without Credo its step fails and says why" do
    code = """
    Practice.Analysis.answer(%{mode: :credo, root: "/", files: [], paths: []}, fn name, fields ->
      IO.puts([to_string(name), ": ", fields.reason])
    end)
    """

    runner = Analysis |> :code.which() |> Path.dirname()
    {output, 0} = System.cmd("elixir", ["-pa", runner, "-e", code])
    assert output =~ "step_failed: Credo cannot be started"
  end

  test "a step that is not known fails, and nothing else does" do
    assert [{:step_failed, %{step: :dance, reason: reason}}] = answer(%{mode: :dance})
    assert reason =~ "unknown step"
  end

  test "an exception in a step is its end only", %{tmp_dir: root} do
    assert [{:step_failed, %{step: :format, blocked: false}}] =
             answer(%{mode: :format, root: root})
  end
end
