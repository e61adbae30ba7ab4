defmodule Practice.Corpus do
  @moduledoc """
  The modules under `fixtures/dialyzer`, and the record of what Dialyzer finds in them when it knows
  the types of all of OTP and Elixir.

  In a seeded module the trailing comment `# seeded: NAME` marks the line of the error and the warning
  that reports it; of several names any will do, since versions differ. `# follows: NAME` marks what
  Dialyzer also reports, and what a learner need not read: it only follows from the error. In a clean
  module `# false alarm: NAME` marks what some version of Dialyzer reports although nothing is wrong.

  The record is a text file for each pair of versions, `record/elixir-1.14-otp-25.txt`, with a line
  for each warning: `seeded/slugs.ex:12 call`. `tests/dialyzer_corpus.sh` writes it.
  """

  @folder Path.expand("../../fixtures/dialyzer", __DIR__)

  @typedoc "A warning's line and name."
  @type place :: {non_neg_integer(), String.t()}

  @doc "Where the modules are."
  def folder, do: @folder

  @doc "The files, relative to the folder."
  @spec files(:seeded | :clean) :: [Path.t()]
  def files(kind) do
    @folder
    |> Path.join("#{kind}/*.ex")
    |> Path.wildcard()
    |> Enum.map(&Path.relative_to(&1, @folder))
  end

  @doc "The lines that are marked in a file, as `{line, names}`."
  @spec marks(Path.t(), :seeded | :follows) :: [{pos_integer(), [String.t()]}]
  def marks(file, kind) do
    lines = @folder |> Path.join(file) |> File.read!() |> String.split("\n")

    for {line, number} <- Enum.with_index(lines, 1),
        [names] <- [Regex.run(~r/# .*?\b#{kind}: ([a-z_ ]+)/, line, capture: :all_but_first)],
        do: {number, String.split(names)}
  end

  @doc "Compiles every file into a folder of its own below `out`, in a VM of its own."
  @spec compile([Path.t()], Path.t()) :: :ok
  def compile(files, out) do
    script = """
    Code.put_compiler_option(:ignore_module_conflict, true)
    Code.put_compiler_option(:parser_options, columns: true)
    for file <- System.argv() do
      ebin = Path.join(#{inspect(out)}, Path.rootname(file))
      File.mkdir_p!(ebin)
      {:ok, _modules, _warnings} =
        Kernel.ParallelCompiler.compile_to_path([file], ebin, return_diagnostics: true)
    end
    """

    {output, status} =
      System.cmd("elixir", ["-e", script | files], cd: @folder, stderr_to_stdout: true)

    if status != 0, do: raise("the modules do not compile:\n#{output}")
    :ok
  end

  @doc "The compiled modules of a file."
  @spec beams(Path.t(), Path.t()) :: [Path.t()]
  def beams(file, out),
    do: out |> Path.join(Path.rootname(file)) |> Path.join("*.beam") |> Path.wildcard()

  @doc "The versions that records are kept for: patch releases share one."
  @spec versions() :: String.t()
  def versions do
    %{major: major, minor: minor} = Version.parse!(System.version())
    "elixir-#{major}.#{minor}-otp-#{System.otp_release()}"
  end

  @doc "The record's file for some versions."
  @spec record_file(String.t()) :: Path.t()
  def record_file(versions \\ versions()), do: Path.join(@folder, "record/#{versions}.txt")

  @doc "Writes the record; `about` are lines on how it was made."
  @spec write_record([{Path.t(), place()}], [String.t()]) :: :ok
  def write_record(warnings, about) do
    lines =
      for {file, {line, name}} <- warnings |> Enum.uniq() |> Enum.sort(),
          do: "#{file}:#{line} #{name}"

    text = Enum.map_join(about, &"# #{&1}\n") <> Enum.map_join(lines, &"#{&1}\n")
    File.mkdir_p!(Path.dirname(record_file()))
    File.write!(record_file(), text)
  end

  @doc """
  What must be found in each file, and what may be.

  For versions with a record both are the record. For others it is what all records agree on, and
  what any of them holds.
  """
  @spec record() :: {:exact | :common, must :: map(), may :: map()}
  def record do
    if File.exists?(record_file()) do
      record = read(record_file())
      {:exact, record, record}
    else
      {:common, merge(records(), &MapSet.intersection/2), all_records()}
    end
  end

  @doc "What any of the recorded versions finds."
  @spec all_records() :: %{Path.t() => MapSet.t(place())}
  def all_records, do: merge(records(), &MapSet.union/2)

  defp records, do: @folder |> Path.join("record/*.txt") |> Path.wildcard() |> Enum.map(&read/1)

  defp merge(records, fun) do
    for file <- files(:seeded) ++ files(:clean), into: %{} do
      {file, records |> Enum.map(&Map.get(&1, file, MapSet.new())) |> Enum.reduce(fun)}
    end
  end

  defp read(path) do
    for line <- path |> File.read!() |> String.split("\n", trim: true),
        not String.starts_with?(line, "#"),
        [file, number, name] = String.split(line, [":", " "]),
        reduce: %{} do
      record ->
        place = {String.to_integer(number), name}
        Map.update(record, file, MapSet.new([place]), &MapSet.put(&1, place))
    end
  end
end
