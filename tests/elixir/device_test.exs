defmodule Practice.DeviceTest do
  use ExUnit.Case, async: true

  alias Practice.{Device, Output}

  # Runs `fun` with the device as its group leader. Returns what it printed and what it returned.
  defp with_device(fun) do
    task =
      Task.async(fn ->
        receive do
          :go -> fun.()
        end
      end)

    device = spawn_link(fn -> loop(Output.new()) end)
    Process.group_leader(task.pid, device)
    send(task.pid, :go)
    result = Task.await(task)
    send(device, {:report, self()})

    receive do
      {:output, nil} -> {"", result}
      {:output, %{text: text, dropped: 0}} -> {text, result}
    end
  end

  defp loop(output) do
    receive do
      {:io_request, from, reply_as, request} ->
        {reply, output} = Device.request(request, output)
        send(from, {:io_reply, reply_as, reply})
        loop(output)

      {:report, pid} ->
        send(pid, {:output, Output.report(output)})
    end
  end

  describe "output" do
    test "of IO's functions" do
      print = fn ->
        IO.puts("é")
        IO.write(["a", ?b, [~c"c"]])
        IO.inspect({:d, 1}, label: "e")
        IO.binwrite("f\n")
      end

      assert {"é\nabce: {:d, 1}\nf\n", :ok} = with_device(print)
    end

    test "of Erlang's functions" do
      print = fn ->
        :io.format("~p ~ts ~s~n", [{:x, 1}, "漢", ~c"s"])
        :io.put_chars(~c"chars\n")
        :io.nl()
        :io.requests([{:put_chars, :unicode, "a"}, {:put_chars, :unicode, "b"}])
      end

      assert with_device(print) == {"{x,1} 漢 s\nchars\n\nab", :ok}
    end

    test "in the old forms" do
      assert {:ok, output} = Device.request({:put_chars, <<233>>}, Output.new())
      assert {:ok, output} = Device.request({:put_chars, :io_lib, :format, ["~w", [1]]}, output)
      assert Output.report(output) == %{text: "é1", dropped: 0}
    end

    test "that is no text is refused, and nothing is lost" do
      print = fn ->
        IO.write("before ")
        assert catch_error(:io.put_chars([:junk]))

        assert {:error, _} =
                 :io.request(Process.group_leader(), {:put_chars, :unicode, :lists, :nope, []})

        IO.write("after")
      end

      assert {"before after", :ok} = with_device(print)
    end
  end

  describe "input" do
    test "has ended" do
      read = fn ->
        [IO.gets("prompt"), IO.read(:line), IO.getn("", 3), :io.read("")]
      end

      assert with_device(read) == {"", [:eof, :eof, :eof, :eof]}
      # Newer releases of OTP ask only a terminal for a password.
      assert {"", password} = with_device(fn -> :io.get_password() end)
      assert password in [:eof, {:error, :enotsup}]
    end
  end

  describe "options" do
    test "are those of a text device without a size" do
      ask = fn ->
        {:io.setopts(encoding: :unicode), :io.getopts()[:encoding], :io.columns(), :io.rows()}
      end

      assert with_device(ask) == {"", {:ok, :unicode, {:error, :enotsup}, {:error, :enotsup}}}
    end

    test "of other kinds are unknown" do
      for request <- [:nonsense, {:nonsense, 1}, {}, 1] do
        assert {{:error, :request}, output} = Device.request(request, Output.new())
        assert output == Output.new()
      end
    end
  end

  test "of several requests, none is carried out after one that failed" do
    requests = [{:put_chars, :unicode, "a"}, :nonsense, {:put_chars, :unicode, "b"}]
    assert {{:error, :request}, output} = Device.request({:requests, requests}, Output.new())
    assert Output.report(output) == %{text: "a", dropped: 0}
  end
end
