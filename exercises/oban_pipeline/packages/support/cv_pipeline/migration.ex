defmodule CvPipeline.Migration do
  @moduledoc """
  Makes Oban's table.
  """

  use Ecto.Migration

  @doc false
  @spec up() :: :ok
  def up, do: Oban.Migration.up()

  @doc false
  @spec down() :: :ok
  def down, do: Oban.Migration.down()
end
