defmodule Practice.Analysis.Plt do
  @moduledoc """
  Dialyzer's type information about the modules that a solution uses (a PLT), kept in a cache.

  A PLT is made of `Practice.Analysis.Slices`, so it holds what the solution needs and little more.
  Beside each `.plt` file lies a `.set` file: what it was made for. A cached PLT serves every solution
  that needs a part of its set. A solution that needs more gets a new one, which replaces what it
  grew out of: a learner who takes an edit back finds the types of before.

  File names begin with the versions of Elixir, of the Erlang VM and of Dialyzer. A file gets its name
  when it is complete, and the `.set` comes last, so several VMs may share a cache.
  """

  alias Practice.Analysis.{Library, References, Scratch, Slices}

  # Changes whenever what a slice holds changes.
  @format 1

  # Called by the code that the compiler adds to every module.
  @always [{:function, :erlang, :get_module_info, 1}, {:function, :erlang, :get_module_info, 2}]

  # A set grows up to this size; then a new one is begun.
  @max_references 300

  # So many PLTs are kept, the newest.
  @max_kept 40

  @typedoc "The PLT's file and how many modules it describes."
  @type t :: %{path: Path.t(), modules: non_neg_integer()}

  @typep set :: %{
           references: MapSet.t(References.t()),
           given: binary() | nil,
           modules: non_neg_integer()
         }

  @doc """
  A PLT for these references. `given` are the directories of modules that come with the exercise.

  `announce` is called with the number of modules and whether they were cached, before any work.
  """
  @spec ensure([References.t()], [Path.t()], Path.t(), (non_neg_integer(), boolean() -> term())) ::
          {:ok, t()} | {:error, String.t()}
  def ensure(references, given, directory, announce) do
    File.mkdir_p!(directory)

    needed = %{
      references: MapSet.new(references),
      given: digest(references, given),
      modules: 0
    }

    cached = cached(directory)

    case Enum.find(cached, fn {set, _path} -> covers?(set, needed) end) do
      {set, path} ->
        announce.(set.modules, true)
        {:ok, %{path: path, modules: set.modules}}

      nil ->
        build(grow(needed, cached), given, directory, announce)
    end
  end

  @doc "Removes a PLT that could not be opened."
  @spec discard(t()) :: :ok
  def discard(plt) do
    File.rm(set_path(plt.path))
    File.rm(plt.path)
    :ok
  end

  # The smallest first: it opens fastest.
  defp cached(directory) do
    prefix = prefix()

    directory
    |> File.ls!()
    |> Enum.filter(&(String.starts_with?(&1, prefix) and Path.extname(&1) == ".set"))
    |> Enum.flat_map(&read_set(Path.join(directory, &1)))
    |> Enum.sort_by(fn {set, _path} -> MapSet.size(set.references) end)
  end

  defp read_set(path) do
    plt = Path.rootname(path) <> ".plt"

    with {:ok, text} <- File.read(path),
         {:ok, %{references: _, given: _, modules: _} = set} <- decode(text),
         true <- File.regular?(plt) do
      [{set, plt}]
    else
      _damaged -> []
    end
  end

  defp decode(binary) do
    {:ok, :erlang.binary_to_term(binary)}
  rescue
    ArgumentError -> :error
  end

  defp covers?(set, needed) do
    set.given == needed.given and MapSet.subset?(needed.references, set.references)
  end

  # Sets of which the solution needs the better half are earlier versions of it, or of its like.
  @spec grow(set(), [{set(), Path.t()}]) :: set()
  defp grow(needed, cached) do
    Enum.reduce(cached, needed, fn {set, _path}, grown ->
      common = MapSet.intersection(set.references, needed.references)
      union = MapSet.union(set.references, grown.references)

      if set.given == needed.given and 2 * MapSet.size(common) > MapSet.size(set.references) and
           MapSet.size(union) <= @max_references,
         do: %{grown | references: union},
         else: grown
    end)
  end

  defp build(set, given, directory, announce) do
    slices = Slices.of(@always ++ Enum.sort(set.references), given)
    set = %{set | modules: map_size(slices)}
    announce.(set.modules, false)
    path = Path.join(directory, prefix() <> key(set) <> ".plt")

    with :ok <- write(slices, path, given) do
      write_new(set_path(path), :erlang.term_to_binary(set, [:compressed]))
      plt = %{path: path, modules: set.modules}
      prune(directory, set, plt)
      {:ok, plt}
    end
  end

  # Another VM may be about to open what is removed here; it then makes its own.
  defp prune(directory, set, plt) do
    {replaced, kept} =
      directory
      |> cached()
      |> Enum.reject(fn {_set, path} -> path == plt.path end)
      |> Enum.split_with(fn {old, _path} -> covers?(set, old) end)

    old = kept |> Enum.sort_by(fn {_set, path} -> mtime(path) end, :desc) |> Enum.drop(@max_kept)
    for {_set, path} <- replaced ++ old, do: discard(%{path: path, modules: 0})
    :ok
  end

  defp mtime(path) do
    case File.stat(path, time: :posix) do
      {:ok, stat} -> stat.mtime
      {:error, _reason} -> 0
    end
  end

  defp write(slices, path, given) do
    Scratch.with_directory(fn directory ->
      new = Path.join(Path.dirname(path), "." <> Path.basename(directory) <> ".plt")

      with {:error, _reason} <- run(Slices.write(slices, directory), new),
           {:error, reason} <- run(Slices.write_checked(slices, directory, given), new) do
        File.rm(new)
        {:error, "type information cannot be built: #{reason}"}
      else
        :ok -> File.rename!(new, path)
      end
    end)
  end

  defp run(files, path) do
    # Dialyzer looks at the user's default PLT even when it is about to write another one.
    System.put_env("DIALYZER_PLT", path)

    options = [
      analysis_type: :plt_build,
      output_plt: String.to_charlist(path),
      files: Enum.map(files, &String.to_charlist/1)
    ]

    _no_warnings = :dialyzer.run(options)
    :ok
  catch
    _kind, {:dialyzer_error, message} -> {:error, IO.chardata_to_string(message)}
  end

  defp write_new(path, binary) do
    new = path <> "." <> Base.encode16(:rand.bytes(6), case: :lower)
    File.write!(new, binary)
    File.rename!(new, path)
  end

  defp set_path(plt), do: Path.rootname(plt) <> ".set"

  defp prefix do
    "elixir-#{System.version()}-erts-#{:erlang.system_info(:version)}-" <>
      "dialyzer-#{Application.spec(:dialyzer, :vsn)}-#{@format}-"
  end

  defp key(set) do
    {Enum.sort(set.references), set.given}
    |> :erlang.term_to_binary()
    |> :erlang.md5()
    |> Base.encode16(case: :lower)
  end

  # Modules of an exercise have no version, so their content stands for it. It only counts where the
  # solution uses one of them.
  defp digest(references, directories) do
    if Enum.any?(references, &given?(&1, directories)), do: digest(directories)
  end

  defp given?(reference, directories) do
    Enum.any?(directories, &File.regular?(Path.join(&1, "#{elem(reference, 1)}.beam")))
  end

  defp digest(directories) do
    directories
    |> Enum.flat_map(&Library.beams/1)
    |> Enum.map(&{Path.basename(&1), :erlang.md5(File.read!(&1))})
    |> :erlang.term_to_binary()
    |> :erlang.md5()
  end
end
