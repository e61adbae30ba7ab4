defmodule Oban.CrashError do
  @moduledoc """
  What becomes of an exit or a throw that leaves `perform/1`.
  """

  defexception [:message, :reason]

  @impl Exception
  def exception({kind, reason, stacktrace}) do
    %__MODULE__{message: Exception.format_banner(kind, reason, stacktrace), reason: reason}
  end
end

defmodule Oban.TimeoutError do
  @moduledoc """
  Why a job ends that takes longer than its `c:Oban.Worker.timeout/1` allows.
  """

  defexception [:message, :reason]

  @impl Exception
  def exception({worker, timeout}) do
    %__MODULE__{message: "#{inspect(worker)} timed out after #{timeout}ms", reason: :timeout}
  end
end
