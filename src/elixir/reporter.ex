defmodule Practice.Reporter do
  @moduledoc """
  Sends events in order, and works out what is in them meanwhile.

  To show a failed assertion may take long (see `Practice.Failure`). The formatter must not wait for
  that, because tests that print wait for the formatter. So it gives away its events as functions.
  """

  alias Practice.Channel

  @type t :: pid()

  @doc "Starts a reporter that is linked to the caller."
  @spec start_link(Channel.t()) :: t()
  def start_link(channel), do: spawn_link(fn -> loop(channel) end)

  @doc "Sends the event `name` when it is its turn, with the fields that `fun` returns."
  @spec report(t(), atom(), fun()) :: :ok
  def report(reporter, name, fun) do
    send(reporter, {name, fun})
    :ok
  end

  @doc "Sends a message to `pid` when everything that was given to the reporter before is sent."
  @spec reply(t(), pid() | reference(), term()) :: :ok
  def reply(reporter, pid, message) do
    send(reporter, {:reply, pid, message})
    :ok
  end

  @doc "Waits until everything that was given to the reporter before is sent."
  @spec flush(t()) :: :ok
  def flush(reporter) do
    ref = make_ref()
    reply(reporter, self(), ref)

    receive do
      ^ref -> :ok
    end
  end

  defp loop(channel) do
    receive do
      {:reply, pid, message} -> send(pid, message)
      {name, fun} -> Channel.event(channel, name, fun.())
    end

    loop(channel)
  end
end
