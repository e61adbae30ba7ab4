# Has Credo as the analysis VM runs it look at files, all at once and then each alone, and prints its
# events, a JSON object a line. The names of the files come on standard input.
#
#     elixir -pa RUNNER credo_events.exs ROOT EBIN…

[root | paths] = System.argv()
files = :stdio |> IO.read(:eof) |> String.split("\n", trim: true)

look = fn files, together? ->
  command = %{mode: :credo, root: root, files: files, paths: paths}

  Practice.Analysis.answer(command, fn name, fields ->
    event = Map.merge(fields, %{event: name, together: together?})
    IO.binwrite([Practice.Json.encode(event), ?\n])
  end)
end

look.(files, true)
Enum.each(files, &look.([&1], false))
