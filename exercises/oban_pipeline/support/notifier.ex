defmodule Notifier do
  @moduledoc """
  Mails the owner of a document. Stands in for a mail service.
  """

  @doc """
  Tells the owner of this document that the letter is there: `:ok`.

  The ID of the document is the key of the mail: however often this is called for it, one mail is
  sent. A mail service that does not answer in time is `{:error, :timeout}`.
  """
  @spec deliver(term()) :: :ok | {:error, :timeout} | term()
  def deliver(document_id) do
    Scenario.call({__MODULE__, :deliver, [document_id]}, fn -> :ok end)
  end
end
