defmodule Ai do
  @moduledoc """
  Asks a language model. Stands in for a service that is slow, costs money by the call, and refuses
  calls beyond a rate.
  """

  @doc """
  Returns what the text of a CV says about its author: `{:ok, map}`.

  Beyond the rate it is `{:error, {:rate_limited, seconds}}`: come back in so many seconds, not
  before. Without an answer in time it is `{:error, :timeout}`.
  """
  @spec analyse(term()) ::
          {:ok, map()} | {:error, {:rate_limited, non_neg_integer()} | :timeout} | term()
  def analyse(text) do
    Scenario.call({__MODULE__, :analyse, [text]}, fn -> {:ok, %{"skills" => ["analysis"]}} end)
  end

  @doc """
  Returns a cover letter for an analysis: `{:ok, letter}`. The errors are those of `analyse/1`.
  """
  @spec cover_letter(term()) ::
          {:ok, String.t()} | {:error, {:rate_limited, non_neg_integer()} | :timeout} | term()
  def cover_letter(analysis) do
    Scenario.call({__MODULE__, :cover_letter, [analysis]}, fn -> {:ok, "Dear Mr Babbage, …"} end)
  end
end
