defmodule Documents do
  @moduledoc """
  The uploaded CVs, and what has been made of them so far. Stands in for a table of the database.
  """

  use Agent

  @type document :: %{
          id: integer(),
          path: String.t(),
          text: String.t() | nil,
          analysis: map() | nil,
          letter: String.t() | nil
        }

  @fields [:id, :path, :text, :analysis, :letter]

  @doc false
  @spec start_link(term()) :: Agent.on_start()
  def start_link(_opts \\ []), do: Agent.start_link(fn -> %{} end, name: __MODULE__)

  @doc """
  Returns the document with this ID.

  What no step has made yet is `nil`: the text, the analysis, the letter. A document that does not
  exist, or no longer, is `{:error, :not_found}`.
  """
  # Here and in the services, `term()` leaves room for the clause of a caller who expects the worst.
  @spec get(term()) :: {:ok, document()} | {:error, :not_found} | term()
  def get(id) do
    Scenario.call({__MODULE__, :get, [id]}, fn -> Agent.get(__MODULE__, &fetch(&1, id)) end)
  end

  @doc """
  Changes fields of a document, `update(7, %{text: "Ada"})`, and returns it.

  Other fields than those of a document raise. A document that does not exist, or no longer, is
  `{:error, :not_found}`.
  """
  @spec update(term(), map()) :: {:ok, document()} | {:error, :not_found} | term()
  def update(id, %{} = changes) do
    for field <- Map.keys(changes), field not in @fields do
      raise ArgumentError, "a document has no field #{inspect(field)}, only #{inspect(@fields)}"
    end

    Scenario.call({__MODULE__, :update, [id, changes]}, fn ->
      Agent.get_and_update(__MODULE__, &put(&1, id, changes))
    end)
  end

  @doc "Adds a document, for a test. What is not given is as it is after the upload."
  @spec insert(map()) :: document()
  def insert(fields \\ %{}) do
    id = System.unique_integer([:positive])
    uploaded = %{id: id, path: "uploads/#{id}.pdf", text: nil, analysis: nil, letter: nil}
    document = Map.merge(uploaded, fields)
    Agent.update(__MODULE__, &Map.put(&1, document.id, document))
    document
  end

  defp fetch(documents, id) do
    with :error <- Map.fetch(documents, id), do: {:error, :not_found}
  end

  defp put(documents, id, changes) do
    case documents do
      %{^id => document} ->
        document = Map.merge(document, changes)
        {{:ok, document}, %{documents | id => document}}

      %{} ->
        {{:error, :not_found}, documents}
    end
  end
end
