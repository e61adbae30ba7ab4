defmodule Practice.Log do
  @moduledoc """
  Sends what is logged to a device of ours, in the text that Logger would have printed.

  A log message reaches the device before the function that logged it returns, so it belongs to the
  test that is running.

  Since 1.15, Logger is a handler of `:logger` with a formatter: this module takes the handler's
  place and keeps the formatter. Before that, Logger has backends of its own, and its console
  backend can print to any device.
  """

  @doc "Sends what is logged from now on to `device` instead of the standard output."
  @spec attach(pid()) :: :ok
  def attach(device) do
    case :logger.get_handler_config(:default) do
      {:ok, config} -> replace_handler(config, device)
      {:error, {:not_found, :default}} -> replace_backend(device)
    end
  end

  defp replace_handler(config, device) do
    :ok = :logger.remove_handler(:default)
    config = %{config | module: __MODULE__, config: %{device: device}}
    :ok = :logger.add_handler(:default, __MODULE__, config)
  end

  defp replace_backend(device) do
    backend = {Logger.Backends.Console, device: device, colors: [enabled: false]}
    :ok = Logger.configure(sync_threshold: 0)
    :ok = logger(:remove_backend, [:console])
    {:ok, _pid} = logger(:add_backend, [backend])
    :ok
  end

  # Newer versions deprecate these functions. They don't get here.
  defp logger(function, args), do: apply(Logger, function, args)

  @doc false
  @spec log(:logger.log_event(), :logger.handler_config()) :: :ok
  def log(event, %{config: %{device: device}, formatter: {formatter, config}}) do
    # An error if the suite is over and the device is gone.
    _ = :io.request(device, {:put_chars, :unicode, formatter.format(event, config)})
    :ok
  end
end
