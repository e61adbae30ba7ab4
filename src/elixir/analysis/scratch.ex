defmodule Practice.Analysis.Scratch do
  @moduledoc "Temporary directories that are gone when their work is done."

  @doc "Calls `fun` with a new, empty directory that only this user can read."
  @spec with_directory((Path.t() -> result)) :: result when result: term()
  def with_directory(fun) do
    directory = create()

    try do
      fun.(directory)
    after
      File.rm_rf(directory)
    end
  end

  defp create do
    name = "practice-analysis-" <> Base.encode16(:rand.bytes(8), case: :lower)
    directory = Path.join(System.tmp_dir!(), name)
    File.mkdir!(directory)
    File.chmod!(directory, 0o700)
    directory
  end
end
