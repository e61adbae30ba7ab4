defmodule Practice.Peer do
  @moduledoc """
  Plays `practice` in tests: the other end of a channel, and of a whole VM.
  """

  alias Practice.Channel

  @timeout 30_000

  @doc "Opens a channel to this process. Returns it and the socket at this end."
  def open_channel(folder) do
    {listener, path} = listen(folder)
    task = Task.async(fn -> :gen_tcp.accept(listener, @timeout) |> give_to_parent() end)
    channel = Channel.open(path)
    {channel, Task.await(task, @timeout)}
  end

  defp give_to_parent({:ok, socket}) do
    [parent | _] = Process.get(:"$callers")
    :ok = :gen_tcp.controlling_process(socket, parent)
    socket
  end

  @doc "Starts a VM in `folder` and waits until it has connected. Returns its port and the socket."
  def start_vm(folder) do
    {listener, path} = listen(folder)
    ebins = for module <- [Kernel, Logger, ExUnit, Practice.Boot], do: ebin(module)
    args = ["-noinput", "-pa"] ++ ebins ++ ["-s", "Elixir.Practice.Boot", "start"]

    port =
      Port.open({:spawn_executable, System.find_executable("erl")}, [
        :binary,
        :exit_status,
        :stderr_to_stdout,
        args: args,
        cd: folder,
        env: [{~c"PRACTICE_SOCKET", String.to_charlist(path)}]
      ])

    {:ok, socket} = :gen_tcp.accept(listener, @timeout)
    {port, socket}
  end

  defp ebin(module), do: module |> :code.which() |> Path.dirname()

  defp listen(folder) do
    # A socket's path is short, a test's folder isn't.
    name = "practice-#{System.pid()}-#{System.unique_integer([:positive])}"
    path = Path.join(System.tmp_dir!(), name)
    options = [:binary, ifaddr: {:local, path}, active: false, packet: :line, buffer: 1_000_000]
    {:ok, listener} = :gen_tcp.listen(0, options)
    ExUnit.Callbacks.on_exit(fn -> File.rm(path) end)
    File.mkdir_p!(folder)
    {listener, path}
  end

  @doc "Sends a command, given as a map, on a line of its own."
  def command(socket, command) do
    :ok = :gen_tcp.send(socket, :io_lib.format("~0p.~n", [command]))
  end

  @doc "Receives the next event, or `:closed`."
  def event(socket) do
    case :gen_tcp.recv(socket, 0, @timeout) do
      {:ok, line} -> decode(line)
      {:error, :closed} -> :closed
    end
  end

  @doc "Receives events up to and including the one of that name, or up to the end."
  def events_until(socket, name) do
    case event(socket) do
      :closed -> []
      %{"event" => ^name} = event -> [event]
      event -> [event | events_until(socket, name)]
    end
  end

  @doc "Receives all events up to the end."
  def events(socket), do: events_until(socket, nil)

  @doc "Waits for a VM's end. Returns its exit status."
  def exit_status(port) do
    receive do
      {^port, {:exit_status, status}} -> status
    after
      @timeout -> raise "the VM does not end"
    end
  end

  @doc "Decodes JSON."
  def decode(text) do
    {value, rest} = text |> String.trim_trailing("\n") |> value()
    "" = rest
    value
  end

  defp value("{}" <> rest), do: {%{}, rest}
  defp value("{" <> rest), do: members(rest, %{})
  defp value("[]" <> rest), do: {[], rest}
  defp value("[" <> rest), do: elements(rest, [])
  defp value("\"" <> rest), do: string(rest, "")
  defp value("null" <> rest), do: {nil, rest}
  defp value("true" <> rest), do: {true, rest}
  defp value("false" <> rest), do: {false, rest}

  defp value(number) do
    case Integer.parse(number) do
      {_integer, "." <> _} -> Float.parse(number)
      {integer, rest} -> {integer, rest}
    end
  end

  defp members("\"" <> rest, map) do
    {key, ":" <> rest} = string(rest, "")
    {value, rest} = value(rest)
    map = Map.put(map, key, value)

    case rest do
      "," <> rest -> members(rest, map)
      "}" <> rest -> {map, rest}
    end
  end

  defp elements(rest, list) do
    {value, rest} = value(rest)

    case rest do
      "," <> rest -> elements(rest, [value | list])
      "]" <> rest -> {Enum.reverse([value | list]), rest}
    end
  end

  defp string("\"" <> rest, text), do: {text, rest}
  defp string("\\n" <> rest, text), do: string(rest, text <> "\n")
  defp string("\\r" <> rest, text), do: string(rest, text <> "\r")
  defp string("\\t" <> rest, text), do: string(rest, text <> "\t")

  defp string(<<"\\u", code::binary-size(4), rest::binary>>, text) do
    string(rest, text <> <<String.to_integer(code, 16)::utf8>>)
  end

  defp string(<<"\\", char::utf8, rest::binary>>, text), do: string(rest, text <> <<char::utf8>>)

  defp string(<<char::utf8, rest::binary>>, text) when char >= 0x20 do
    string(rest, text <> <<char::utf8>>)
  end
end
