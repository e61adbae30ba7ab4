defmodule Practice.Prepare do
  @moduledoc """
  Compiles an exercise's support modules and tests, before and without any solution.

  So the tests are as they were written, whatever the solution does, and later checks need not
  compile them. Nothing of the learner's is compiled or run.

  The command:

    * `support`, `tests` - files
    * `root` - the folder they are in; stack traces name them relative to it
    * `packages` - the code paths of Hex packages, and `applications`, those of them that are started
    * `filler` - a support module whose `prepare/1` is called with the folder `filled`, or ""
    * `support_ebin`, `tests_ebin` - where the modules go. In `tests_ebin`, the file `index` lists
      the modules of the tests in the order in which they were defined, and the file `used` lists
      the modules of Elixir and OTP that this took: a check needs much the same

  Events:

    * `diagnostic` - what the compiler says of the support modules (see `Practice.Compiler`)
    * `done` - everything is compiled
    * `broken` - something does not compile, which is a fault of the exercise
  """

  alias Practice.{Channel, Compiler}

  @index "index"
  @used "used"

  @doc "Carries out the command."
  @spec run(Channel.t(), Channel.command()) :: :ok
  def run(channel, command) do
    {:ok, _} = Application.ensure_all_started(:ex_unit)
    add_packages(command)
    # The solution's modules are not there yet.
    Code.put_compiler_option(:no_warn_undefined, :all)

    with :ok <- compile_support(channel, command),
         :ok <- compile_tests(command) do
      fill(command)
      Channel.event(channel, :done)
    else
      {:error, diagnostics} -> Channel.event(channel, :broken, %{message: text(diagnostics)})
    end
  end

  @doc "Puts the packages onto the code path, after everything of Elixir and OTP."
  @spec add_packages(Channel.command()) :: :ok
  def add_packages(%{packages: ebins}) do
    :ok = ebins |> Enum.map(&String.to_charlist/1) |> :code.add_pathsz()
  end

  @doc "Starts the packages' applications, as Mix does before tests."
  @spec start_applications(Channel.command()) :: :ok
  def start_applications(%{applications: names}) do
    for name <- names, do: {:ok, _} = Application.ensure_all_started(String.to_atom(name))
    :ok
  end

  defp fill(%{filler: ""}), do: :ok

  defp fill(%{filler: module, filled: folder} = command) do
    start_applications(command)
    apply(Module.concat([module]), :prepare, [folder])
  end

  defp compile_support(_channel, %{support: [], support_ebin: ebin}), do: File.mkdir_p!(ebin)

  defp compile_support(channel, %{support: files, support_ebin: ebin, root: root}) do
    with {:ok, _modules, warnings} <- Compiler.compile(files, root, ebin) do
      Code.prepend_path(ebin)
      Enum.each(warnings, &Channel.event(channel, :diagnostic, &1))
    end
  end

  defp compile_tests(%{tests: files, root: root, tests_ebin: ebin}) do
    with {:ok, modules} <- Compiler.compile_tests(files, root) do
      File.mkdir_p!(ebin)
      for {module, beam} <- modules, do: File.write!(Path.join(ebin, "#{module}.beam"), beam)
      write_names(ebin, @index, Enum.map(modules, &elem(&1, 0)))
      write_names(ebin, @used, loaded_from_files())
    end
  end

  defp loaded_from_files do
    for {module, [_ | _] = file} <- :code.all_loaded(), File.regular?(file), do: module
  end

  defp write_names(ebin, list, modules) do
    ebin |> Path.join(list) |> File.write!(Enum.map(modules, &[Atom.to_string(&1), ?\n]))
  end

  defp read_names(ebin, list) do
    for name <- ebin |> Path.join(list) |> File.read!() |> String.split("\n", trim: true) do
      String.to_atom(name)
    end
  end

  defp text(diagnostics) do
    Enum.map_join(diagnostics, "\n", &"#{&1.file}:#{&1.line || "?"}: #{&1.message}")
  end

  @doc "Loads the test modules from `ebin`. Returns them in the order in which they were defined."
  @spec load_tests(Path.t()) :: [module()]
  def load_tests(ebin) do
    for module <- read_names(ebin, @index) do
      path = ebin |> Path.join(Atom.to_string(module)) |> String.to_charlist()
      {:module, ^module} = :code.load_abs(path)
      module
    end
  end

  @doc "The modules of Elixir and OTP that were needed to compile the tests in `ebin`."
  @spec used(Path.t()) :: [module()]
  def used(ebin), do: read_names(ebin, @used)
end
