defmodule Practice.Device do
  @moduledoc """
  The I/O protocol of Erlang for a device that only takes output, and keeps it in a `Practice.Output`.

  Input ends before it begins, so `IO.gets/1` returns `:eof`.
  """

  alias Practice.Output

  @inputs [:get_line, :get_chars, :get_until, :get_password]

  @doc "Carries out a request. Returns the reply to it."
  @spec request(term(), Output.t()) :: {reply :: term(), Output.t()}
  def request({:put_chars, chars}, output), do: request({:put_chars, :latin1, chars}, output)

  def request({:put_chars, encoding, chars} = request, output) do
    {:ok, Output.add(output, chars, encoding)}
  rescue
    _not_text -> {{:error, request}, output}
  end

  def request({:put_chars, module, function, args}, output) do
    request({:put_chars, :latin1, module, function, args}, output)
  end

  def request({:put_chars, encoding, module, function, args} = request, output) do
    request({:put_chars, encoding, apply(module, function, args)}, output)
  catch
    _kind, _reason -> {{:error, request}, output}
  end

  def request({:requests, requests}, output), do: requests(requests, {:ok, output})
  def request({:setopts, _options}, output), do: {:ok, output}
  def request(:getopts, output), do: {[binary: true, encoding: :unicode], output}
  def request({:get_geometry, _what}, output), do: {{:error, :enotsup}, output}

  def request(request, output) when is_tuple(request) and elem(request, 0) in @inputs do
    {:eof, output}
  end

  def request(_request, output), do: {{:error, :request}, output}

  # Up to the first that fails.
  defp requests([request | rest], {reply, output}) when not is_tuple(reply) do
    requests(rest, request(request, output))
  end

  defp requests(_requests, result), do: result
end
