defmodule Practice.Compiler do
  @moduledoc """
  Compiles files and says what the compiler thinks of them, in the same way on every Elixir.

  Until 1.15 the compiler returns texts with a file and a line, later it returns maps.

  A diagnostic is a map, the fields of the event `diagnostic`:

    * `severity` - `error` or `warning`
    * `file` - relative to the root
    * `line`, `column` - from 1, or `nil` where unknown
    * `message` - what is wrong, without the place and without a stack trace
  """

  @type diagnostic :: %{
          severity: :error | :warning,
          file: String.t(),
          line: pos_integer() | nil,
          column: pos_integer() | nil,
          message: String.t()
        }

  # What the compiler itself raises: its description says it all.
  @own_errors ["CompileError", "SyntaxError", "TokenMissingError", "MismatchedDelimiterError"]

  @doc """
  Compiles `files`, relative to `root`, and writes the modules to `ebin`.

  The compiler works in `root`, so that stack traces name files relative to it, and in a process of
  its own, which the code that it runs may stop.
  """
  @spec compile([Path.t()], Path.t(), Path.t()) ::
          {:ok, [module()], [diagnostic()]} | {:error, [diagnostic()]}
  def compile(files, root, ebin) do
    File.mkdir_p!(ebin)
    File.cd!(root, fn -> isolated(fn -> compile_to(ebin, files) end, hd(files)) end)
  end

  @doc """
  Compiles test files one after the other. Their names are kept relative to `root`.

  Each test gets a `setup` that waits until `practice` knows that it has started: a test may well end
  the VM (see `Practice.Formatter.announced/0`). The modules are loaded.
  """
  @spec compile_tests([Path.t()], Path.t()) ::
          {:ok, [{module(), binary()}]} | {:error, [diagnostic()]}
  def compile_tests(files, root) do
    files
    |> Enum.map(&Path.relative_to(&1, root))
    |> Enum.reduce_while({:ok, []}, fn file, {:ok, done} -> compile_next(file, root, done) end)
  end

  defp compile_next(file, root, done) do
    case isolated(fn -> compile_test(file, root) end, file) do
      {:ok, modules} -> {:cont, {:ok, done ++ modules}}
      {:error, diagnostics} -> {:halt, {:error, diagnostics}}
    end
  end

  defp compile_test(file, root) do
    quoted =
      root
      |> Path.join(file)
      |> File.read!()
      |> Code.string_to_quoted!(file: file, columns: true)
      |> Macro.postwalk(&add_setup/1)

    {:ok, Code.compile_quoted(quoted, file)}
  catch
    kind, reason -> {:error, [raised(kind, reason, __STACKTRACE__, file)]}
  end

  defp add_setup({:use, _meta, [{:__aliases__, _, [:ExUnit, :Case]} | _]} = use_case) do
    quote do
      unquote(use_case)
      setup(do: Practice.Formatter.announced())
    end
  end

  defp add_setup(quoted), do: quoted

  # Columns get into the debug information, from which Dialyzer has its places.
  defp compile_to(ebin, files) do
    Code.put_compiler_option(:parser_options, columns: true)

    case Kernel.ParallelCompiler.compile_to_path(files, ebin, return_diagnostics: true) do
      {:ok, modules, warnings} -> {:ok, modules, diagnostics([], warnings)}
      {:error, errors, warnings} -> {:error, diagnostics(errors, warnings)}
    end
  end

  defp isolated(fun, file) do
    {pid, monitor} = spawn_monitor(fn -> exit({__MODULE__, fun.()}) end)

    receive do
      {:DOWN, ^monitor, :process, ^pid, {__MODULE__, result}} -> result
      {:DOWN, ^monitor, :process, ^pid, reason} -> {:error, [raised(:exit, reason, [], file)]}
    end
  end

  ## Diagnostics

  defp diagnostics(errors, warnings) do
    errors = errors |> Enum.map(&diagnostic(&1, :error)) |> without_summary()
    warnings = warnings |> flatten() |> Enum.map(&diagnostic(&1, :warning))
    (errors ++ warnings) |> Enum.uniq() |> Enum.sort_by(&{&1.file, &1.line, &1.column})
  end

  defp flatten(%{compile_warnings: compile, runtime_warnings: runtime}), do: compile ++ runtime
  defp flatten(warnings), do: warnings

  # From 1.15 on, the errors of a module are followed by one that only says that there were some.
  defp without_summary(errors) do
    case Enum.reject(errors, &String.ends_with?(&1.message, "(errors have been logged)")) do
      [] -> errors
      details -> details
    end
  end

  defp diagnostic({file, position, message}, severity) do
    diagnostic(%{file: file, position: position, message: message}, severity)
  end

  defp diagnostic(%{file: file} = given, severity) do
    file = Path.relative_to_cwd(file || "nofile")
    text = text(given)
    {line, column} = place(position(given), text, file)
    message = text |> without_stack() |> without_place(file)
    %{severity: severity, file: file, line: line, column: column, message: message}
  end

  # The compiler's own errors have a description, without the place and an excerpt of the code.
  defp text(%{details: {:error, %{description: description, line: _} = error}}) do
    description <> unclosed(error)
  end

  defp text(%{message: message}), do: IO.chardata_to_string(message)

  # Since 1.16 (`MismatchedDelimiterError`), with the place of the opening delimiter as the error's.
  defp unclosed(%{closing_delimiter: _} = error) do
    ~s(. The "#{error.opening_delimiter}" at line #{error.line} is missing terminator ) <>
      ~s("#{error.expected_delimiter}")
  end

  defp unclosed(_error), do: ""

  defp position(%{details: {:error, %{closing_delimiter: _} = error}}) do
    {error.end_line, error.end_column}
  end

  defp position(%{position: position}), do: position
  defp position(%{details: {:error, %{line: line, column: column}}}), do: {line, column}
  defp position(%{details: {:error, %{line: line}}}), do: line
  defp position(_given), do: nil

  defp raised(kind, reason, stack, file) do
    reason = Exception.normalize(kind, reason, stack)
    text = Exception.format(kind, reason, stack)
    diagnostic(%{file: file, message: text, details: {kind, reason}}, :error)
  end

  defp place({line, column}, _text, _file), do: {known(line), known(column)}

  defp place(line, _text, _file) when is_integer(line) and line > 0, do: {line, nil}
  defp place(_unknown, text, file), do: place_in(text, file)

  defp known(number), do: if(is_integer(number) and number > 0, do: number)

  # Where the text or the stack trace in it names the file first.
  defp place_in(text, file) do
    case Regex.run(~r/#{Regex.escape(file)}:(\d+)(?::(\d+))?/, text, capture: :all_but_first) do
      [line, column] -> {String.to_integer(line), String.to_integer(column)}
      [line] -> {String.to_integer(line), nil}
      nil -> {nil, nil}
    end
  end

  defp without_stack(text) do
    lines = text |> String.trim_trailing() |> String.split("\n")
    {stack, message} = lines |> Enum.reverse() |> Enum.split_while(&(&1 =~ ~r/^ {4}[^\s|]/))

    if Enum.any?(stack, &(&1 =~ ~r/:\d+: |^ {4}expanding /)) do
      message |> Enum.reverse() |> Enum.join("\n") |> String.trim_trailing()
    else
      Enum.join(lines, "\n")
    end
  end

  # "** (SyntaxError) lib/a.ex:1:2: unexpected" says "unexpected"; others keep the exception's name.
  defp without_place("** (" <> text, file) do
    with [name, rest] <- String.split(text, ") ", parts: 2),
         true <- name in @own_errors do
      String.replace(rest, ~r/\A#{Regex.escape(file)}:(\d+:)*\s*/, "")
    else
      _ -> "(" <> text
    end
  end

  defp without_place(text, _file), do: text
end
