defmodule Practice.MixFormatter do
  @moduledoc """
  Reports the suite of a literal `mix test --formatter Practice.MixFormatter`, as
  `practice check --engine mix` runs it.

  By the time ExUnit starts its formatters, Mix has compiled the project: so this one says first
  what `Practice.Boot` and `Practice.Check` say in a VM of ours, `hello` and `compiled`, and leaves
  the rest to `Practice.Formatter`. There are no control tests and no hashes here.

  Its command's `mode` is `check`; it needs the `nonce` and the `root`.
  """

  use GenServer

  alias Practice.{Channel, Formatter}

  @socket ~c"PRACTICE_SOCKET"

  @impl GenServer
  def init(_options) do
    channel = @socket |> :os.getenv() |> Channel.open()
    %{root: root} = Channel.command(channel)
    Channel.event(channel, :hello, %{elixir: System.version(), otp: System.otp_release()})
    ebin = Mix.Project.compile_path()

    Channel.event(channel, :compiled, %{
      ok: true,
      modules: modules(ebin),
      redefined: [],
      duration_us: 0
    })

    Formatter.init(
      practice: %{
        channel: channel,
        runner: runner(),
        tests: 0,
        controls: %{},
        project: %{root: root, ebins: [ebin]}
      }
    )
  end

  @impl GenServer
  def handle_cast({:suite_finished, _times} = event, state) do
    {:noreply, state} = Formatter.handle_cast(event, state)
    Formatter.terminate(:normal, state)
    Channel.event(state.channel, :done)
    {:noreply, state}
  end

  def handle_cast(event, state), do: Formatter.handle_cast(event, state)

  @impl GenServer
  def handle_info(message, state), do: Formatter.handle_info(message, state)

  # ExUnit's event manager is a supervisor that the process of the suite has started.
  defp runner do
    case Process.get(:"$ancestors") do
      [_event_manager, runner | _] when is_pid(runner) -> runner
      _other -> self()
    end
  end

  defp modules(ebin) do
    for file <- Path.wildcard(Path.join(ebin, "*.beam")) do
      file |> Path.basename(".beam") |> String.to_atom() |> inspect()
    end
  end
end
