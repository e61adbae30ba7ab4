defmodule Practice.Boot do
  @moduledoc """
  Where a VM of `practice` starts: `erl -noinput … -s Elixir.Practice.Boot start`.

  The environment variable `PRACTICE_SOCKET` names the socket (see `Practice.Channel`). The first
  command's `mode` says what kind of VM this is:

  | mode                           | module              | runs the learner's code |
  |--------------------------------|---------------------|-------------------------|
  | `prepare`                      | `Practice.Prepare`  | no                      |
  | `check`                        | `Practice.Check`    | yes                     |
  | `format`, `credo`, `dialyzer`  | `Practice.Analysis` | no                      |

  Events:

    * `hello` - the first command is here: `elixir` and `otp` are the versions
    * `broken` - this code has raised, which is not the learner's fault: `message` says what

  The VM ends with `:erlang.halt/2`, so hooks of `System.at_exit/1` never run.
  """

  alias Practice.Channel

  @socket ~c"PRACTICE_SOCKET"

  @doc "Starts the VM's main process and returns, so that the VM finishes booting."
  @spec start() :: :ok
  def start do
    spawn(&guard/0)
    :ok
  end

  # The VM ends with its main process, which the learner's code might stop.
  defp guard do
    Process.flag(:trap_exit, true)
    {main, monitor} = spawn_monitor(&main/0)

    receive do
      {:DOWN, ^monitor, :process, ^main, _reason} -> :erlang.halt(1, flush: false)
    end
  end

  defp main do
    channel = connect()
    status = serve(channel)
    Channel.close(channel)
    :erlang.halt(status, flush: false)
  end

  # No process that comes later can read where the socket is.
  defp connect do
    path = :os.getenv(@socket)
    :os.unsetenv(@socket)
    Channel.open(path)
  end

  defp serve(channel) do
    with %{mode: mode} = command <- Channel.command(channel) do
      Channel.event(channel, :hello, %{elixir: System.version(), otp: System.otp_release()})
      preload(mode, command)
      {:ok, _} = :application.ensure_all_started(:elixir)
      Application.put_env(:elixir, :ansi_enabled, false)
      run(mode, channel, command)
    end

    0
  catch
    kind, reason ->
      message = Exception.format(kind, reason, __STACKTRACE__)
      Channel.event(channel, :broken, %{message: message})
      1
  end

  # Elixir's own start takes half the time when its modules are there already.
  defp preload(:check, command), do: Practice.Check.preload(command)
  defp preload(_mode, _command), do: :ok

  defp run(:prepare, channel, command), do: Practice.Prepare.run(channel, command)
  defp run(:check, channel, command), do: Practice.Check.run(channel, command)
  defp run(_analysis, channel, command), do: Practice.Analysis.run(channel, command)
end
