Code.require_file("peer.exs", __DIR__)

defmodule Practice.ChannelTest do
  use ExUnit.Case, async: true

  alias Practice.{Channel, Peer}

  @moduletag :tmp_dir

  setup %{tmp_dir: folder} do
    {channel, socket} = Peer.open_channel(folder)
    %{channel: channel, socket: socket}
  end

  describe "commands" do
    test "come in order and without their nonce", %{channel: channel, socket: socket} do
      Peer.command(socket, %{mode: :check, nonce: "secret", n: 1})
      Peer.command(socket, %{mode: :go})
      assert Channel.command(channel) == %{mode: :check, n: 1}
      assert Channel.command(channel) == %{mode: :go}
    end

    test "hold any text", %{channel: channel, socket: socket} do
      :gen_tcp.send(
        socket,
        ~S(#{mode => check, root => <<"/ü/\"x\"\n"/utf8>>, list => []}.) <> "\n"
      )

      assert Channel.command(channel) == %{mode: :check, root: "/ü/\"x\"\n", list: []}
    end

    test "may arrive in pieces, or before they are asked for", %{channel: channel, socket: socket} do
      task = Task.async(fn -> Channel.command(channel) end)

      for piece <- [~S(#{mode =), "> go", ~S(}.), "\n" <> ~S(#{mode => stop}.) <> "\n"] do
        :gen_tcp.send(socket, piece)
        Process.sleep(5)
      end

      assert Task.await(task) == %{mode: :go}
      assert Channel.command(channel) == %{mode: :stop}
    end

    test "that were sent are still given out after the end", %{channel: channel, socket: socket} do
      Peer.command(socket, %{mode: :go})
      :gen_tcp.close(socket)
      assert Channel.command(channel) == %{mode: :go}
      assert Channel.command(channel) == :eof
      assert Channel.command(channel) == :eof
    end
  end

  describe "events" do
    test "are marked with the nonce of the first command", %{channel: channel, socket: socket} do
      Channel.event(channel, :early)
      assert Peer.event(socket) == %{"n" => nil, "event" => "early"}

      Peer.command(socket, %{mode: :check, nonce: "a\"b"})
      Channel.command(channel)
      Channel.event(channel, :test_started, %{name: "é\n", line: 1})

      assert Peer.event(socket) ==
               %{"n" => "a\"b", "event" => "test_started", "name" => "é\n", "line" => 1}

      Peer.command(socket, %{mode: :go})
      Channel.command(channel)
      Channel.event(channel, :done)
      assert Peer.event(socket) == %{"n" => "a\"b", "event" => "done"}
    end

    test "are all written when it is closed", %{channel: channel, socket: socket} do
      text = String.duplicate("x", 50_000)

      sender =
        Task.async(fn ->
          for number <- 1..40, do: Channel.event(channel, :e, %{number: number, text: text})
          Channel.close(channel)
        end)

      assert for(event <- Peer.events(socket), do: event["number"]) == Enum.to_list(1..40)
      assert Task.await(sender) == :ok
    end

    test "of one sender that can't be encoded don't harm others", %{
      channel: channel,
      socket: socket
    } do
      assert_raise FunctionClauseError, fn -> Channel.event(channel, :bad, %{pid: self()}) end
      Channel.event(channel, :good)
      assert %{"event" => "good"} = Peer.event(socket)
    end
  end

  describe "the process" do
    setup %{channel: channel, socket: socket} do
      Peer.command(socket, %{mode: :check, nonce: "top secret"})
      Channel.command(channel)
      :ok
    end

    test "shows the nonce to nobody", %{channel: channel} do
      items = [:dictionary, :messages, :registered_name, :links, :monitors, :backtrace]
      refute inspect(Process.info(channel, items), limit: :infinity) =~ "top secret"
      assert catch_exit(:sys.get_state(channel, 50))
      assert Process.info(channel, :registered_name) == {:registered_name, []}
    end

    test "is linked to its socket alone and survives exit signals",
         %{channel: channel} = context do
      assert {:links, [port]} = Process.info(channel, :links)
      assert is_port(port)
      for reason <- [:normal, :shutdown, :bad], do: Process.exit(channel, reason)
      send(channel, {:anything, :at, :all})
      Channel.event(channel, :alive)
      assert %{"event" => "alive"} = Peer.event(context.socket)
    end

    test "makes its callers exit when it is gone", %{channel: channel} do
      Process.exit(channel, :kill)
      assert {:no_channel, _reason} = catch_exit(Channel.event(channel, :x))
    end
  end

  test "there is no channel where nobody listens" do
    assert catch_exit(Channel.open("/nowhere/at/all")) == {:no_channel, :enoent}
  end
end
