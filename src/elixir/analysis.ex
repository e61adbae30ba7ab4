defmodule Practice.Analysis do
  @moduledoc """
  The analysis VM: formatter, Credo and Dialyzer, one command after the other.

  It reads the learner's source and `.beam` files, and it never loads or runs them: their directory is
  not on the code path, and neither is the current one. Each step runs in a process of its own, so that
  whatever goes wrong in it ends as a `step_failed` event and the next command is still answered.

  | command    | events                                                  |
  |------------|---------------------------------------------------------|
  | `format`   | `formatted`, `format_failed`                            |
  | `credo`    | `credo_issue`                                           |
  | `dialyzer` | `plt`, `dialyzer_warning`                               |

  Every command ends with `step_done` or `step_failed`; the latter is `blocked` where the learner's
  source is not Elixir, and `missing` where the tool is not installed: neither is a fault of ours. The
  end of the input, or the command `stop`, ends the loop.
  """

  alias Practice.Analysis.{Atoms, Credo, Dialyzer, Format}
  alias Practice.Channel

  @typedoc "Sends an event: its name and its fields."
  @type emit :: (atom(), map() -> :ok)

  @typedoc "What a step comes to. The reason is for people to read."
  @type result :: :ok | {:error | :blocked | :missing, String.t()}

  @doc "Answers `command`, then every further command of the channel."
  @spec run(Channel.t(), map()) :: :ok
  def run(channel, command) do
    # Nothing is loaded from where the VM happens to stand.
    :code.del_path(~c".")
    Dialyzer.preload()
    loop(channel, command)
  end

  defp loop(_channel, :eof), do: :ok
  defp loop(_channel, %{mode: :stop}), do: :ok

  defp loop(channel, command) do
    answer(command, &Channel.event(channel, &1, &2))
    loop(channel, Channel.command(channel))
  end

  @doc "Runs the step that `command` names and reports how it ended."
  @spec answer(map(), emit()) :: :ok
  def answer(%{mode: step} = command, emit) do
    started = System.monotonic_time(:microsecond)

    case isolated(fn -> run_step(step, command, emit) end) do
      :ok ->
        duration = System.monotonic_time(:microsecond) - started
        emit.(:step_done, %{step: step, duration_us: duration})

      {failure, reason} when failure in [:error, :blocked, :missing] ->
        why = %{blocked: failure == :blocked, missing: failure == :missing}
        emit.(:step_failed, Map.merge(why, %{step: step, reason: reason}))
    end
  end

  defp run_step(step, command, emit) do
    with :ok <- Atoms.room(0), do: run_step_in_room(step, command, emit)
  end

  defp run_step_in_room(:format, command, emit), do: Format.run(command, emit)
  defp run_step_in_room(:credo, command, emit), do: Credo.run(command, emit)
  defp run_step_in_room(:dialyzer, command, emit), do: Dialyzer.run(command, emit)
  defp run_step_in_room(step, _command, _emit), do: {:error, "unknown step #{inspect(step)}"}

  # The outcome is the process's exit reason: a step that is killed cannot look like one that ended.
  defp isolated(fun) do
    {pid, ref} = spawn_monitor(fn -> exit({:shutdown, {__MODULE__, attempt(fun)}}) end)

    receive do
      {:DOWN, ^ref, :process, ^pid, {:shutdown, {__MODULE__, result}}} -> result
      {:DOWN, ^ref, :process, ^pid, reason} -> {:error, Exception.format_exit(reason)}
    end
  end

  defp attempt(fun) do
    fun.()
  catch
    kind, reason -> {:error, Exception.format(kind, reason, __STACKTRACE__)}
  end
end
