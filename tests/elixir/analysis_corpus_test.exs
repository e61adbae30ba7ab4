ExUnit.start()
Code.require_file("corpus.exs", __DIR__)

defmodule Practice.Analysis.CorpusTest do
  @moduledoc """
  Holds the Dialyzer step, with type information for just what a solution uses, to what Dialyzer finds
  with type information for all of OTP and Elixir.
  """
  use ExUnit.Case, async: false

  alias Practice.{Analysis, Corpus}

  @moduletag timeout: 120_000

  setup_all do
    out = Path.join(System.tmp_dir!(), "practice-corpus-#{System.pid()}")
    on_exit(fn -> File.rm_rf!(out) end)
    Corpus.compile(Corpus.files(:seeded) ++ Corpus.files(:clean), out)
    {kind, must, may} = Corpus.record()

    if kind == :common do
      IO.puts(
        "no record for #{Corpus.versions()}: it is held to what the recorded versions have in " <>
          "common; `sh tests/dialyzer_corpus.sh DIR` records it"
      )
    end

    [out: out, must: must, may: may]
  end

  test "the corpus is as large as it is meant to be" do
    assert length(Corpus.files(:seeded)) >= 60
    assert length(Corpus.files(:clean)) >= 30
  end

  for file <- Corpus.files(:seeded) do
    test file, context do
      file = unquote(file)
      found = found(file, context)
      follows = for {line, names} <- Corpus.marks(file, :follows), name <- names, do: {line, name}
      {must, may} = {expected(context.must, file, follows), expected(context.may, file, follows)}

      assert must -- found == [], "missed: #{inspect(must -- found)}"

      assert found -- may == [],
             "invented, or only follows from something else: #{inspect(found -- may)}"

      for {line, names} <- Corpus.marks(file, :seeded) do
        assert Enum.any?(names, &({line, &1} in all(file))),
               "line #{line} is marked, but not recorded"
      end
    end
  end

  # False alarms of Dialyzer itself are marked in the source; they need not be repeated.
  for file <- Corpus.files(:clean) do
    test file, context do
      file = unquote(file)

      alarms =
        for {line, names} <- Corpus.marks(file, :"false alarm"), name <- names, do: {line, name}

      assert all(file) -- alarms == [], "not clean by the records"
      assert found(file, context) -- expected(context.may, file, []) == []
    end
  end

  # What any version finds.
  defp all(file), do: Corpus.all_records() |> Map.get(file, MapSet.new()) |> Enum.to_list()

  defp expected(record, file, follows) do
    record |> Map.get(file, MapSet.new()) |> Enum.sort() |> Kernel.--(follows)
  end

  defp found(file, %{out: out}) do
    command = %{
      mode: :dialyzer,
      root: Corpus.folder(),
      ebin: Path.join(out, Path.rootname(file)),
      code_paths: [],
      packages: [],
      plt_dir: Path.join([out, "plts", Path.rootname(file)])
    }

    events = answer(command)
    assert events |> List.last() |> elem(0) == :step_done, inspect(events)
    warnings = for {:dialyzer_warning, warning} <- events, do: warning
    for warning <- warnings, do: assert(warning.file == file)
    Enum.sort(for warning <- warnings, do: {warning.line || 0, Atom.to_string(warning.name)})
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
end
