defmodule Practice.Reporter do
  @moduledoc """
  Sends events in order, and works out what is in them meanwhile.

  To show a failed assertion may take long (see `Practice.Failure`). The formatter must not wait for
  that, because tests that print wait for the formatter. So it gives away its events as functions.

  ExUnit does not wait for its formatters either. Formatter, reporter and channel have a high
  priority, so that a test which ends the VM has most likely been announced by then.
  """

  alias Practice.Channel

  @type t :: pid()

  @doc "Starts a reporter that is linked to the caller."
  @spec start_link(Channel.t()) :: t()
  def start_link(channel),
    do: :erlang.spawn_opt(fn -> loop(channel) end, [:link, priority: :high])

  @doc "Sends the event `name` when it is its turn, with the fields that `fun` returns."
  @spec report(t(), atom(), fun()) :: :ok
  def report(reporter, name, fun) do
    send(reporter, {name, fun})
    :ok
  end

  @doc "Waits until everything that was given to it before is sent."
  @spec flush(t()) :: :ok
  def flush(reporter) do
    ref = make_ref()
    send(reporter, {:flush, self(), ref})

    receive do
      ^ref -> :ok
    end
  end

  defp loop(channel) do
    receive do
      {:flush, from, ref} -> send(from, ref)
      {name, fun} -> Channel.event(channel, name, fun.())
    end

    loop(channel)
  end
end
