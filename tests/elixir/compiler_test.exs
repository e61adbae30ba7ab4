defmodule Practice.CompilerTest do
  use ExUnit.Case

  import ExUnit.CaptureIO

  alias Practice.Compiler

  @moduletag :tmp_dir
  @moduletag :capture_log

  setup %{tmp_dir: root} do
    before = MapSet.new(:code.all_loaded(), &elem(&1, 0))

    on_exit(fn ->
      for {module, _} <- :code.all_loaded(), module not in before, defined_here?(module) do
        :code.purge(module)
        :code.delete(module)
      end
    end)

    %{root: root, ebin: Path.join(root, "ebin")}
  end

  defp defined_here?(module), do: String.starts_with?(Atom.to_string(module), "Elixir.Given")

  defp write(files, root) do
    for {file, text} <- files do
      path = Path.join(root, file)
      File.mkdir_p!(Path.dirname(path))
      File.write!(path, text)
      file
    end
  end

  # The compiler prints what it returns.
  defp compile(files, %{root: root, ebin: ebin}) do
    files = write(files, root)
    test = self()

    capture_io(:stderr, fn ->
      capture_io(fn -> send(test, {:compiled, Compiler.compile(files, root, ebin)}) end)
    end)

    assert_received {:compiled, result}
    result
  end

  defp only_diagnostic(code, context) do
    assert {:error, [diagnostic]} = compile(%{"lib/a.ex" => code}, context)
    assert %{severity: :error, file: "lib/a.ex"} = diagnostic
    diagnostic
  end

  describe "code that compiles" do
    test "is written and loaded", context do
      files = %{
        "lib/a.ex" => "defmodule Given.A do\n  def a, do: Given.B.b()\nend\n",
        "lib/b.ex" => "defmodule Given.B do\n  def b, do: :b\nend\n"
      }

      assert {:ok, modules, []} = compile(files, context)
      assert Enum.sort(modules) == [Given.A, Given.B]
      assert File.exists?(Path.join(context.ebin, "Elixir.Given.A.beam"))
      Code.prepend_path(context.ebin)
      assert apply(Given.A, :a, []) == :b
      Code.delete_path(context.ebin)
    end

    test "names files relative to the root, and leaves the working directory alone", context do
      here = File.cwd!()
      code = "defmodule Given.C do\n  def c(x), do: raise(x)\nend\n"
      assert {:ok, [module], []} = compile(%{"lib/c.ex" => code}, context)
      assert File.cwd!() == here
      Code.prepend_path(context.ebin)
      stack = catch_error_stack(fn -> apply(module, :c, ["no"]) end)
      Code.delete_path(context.ebin)
      assert {Given.C, :c, 1, location} = hd(stack)
      assert location[:file] == ~c"lib/c.ex"
    end

    test "may have warnings, also of the last pass, in the order of the source", context do
      code = """
      defmodule Given.D do
        def a, do: Given.Nowhere.b()
        def c(unused), do: String.no_such_function(1)
      end
      """

      assert {:ok, _modules, warnings} = compile(%{"lib/d.ex" => code}, context)
      assert [%{line: 2}, %{line: 3}, %{line: 3}] = warnings
      assert Enum.all?(warnings, &match?(%{severity: :warning, file: "lib/d.ex"}, &1))
      text = Enum.map_join(warnings, "\n", & &1.message)
      assert text =~ "Given.Nowhere.b/0 is undefined (module Given.Nowhere is not available"
      assert text =~ ~s(variable "unused" is unused)
      assert text =~ "String.no_such_function/1 is undefined or private"
    end
  end

  describe "code that does not compile" do
    test "has an unexpected token", context do
      diagnostic =
        only_diagnostic("defmodule Given.E do\n  def a(x) do\n    x + )\n  end\nend\n", context)

      assert %{line: 3, column: 9} = diagnostic

      assert diagnostic.message =~ ~r/\Aunexpected token: \)/
      assert diagnostic.message =~ ~r/the "do" (at|on) line 2 is missing terminator "end"/i
    end

    test "ends too early", context do
      diagnostic = only_diagnostic("defmodule Given.E do\n  def a(x) do\n    x\nend\n", context)
      assert diagnostic.message =~ ~r/\Amissing terminator: end/
      assert is_integer(diagnostic.line)
    end

    test "has a syntax error", context do
      diagnostic = only_diagnostic("defmodule Given.E do\n  def a(x), do: 1 2\nend\n", context)
      assert %{line: 2, column: 19} = diagnostic
      assert diagnostic.message =~ ~r/\Asyntax error before: "?2/
    end

    test "calls a function that is not there", context do
      diagnostic = only_diagnostic("defmodule Given.E do\n  def a, do: missing()\nend\n", context)
      assert diagnostic.line == 2
      assert diagnostic.message =~ ~r/\Aundefined function missing\/0/
    end

    test "raises, throws or exits in a module body", context do
      body = fn line -> "defmodule Given.E do\n  #{line}\nend\n" end

      for {line, message} <- [
            {~S{raise "boom\nsecond line"}, "(RuntimeError) boom\nsecond line"},
            {~S{throw(:x)}, "(throw) :x"},
            {~S{exit(:bad)}, "(exit) :bad"},
            {~S{raise ArgumentError, "    indented"}, "(ArgumentError)     indented"}
          ] do
        assert %{line: 2, column: nil, message: ^message} = only_diagnostic(body.(line), context)
      end

      diagnostic = only_diagnostic(body.(~S{String.to_integer("x")}), context)
      assert %{line: 2, message: "(ArgumentError) errors were found" <> _} = diagnostic
    end

    test "raises in a macro", context do
      code = """
      defmodule Given.F do
        defmacro m(_), do: raise(ArgumentError, "in a macro")
      end

      defmodule Given.G do
        require Given.F
        def a, do: Given.F.m(1)
      end
      """

      assert %{line: 7, message: "(ArgumentError) in a macro"} = only_diagnostic(code, context)
    end

    test "ends its own process, or the compiler's", context do
      own = "defmodule Given.E do\n  Process.exit(self(), :kill)\nend\n"
      assert %{line: nil, message: "(exit) killed"} = only_diagnostic(own, context)

      others = """
      defmodule Given.E do
        {:monitored_by, compilers} = Process.info(self(), :monitored_by)
        Enum.each(compilers, &Process.exit(&1, :kill))
        Process.sleep(:infinity)
      end
      """

      assert %{line: nil, message: "(exit) killed"} = only_diagnostic(others, context)
    end

    test "waits for itself", context do
      files = %{
        "lib/a.ex" => "defmodule Given.A do\n  Given.B.__info__(:functions)\nend\n",
        "lib/b.ex" => "defmodule Given.B do\n  Given.A.__info__(:functions)\nend\n"
      }

      assert {:error, [first, second]} = compile(files, context)
      assert %{file: "lib/a.ex", message: "deadlocked waiting on module Given.B"} = first
      assert %{file: "lib/b.ex", message: "deadlocked waiting on module Given.A"} = second
    end

    test "is not UTF-8", context do
      code = "defmodule Given.E do\n  def a, do: \"" <> <<255>> <> "\"\nend\n"
      assert %{message: message} = only_diagnostic(code, context)
      assert message =~ "invalid encoding"
    end
  end

  describe "tests" do
    defp compile_tests(files, %{root: root}) do
      files = for file <- write(files, root), do: Path.join(root, file)
      Compiler.compile_tests(files, root)
    end

    test "keep their order and names relative to the root", context do
      files = [
        {"test/b_test.exs",
         "defmodule Given.BTest do\n  use ExUnit.Case\n  test \"x\", do: :ok\nend\n"},
        {"test/a_test.exs",
         "defmodule Given.A do\nend\n\ndefmodule Given.ATest do\n  use ExUnit.Case\nend\n"}
      ]

      assert {:ok, modules} = compile_tests(files, context)

      assert for({module, beam} <- modules, is_binary(beam), do: module) == [
               Given.BTest,
               Given.A,
               Given.ATest
             ]

      assert %{file: "test/b_test.exs", tests: [test]} = apply(Given.BTest, :__ex_unit__, [])
      assert %{file: "test/b_test.exs", line: 3} = test.tags
    end

    test "that don't compile are diagnosed", context do
      files = [
        {"test/a_test.exs", "defmodule Given.A do\n  use ExUnit.Case\n  test \"x\" do\nend\n"}
      ]

      assert {:error, [%{file: "test/a_test.exs", message: message}]} =
               compile_tests(files, context)

      assert message =~ ~r/\Amissing terminator: end/

      files = [{"test/a_test.exs", "defmodule Given.A do\n  def a, do: %Given.Nowhere{}\nend\n"}]
      capture_io(:stderr, fn -> send(self(), compile_tests(files, context)) end)
      assert_received {:error, [%{file: "test/a_test.exs"}]}
    end
  end

  defp catch_error_stack(fun) do
    fun.()
  rescue
    _ -> __STACKTRACE__
  end
end
