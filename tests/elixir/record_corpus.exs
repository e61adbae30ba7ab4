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

    warnings = Enum.flat_map(files, &analyse(&1, out, plt))
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

  # Each file on its own, as the solution of an exercise.
  defp analyse(file, out, plt) do
    warnings =
      :dialyzer.run(
        analysis_type: :succ_typings,
        init_plt: String.to_charlist(plt),
        check_plt: false,
        warnings: [:unknown],
        files: file |> Corpus.beams(out) |> Enum.map(&String.to_charlist/1)
      )

    for {_tag, {place, location}, {name, _details}} <- warnings do
      if List.to_string(place) != file, do: IO.puts("#{file}: #{name} in #{place}")
      {file, {line(location), Atom.to_string(name)}}
    end
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
