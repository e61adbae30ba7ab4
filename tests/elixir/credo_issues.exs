# Runs the given Credo checks, and no others, on a folder of Elixir files, and prints an issue a line:
# file, line and check, with tabs between them.
#
#     PRACTICE_PACKAGES=DIR elixir credo_issues.exs FOLDER CHECK…

[folder | checks] = System.argv()

packages = System.fetch_env!("PRACTICE_PACKAGES")
ebins = Path.wildcard(Path.join(packages, "*/ebin"))
Enum.each(ebins, &:code.add_pathz(String.to_charlist(&1)))
{:ok, _started} = Application.ensure_all_started(:credo)

configuration = %{
  configs: [
    %{
      name: "default",
      strict: true,
      parse_timeout: 60_000,
      files: %{included: [folder], excluded: []},
      checks: %{enabled: for(check <- checks, do: {Module.concat([check]), []})}
    }
  ]
}

config = Path.join(System.tmp_dir!(), "practice-credo-#{System.pid()}.exs")
File.write!(config, inspect(configuration, limit: :infinity))

GenServer.call(Credo.CLI.Output.Shell, {:suppress_output, true})

execution =
  apply(Credo, :run, [
    ["suggest", "--strict", "--config-file", config, "--working-dir", folder]
  ])

File.rm!(config)

read = apply(Credo.Execution, :get_source_files, [execution])
IO.puts(:stderr, "credo read #{length(read)} files")

for issue <- apply(Credo.Execution, :get_issues, [execution]) do
  IO.puts([
    Path.relative_to(Path.expand(issue.filename), Path.expand(folder)),
    "\t#{issue.line_no}\t",
    inspect(issue.check)
  ])
end
