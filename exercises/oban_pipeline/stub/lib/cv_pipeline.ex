defmodule CvPipeline.ParsePdf do
  @moduledoc """
  Extracts the text of the PDF.
  """

  use Oban.Worker

  @impl Oban.Worker
  def perform(%Oban.Job{}) do
    raise "CvPipeline.ParsePdf is not written yet"
  end
end

defmodule CvPipeline.Analyse do
  @moduledoc """
  Has the text analysed.
  """

  use Oban.Worker

  @impl Oban.Worker
  def perform(%Oban.Job{}) do
    raise "CvPipeline.Analyse is not written yet"
  end
end

defmodule CvPipeline.CoverLetter do
  @moduledoc """
  Has a letter written from the analysis.
  """

  use Oban.Worker

  @impl Oban.Worker
  def perform(%Oban.Job{}) do
    raise "CvPipeline.CoverLetter is not written yet"
  end
end

defmodule CvPipeline.Notify do
  @moduledoc """
  Tells the owner of the document.
  """

  use Oban.Worker

  @impl Oban.Worker
  def perform(%Oban.Job{}) do
    raise "CvPipeline.Notify is not written yet"
  end
end
