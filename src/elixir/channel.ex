defmodule Practice.Channel do
  @moduledoc """
  The connection to `practice`: commands come in, events go out.

  It is a Unix-domain socket, because standard output belongs to the learner's code.

    * A command is an Erlang term in text on a line of its own, a map that ends with a period. The
      first one holds the `nonce`.
    * An event is a JSON object on a line of its own: `n`, the nonce, then `event`, its name, and
      the event's fields. It has been handed to the system when `event/3` returns.

  The learner's code runs in the same VM. So the channel is a bare process and not a `GenServer`,
  whose state anyone may ask for with `:sys.get_state/1`. The nonce is in its heap and nowhere else,
  in a closure, which no backtrace shows, and commands are handed out without it. The process has
  no name, is linked to nobody and traps exits.

  When an event cannot be written, `practice` is gone, and the VM halts: nobody would hear the rest.
  """

  alias Practice.Json

  @type t :: pid()

  @typedoc "A command without its nonce. The key `:mode` says what to do."
  @type command :: %{required(:mode) => atom(), optional(atom()) => term()}

  @doc "Connects to the socket at `path`."
  @spec open(Path.t()) :: t()
  def open(path) do
    {channel, monitor} = spawn_monitor(__MODULE__, :connect, [path, self()])

    receive do
      {^channel, :connected} -> forget(channel, monitor)
      {:DOWN, ^monitor, :process, ^channel, reason} -> exit({:no_channel, reason})
    end
  end

  @doc "Waits for the next command. `:eof` when there is none any more."
  @spec command(t()) :: command() | :eof
  def command(channel), do: call(channel, :command)

  @doc "Sends an event and waits until it is written."
  @spec event(t(), atom(), %{optional(atom()) => Json.value()}) :: :ok
  def event(channel, name, fields \\ %{}) do
    line = fields |> Map.put(:event, name) |> Json.encode() |> IO.iodata_to_binary()
    call(channel, {:event, line})
  end

  @doc "Closes the connection, once everything has been handed over."
  @spec close(t()) :: :ok
  def close(channel), do: call(channel, :close)

  defp call(channel, request) do
    monitor = Process.monitor(channel)
    send(channel, {request, self(), monitor})

    receive do
      {^monitor, reply} -> forget(reply, monitor)
      {:DOWN, ^monitor, :process, ^channel, reason} -> exit({:no_channel, reason})
    end
  end

  defp forget(result, monitor) do
    Process.demonitor(monitor, [:flush])
    result
  end

  ## The process

  @doc false
  @spec connect(Path.t(), pid()) :: no_return()
  def connect(path, opener) do
    Process.flag(:trap_exit, true)

    case :gen_tcp.connect({:local, path}, 0, [:binary, active: true]) do
      {:ok, socket} ->
        send(opener, {self(), :connected})
        state = %{write: writer(nil), input: "", commands: [], waiting: nil, open?: true}
        loop(Map.put(state, :socket, socket))

      {:error, reason} ->
        exit(reason)
    end
  end

  defp loop(%{socket: socket} = state) do
    receive do
      {{:event, line}, from, ref} ->
        state.write.(socket, line)
        send(from, {ref, :ok})
        loop(state)

      {:command, from, ref} ->
        loop(answer(%{state | waiting: {from, ref}}))

      {:close, from, ref} ->
        :gen_tcp.close(socket)
        send(from, {ref, :ok})

      {:tcp, ^socket, data} ->
        loop(answer(read(state, data)))

      {closed, ^socket} when closed == :tcp_closed ->
        loop(answer(%{state | open?: false}))

      _other ->
        loop(state)
    end
  end

  defp writer(nonce) do
    start = [~s({"n":), Json.encode(nonce), ?,]

    fn socket, "{" <> fields ->
      line = [start, fields, ?\n]
      with {:error, _reason} <- :gen_tcp.send(socket, line), do: :erlang.halt(1, flush: false)
    end
  end

  defp read(state, data) do
    {lines, [input]} = (state.input <> data) |> String.split("\n") |> Enum.split(-1)
    Enum.reduce(lines, %{state | input: input}, &add_command/2)
  end

  defp add_command("", state), do: state

  defp add_command(line, state) do
    {nonce, command} = line |> parse() |> Map.pop(:nonce)
    write = if nonce, do: writer(nonce), else: state.write
    %{state | write: write, commands: state.commands ++ [command]}
  end

  defp parse(line) do
    {:ok, tokens, _end} = line |> String.to_charlist() |> :erl_scan.string()
    {:ok, %{mode: _} = command} = :erl_parse.parse_term(tokens)
    command
  end

  defp answer(%{waiting: {from, ref}, commands: [command | rest]} = state) do
    send(from, {ref, command})
    %{state | waiting: nil, commands: rest}
  end

  defp answer(%{waiting: {from, ref}, open?: false} = state) do
    send(from, {ref, :eof})
    %{state | waiting: nil}
  end

  defp answer(state), do: state
end
