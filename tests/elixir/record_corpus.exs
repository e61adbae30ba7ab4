Code.require_file("corpus.exs", __DIR__)

defmodule Practice.Corpus.Recorder do
  @moduledoc """
  Runs OTP's Dialyzer over the corpus as `mix dialyzer` of Dialyxir does in a new project without
  dependencies, and writes the record. Nothing of `src/elixir` takes part.

  Dialyxir's type information is made of `erts`, `kernel`, `stdlib`, `crypto` and `elixir`, and of the
  applications that the project's own application needs: those of `mix new` need `logger`, and Elixir
  needs `compiler`. To Dialyzer's default warnings it adds `unknown`.
  """

  alias Practice.Corpus

  @applications [:erts, :kernel, :stdlib, :crypto, :compiler, :elixir, :logger]

  def run(plts) do
    {:ok, _} = {Application.load(:dialyzer) |> loaded(), :dialyzer}
    plt = Path.join(plts, "#{Corpus.versions()}.plt")
    unless File.exists?(plt), do: build(plt)

    out = Path.join(plts, "#{Corpus.versions()}-ebin")
    File.rm_rf!(out)
    files = Corpus.files(:seeded) ++ Corpus.files(:clean)
    Corpus.compile(files, out)

    warnings = analyse(files, out, plt)
    Corpus.write_record(warnings, about())
    IO.puts("#{length(warnings)} warnings in #{length(files)} files: #{Corpus.record_file()}")
  end

  defp loaded(:ok), do: :ok
  defp loaded({:error, {:already_loaded, :dialyzer}}), do: :ok

  defp build(plt) do
    IO.puts("building #{plt}, this takes some minutes")
    new = plt <> ".new"
    System.put_env("DIALYZER_PLT", new)

    _warnings =
      :dialyzer.run(
        analysis_type: :plt_build,
        output_plt: String.to_charlist(new),
        files: Enum.flat_map(@applications, &beams/1)
      )

    File.rename!(new, plt)
  end

  defp beams(application) do
    folder = application |> :code.lib_dir() |> Path.join("ebin")
    folder |> Path.join("*.beam") |> Path.wildcard() |> Enum.map(&String.to_charlist/1)
  end

  # All at once: no module is called by another file.
  defp analyse(files, out, plt) do
    warnings =
      :dialyzer.run(
        analysis_type: :succ_typings,
        init_plt: String.to_charlist(plt),
        check_plt: false,
        warnings: [:unknown],
        files: files |> Enum.flat_map(&analysed(&1, out)) |> Enum.map(&String.to_charlist/1)
      )

    {own, others} =
      warnings
      |> Enum.map(fn {_tag, {file, location}, {name, _details}} ->
        {List.to_string(file), {line(location), Atom.to_string(name)}}
      end)
      |> Enum.split_with(fn {file, _place} -> file in files end)

    IO.inspect(others, label: "warnings elsewhere, which are not recorded")
    own
  end

  # As Mix leaves them: with protocols that know their implementations.
  defp analysed(file, out) do
    beams = Corpus.beams(file, out)
    ebin = out |> Path.join(Path.rootname(file)) |> String.to_charlist()

    for protocol <- Protocol.extract_protocols([ebin]) do
      implementations = Protocol.extract_impls(protocol, [ebin])
      path = Path.join(ebin, "#{protocol}.beam")
      # It is read from the code path.
      true = :code.add_patha(ebin)
      {:ok, binary} = Protocol.consolidate(protocol, implementations)
      true = :code.del_path(ebin)
      File.write!(path, binary)
    end

    beams
  end

  defp line({line, _column}), do: line
  defp line(line), do: line

  defp about do
    [
      "Elixir #{System.version()}, OTP #{System.otp_release()}, ERTS #{:erlang.system_info(:version)}, " <>
        "Dialyzer #{Application.spec(:dialyzer, :vsn)}",
      "Type information: #{Enum.join(@applications, ", ")}"
    ]
  end
end

[plts] = System.argv()
Practice.Corpus.Recorder.run(plts)
