defmodule Practice.FailureTest do
  use ExUnit.Case, async: true

  alias Practice.Failure

  defmodule Opaque do
    defstruct [:do]

    defimpl Inspect do
      def inspect(%{do: :exit}, _opts), do: exit(:no)
      def inspect(%{do: :loop} = value, opts), do: __MODULE__.inspect(value, opts)
      def inspect(%{do: :eat}, _opts), do: Enum.to_list(1..100_000_000) |> inspect()
    end
  end

  defmodule Mute do
    defexception [:reason]

    @impl true
    def message(_error), do: exit(:no)
  end

  defp project, do: %{root: "/project/of", ebins: ["/project/of/ebin"]}

  # Describes what `fun` fails with, as ExUnit would report it.
  defp failure(fun) do
    fun.()
    flunk("it has not failed")
  catch
    kind, reason ->
      reason = Exception.normalize(kind, reason, __STACKTRACE__)
      Failure.describe({kind, reason, __STACKTRACE__}, project())
  end

  defp given(value), do: value

  describe "an assertion" do
    test "that compares" do
      failure = failure(fn -> assert given(%{a: 1}) == %{a: 2} end)

      assert %{kind: "error", exception: "ExUnit.AssertionError", args: nil} = failure
      assert failure.message == "Assertion with == failed"
      assert failure.expr == "assert given(%{a: 1}) == %{a: 2}"
      assert failure.left == "%{a: 1}"
      assert failure.right == "%{a: 2}"
    end

    test "that matches has a pattern on its left" do
      failure = failure(fn -> assert {:ok, %{x: _}} = given({:error, "é"}) end)
      assert {failure.left, failure.right} == {"{:ok, %{x: _}}", ~S({:error, "é"})}
    end

    test "of a call has its arguments" do
      failure = failure(fn -> assert Enum.member?(given([1, 2]), 3) end)
      assert failure.message == "Expected truthy, got false"
      assert {failure.left, failure.right, failure.args} == {nil, nil, ["[1, 2]", "3"]}
    end

    test "of one's own words" do
      failure = failure(fn -> assert(given(nil), "not there") end)
      assert %{message: "not there", left: nil, right: nil, expr: nil} = failure
    end

    test "of a message shows the mailbox" do
      send(self(), {:other, 1})
      failure = failure(fn -> assert_receive {:wanted, _}, 1 end)
      assert failure.message =~ "no matching message after 1ms"
      assert {failure.left, failure.right} == {"{:wanted, _}", "[other: 1]"}

      assert_receive {:other, 1}
      assert %{right: nil} = failure(fn -> assert_receive {:wanted, _}, 1 end)
    end
  end

  describe "an exception" do
    test "has its message, and the place that raised" do
      failure = failure(fn -> String.to_integer("x") end)
      assert %{kind: "error", exception: "ArgumentError"} = failure
      assert failure.message =~ "not a textual representation of an integer"

      assert [%{module: ":erlang", function: "binary_to_integer/1", file: nil} | _] =
               failure.stack
    end

    test "of a missing clause shows the clauses" do
      failure = failure(fn -> List.first(given(%{})) end)
      assert failure.message =~ "no function clause matching in List.first/2"
      assert failure.message =~ "# 1\n    %{}"
    end

    test "of ExUnit's time limit says no more than that" do
      error = %ExUnit.TimeoutError{type: "test", timeout: 50}

      assert %{message: "test timed out after 50 ms"} =
               Failure.describe({:error, error, []}, project())

      assert Failure.timeout?([{:error, error, []}])
      refute Failure.timeout?([{:error, %RuntimeError{message: ""}, []}, {:exit, :timeout, []}])
    end
  end

  describe "other failures" do
    test "are thrown" do
      assert %{kind: "throw", exception: nil, message: "{:ball, 1}"} =
               failure(fn -> throw({:ball, 1}) end)
    end

    test "are exits" do
      failure = failure(fn -> GenServer.call(:no_such_server, :hello) end)
      assert %{kind: "exit", exception: nil} = failure
      assert failure.message =~ "exited in: GenServer.call(:no_such_server, :hello, 5000)"
    end

    test "come from another process, with its stack" do
      stack = [{__MODULE__, :inner, 0, [file: ~c"lib/a.ex", line: 7]}]
      reason = {RuntimeError.exception("boom"), stack}

      failure = Failure.describe({{:EXIT, self()}, reason, []}, project())
      assert %{kind: "EXIT", exception: nil, stack: [%{file: "lib/a.ex", line: 7}]} = failure
      assert failure.message =~ "the test's process was ended: an exception was raised:"
      assert failure.message =~ "** (RuntimeError) boom"

      failure = Failure.describe({:exit, {reason, {GenServer, :call, [1, 2]}}, []}, project())
      assert [%{file: "lib/a.ex", line: 7, function: "inner/0"}] = failure.stack
    end
  end

  describe "values that are hard to show" do
    test "exit, or loop, and the rest is shown" do
      for {what, text} <- [
            exit: "(not shown: exit)",
            loop: "(not shown: it takes longer than 1000 ms)"
          ] do
        failure = failure(fn -> assert given(%Opaque{do: what}) == 1 end)
        assert {failure.left, failure.right} == {text, "1"}
      end
    end

    test "eat memory" do
      failure = failure(fn -> assert given(%Opaque{do: :eat}) == 1 end)

      assert failure.left in [
               "(too large to be shown)",
               "(not shown: it takes longer than 1000 ms)"
             ]
    end

    test "are exceptions" do
      assert %{exception: exception, message: "(not shown: exit)"} = failure(fn -> raise Mute end)
      assert exception == inspect(Mute)
    end

    test "are long" do
      right = String.duplicate("é", 100_000)
      failure = failure(fn -> assert given(Enum.to_list(1..100_000)) == right end)

      assert failure.left =~ "50, ...]"
      assert byte_size(failure.right) <= 8 * 1024 + 3
      assert String.valid?(failure.right)
      assert String.ends_with?(failure.right, "…") or failure.right =~ ~S(<> ...)
    end
  end

  describe "a frame" do
    defp frames(stack),
      do: Failure.describe({:error, %RuntimeError{message: ""}, stack}, project()).stack

    test "of the project has a file relative to it" do
      assert [frame] = frames([{__MODULE__, :f, 2, [file: ~c"/project/of/lib/é.ex", line: 3]}])
      assert frame == %{module: inspect(__MODULE__), function: "f/2", file: "lib/é.ex", line: 3}
    end

    test "of Elixir or OTP has no file, even where it has the same name" do
      stack = [{Agent, :get, 2, [file: ~c"lib/agent.ex", line: 3]}, {:lists, :map, 2, [line: 1]}]

      assert [%{function: "get/2", file: nil, line: nil}, %{module: ":lists", file: nil}] =
               frames(stack)
    end

    test "may be anonymous, have arguments, or no place" do
      assert [%{function: "anonymous fn/1 in f/2"}] =
               frames([{__MODULE__, :"-f/2-fun-0-", 1, []}]) |> shorten()

      assert [%{module: nil, function: "anonymous fn/2", file: "a"}] =
               frames([{fn _, _ -> 1 end, 2, [file: ~c"a"]}])

      assert [%{function: "f/2", file: nil}] = frames([{__MODULE__, :f, [1, 2], []}])
      assert [%{function: ~S("test x"/1)}] = frames([{__MODULE__, :"test x", 1, []}])
    end

    test "beyond the thirtieth is left out" do
      assert length(frames(List.duplicate({__MODULE__, :f, 1, []}, 1_000))) == 30
    end

    defp shorten(frames) do
      for frame <- frames do
        %{frame | function: String.replace(frame.function, inspect(__MODULE__) <> ".", "")}
      end
    end
  end
end
