defmodule Practice.Failure do
  @moduledoc """
  Turns what ExUnit says of a failed test into an event's `failures`.

  A failure is a map:

    * `kind` - `error`, `exit`, `throw`, or `EXIT` when the test's process was ended from outside
    * `exception` - the exception's module, or `nil`
    * `message` - what is wrong, for people
    * `left`, `right` - the two sides of an assertion, inspected (a pattern as code), or `nil`. When
      no message in the mailbox matched, `right` is the mailbox
    * `args` - the arguments of the call that was asserted to be true, inspected, or `nil`
    * `expr` - the assertion's code, or `nil`
    * `stack` - frames, innermost first: `module`, `function`, `file` (relative to the root) and
      `line`. Only the frames of the solution, the tests and the support modules have a file: the
      files of Elixir itself are called `lib/agent.ex` as well

  Values and exceptions are the learner's. Showing them calls the learner's `Inspect` and
  `c:Exception.message/1`, which may raise, loop or eat memory. So each text is made in a process
  of its own, with limits.
  """

  @type t :: %{
          kind: String.t(),
          exception: String.t() | nil,
          message: String.t(),
          left: String.t() | nil,
          right: String.t() | nil,
          args: [String.t()] | nil,
          expr: String.t() | nil,
          stack: [frame()]
        }

  @type frame :: %{
          module: String.t() | nil,
          function: String.t(),
          file: String.t() | nil,
          line: pos_integer() | nil
        }

  @typedoc "As in `t:ExUnit.failed/0`."
  @type reason :: {kind :: term(), reason :: term(), Exception.stacktrace()}

  @typedoc "The folder that files are relative to, and those that hold the project's modules."
  @type project :: %{root: Path.t(), ebins: [Path.t()]}

  @no_value ExUnit.AssertionError.no_value()
  @assertions [:assert, :assert_raise, :assert_receive, :assert_received] ++
                [:refute, :refute_receive, :refute_received]

  @inspect [pretty: true, width: 80, limit: 50, printable_limit: 4096]
  @max_bytes 8 * 1024
  @max_frames 30
  @max_millis 1_000
  @max_words 16 * 1024 * 1024

  @doc "Describes a failure."
  @spec describe(reason(), project()) :: t()
  def describe({kind, reason, stack}, project) do
    Map.merge(sides(reason), %{
      kind: kind_name(kind),
      exception: exception_name(reason),
      message: message(kind, reason, stack),
      stack: frames(inner_stack(kind, reason) ++ stack, project)
    })
  end

  @doc "Whether something that failed for these reasons had run out of time."
  @spec timeout?([reason()]) :: boolean()
  def timeout?(reasons), do: Enum.any?(reasons, &match?({_, %ExUnit.TimeoutError{}, _}, &1))

  defp kind_name({:EXIT, _pid}), do: "EXIT"
  defp kind_name(kind), do: to_string(kind)

  defp exception_name(%module{__exception__: true}), do: inspect(module)
  defp exception_name(_reason), do: nil

  ## Assertions

  defp sides(%ExUnit.AssertionError{} = error) do
    %{
      left: unless_missing(error.left, left(error.context)),
      right: right(error),
      args: unless_missing(error.args, fn args -> Enum.map(args, &show/1) end),
      expr: unless_missing(error.expr, &code/1)
    }
  end

  defp sides(_reason), do: %{left: nil, right: nil, args: nil, expr: nil}

  # Of a match, the left side is the pattern's code.
  defp left(context) when is_tuple(context), do: &code/1
  defp left(_operator), do: &show/1

  defp right(%{context: {:mailbox, _pins, [_ | _] = mailbox}}), do: show(mailbox)
  defp right(%{right: right}), do: unless_missing(right, &show/1)

  defp unless_missing(@no_value, _fun), do: nil
  defp unless_missing(value, fun), do: fun.(value)

  defp show(value), do: guarded(fn -> inspect(value, @inspect) end)

  defp code(text) when is_binary(text), do: text

  defp code({assertion, _meta, [expr]}) when assertion in @assertions do
    guarded(fn -> "#{assertion} #{Macro.to_string(expr)}" end)
  end

  defp code(quoted), do: guarded(fn -> Macro.to_string(quoted) end)

  ## Messages

  defp message(:error, %ExUnit.AssertionError{message: @no_value}, _stack), do: "Assertion failed"

  defp message(:error, %ExUnit.AssertionError{message: message}, _stack)
       when is_binary(message) do
    cut(message)
  end

  defp message(:error, %ExUnit.TimeoutError{type: type, timeout: millis}, _stack) do
    "#{type} timed out after #{millis} ms"
  end

  defp message(:error, exception, stack) do
    guarded(fn ->
      {blamed, _stack} = Exception.blame(:error, exception, stack)
      Exception.message(blamed)
    end)
  end

  defp message(:throw, value, _stack), do: show(value)
  defp message(:exit, reason, _stack), do: guarded(fn -> Exception.format_exit(reason) end)

  defp message({:EXIT, _pid}, reason, stack) do
    "the test's process was ended: " <> message(:exit, reason, stack)
  end

  ## Limits

  defp guarded(fun) do
    heap = %{size: @max_words, kill: true, error_logger: false}
    run = fn -> exit({__MODULE__, attempt(fun)}) end
    {pid, monitor} = :erlang.spawn_opt(run, [:monitor, max_heap_size: heap])

    receive do
      {:DOWN, ^monitor, :process, ^pid, {__MODULE__, text}} -> text
      {:DOWN, ^monitor, :process, ^pid, _reason} -> "(too large to be shown)"
    after
      @max_millis ->
        Process.exit(pid, :kill)
        Process.demonitor(monitor, [:flush])
        "(not shown: it takes longer than #{@max_millis} ms)"
    end
  end

  defp attempt(fun) do
    cut(fun.())
  catch
    :error, %module{} -> "(not shown: #{inspect(module)} was raised)"
    kind, _reason -> "(not shown: #{kind})"
  end

  defp cut(text) when byte_size(text) <= @max_bytes, do: text

  defp cut(text) do
    case text |> binary_part(0, @max_bytes) |> :unicode.characters_to_binary() do
      {_, whole, _rest} -> whole <> "…"
      whole -> whole <> "…"
    end
  end

  ## Stacks

  # The reason of an exit often holds where the process that caused it has raised.
  defp inner_stack({:EXIT, _pid}, {_reason, [{_, _, _, _} | _] = stack}), do: stack
  defp inner_stack(:exit, {{_reason, [{_, _, _, _} | _] = stack}, {_, _, _}}), do: stack
  defp inner_stack(_kind, _reason), do: []

  defp frames(stack, project),
    do: stack |> Enum.take(@max_frames) |> Enum.map(&frame(&1, project))

  defp frame({module, function, arity, location}, project) do
    name = Exception.format_mfa(module, function, arity(arity))
    function = String.replace_prefix(name, inspect(module) <> ".", "")
    location = if own?(module, project), do: location, else: []
    Map.merge(place(location, project), %{module: inspect(module), function: function})
  end

  defp frame({fun, arity, location}, project) when is_function(fun) do
    function = "anonymous fn/#{arity(arity)}"
    Map.merge(place(location, project), %{module: nil, function: function})
  end

  defp arity(args) when is_list(args), do: length(args)
  defp arity(arity), do: arity

  defp place(location, %{root: root}) do
    case {location[:file], location[:line]} do
      {nil, _line} -> %{file: nil, line: nil}
      {file, 0} -> %{file: relative(file, root), line: nil}
      {file, line} -> %{file: relative(file, root), line: line}
    end
  end

  defp relative(file, root), do: file |> to_string() |> Path.relative_to(root)

  # A module that is nowhere on the disk was defined by the tests or by the solution.
  defp own?(module, %{ebins: ebins}) do
    case :code.which(module) do
      [_ | _] = path -> Path.dirname(path) in ebins
      place -> place not in [:preloaded, :cover_compiled]
    end
  end
end
