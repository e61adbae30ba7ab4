defmodule Practice.Analysis.Atoms do
  @moduledoc """
  Keeps untrusted input from filling the atom table.

  Atoms are never freed, and the VM stops when their table is full. Source text and debug information
  become atoms when they are read, so every reader asks first whether there is room for the most that
  its input could create.
  """

  # Above this share of the table nothing more is read: the VM is worn out and has to be replaced.
  @full 0.8

  @doc "Whether `count` more atoms fit."
  @spec room(non_neg_integer()) :: :ok | {:error, String.t()}
  def room(count) do
    limit = trunc(:erlang.system_info(:atom_limit) * @full)

    if :erlang.system_info(:atom_count) + count <= limit do
      :ok
    else
      {:error, "the input could create too many atoms for this VM"}
    end
  end

  # There are fewer names than this of one or two bytes; every further one takes three bytes or more.
  @short_names 20_000

  @doc "Whether the atoms of Elixir source of this size fit: a name, and a byte between two of them."
  @spec room_for_source(non_neg_integer()) :: :ok | {:error, String.t()}
  def room_for_source(bytes), do: room(@short_names + div(bytes, 4))

  @doc "Whether the atoms of an external term of this size fit: a tag, a length and a name."
  @spec room_for_term(non_neg_integer()) :: :ok | {:error, String.t()}
  def room_for_term(bytes), do: room(@short_names + div(bytes, 5))
end
