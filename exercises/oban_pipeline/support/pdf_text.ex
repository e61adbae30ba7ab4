defmodule PdfText do
  @moduledoc """
  Reads the text of a PDF. Stands in for a program that takes some seconds for it.
  """

  @doc """
  Returns the text of the PDF at this path: `{:ok, text}`. A scan without text gives `{:ok, ""}`.

  A PDF that asks for a password is `{:error, :encrypted}`, now and for ever. One that takes too
  long is `{:error, :timeout}`.
  """
  @spec extract(term()) :: {:ok, String.t()} | {:error, :encrypted | :timeout} | term()
  def extract(path) do
    Scenario.call({__MODULE__, :extract, [path]}, fn -> {:ok, "Ada Lovelace, mathematician"} end)
  end
end
