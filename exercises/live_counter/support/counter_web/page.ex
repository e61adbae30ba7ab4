defmodule CounterWeb.Page do
  @moduledoc """
  What the tests do with a page: open it, click, read it, close it.

  `counts/2` and `viewers/2` return what the pages show. What others have done arrives as a message,
  so they give it a moment, and they look again after that: a page that was right for a moment is
  not right.
  """

  import Phoenix.ConnTest
  import Phoenix.LiveViewTest

  alias CounterWeb.Presence
  alias Phoenix.LiveViewTest.View
  alias Phoenix.PubSub
  alias Phoenix.Socket.Broadcast

  @endpoint CounterWeb.Endpoint

  @crashed "the page has crashed"
  # Mostly the first look is enough. The longer ones are for a machine that is busy.
  @pauses_ms [0, 1, 2, 4, 8, 16, 32, 64]

  @type viewer_id :: String.t()
  @type shown :: integer() | String.t()

  @doc "Opens the page in a browser, in a new tab of it if the ID is that of one before."
  @spec open(viewer_id()) :: View.t()
  def open(viewer_id), do: viewer_id |> get_page() |> connect()

  @doc "The first request, which is answered with the static page."
  @spec get_page(viewer_id()) :: Plug.Conn.t()
  def get_page(viewer_id) do
    build_conn()
    |> init_test_session(%{"viewer_id" => viewer_id})
    |> get("/")
  end

  @doc "What comes after the static page: the browser connects, and the page becomes a process."
  @spec connect(Plug.Conn.t()) :: View.t()
  def connect(conn) do
    {:ok, view, _html} = live(conn)
    view
  end

  @doc "A process that serves the static page and then lives on, as one for a kept-alive connection."
  @spec serve_page(viewer_id()) :: pid()
  def serve_page(viewer_id) do
    test = self()

    pid =
      spawn_link(fn ->
        get_page(viewer_id)
        drop_messages()
        send(test, {:served, self()})
        Process.sleep(:infinity)
      end)

    receive do
      {:served, ^pid} -> pid
      {:EXIT, ^pid, reason} -> exit(reason)
    end
  end

  @doc "Clicks the button that adds so much."
  @spec click(View.t(), by :: pos_integer()) :: :ok
  def click(view, by) do
    view |> element("#add-#{by}") |> render_click()
    :ok
  end

  @doc "Sends an event as any client can, whether there is a button for it or not."
  @spec push(View.t(), event :: String.t(), params :: map()) :: :ok
  def push(view, event, params) do
    render_hook(view, event, params)
    :ok
  catch
    # It shows when the page is read.
    :exit, _reason -> :ok
  end

  @doc "Waits until the page has handled the messages that it has got."
  @spec catch_up(View.t()) :: :ok
  def catch_up(view) do
    render(view)
    :ok
  end

  @doc "The tab is closed, or the network is gone: the page's process is told to stop."
  @spec close(View.t()) :: :ok
  def close(view), do: stop(view, fn -> GenServer.stop(view.pid, {:shutdown, :closed}) end)

  @doc "The page's process dies, and has no time for last words."
  @spec kill(View.t()) :: :ok
  def kill(view), do: stop(view, fn -> Process.exit(view.pid, :kill) end)

  @doc "The number in `#count` of the static page."
  @spec static_count(Plug.Conn.t()) :: shown()
  def static_count(conn) do
    case Regex.run(~r/<[^>]*\sid=["']count["'][^>]*>(.*)/s, html_response(conn, 200)) do
      [_all, rest] ->
        rest |> String.split(~r/<[^>]*>/) |> Enum.find("", &(String.trim(&1) != "")) |> shown()

      nil ->
        "there is no #count"
    end
  end

  @doc "The numbers in `#count` of these pages, as soon as they are all as expected."
  @spec counts([View.t()], expected :: integer()) :: [shown()]
  def counts(views, expected), do: numbers(views, "#count", expected)

  @doc "The numbers in `#viewers` of these pages, as soon as they are all as expected."
  @spec viewers([View.t()], expected :: integer()) :: [shown()]
  def viewers(views, expected), do: numbers(views, "#viewers", expected)

  defp stop(view, fun) do
    monitor = Process.monitor(view.pid)
    fun.()

    receive do
      {:DOWN, ^monitor, :process, _pid, _reason} -> :ok
    end
  end

  defp numbers(views, selector, expected, [pause | pauses] \\ @pauses_ms) do
    Process.sleep(pause)
    await_presence()

    if pauses == [] or Enum.all?(views, &(number(&1, selector) == expected)) do
      for _ <- 1..3, do: await_presence()
      Enum.map(views, &number(&1, selector))
    else
      numbers(views, selector, expected, pauses)
    end
  end

  # To read a page means to wait until it has handled the messages that it had got.
  defp number(view, selector) do
    view |> element(selector) |> render() |> String.replace(~r/<[^>]*>/, "") |> shown()
  catch
    :exit, _reason -> @crashed
  end

  defp shown(text) do
    text = String.trim(text)

    case Integer.parse(text) do
      {number, ""} -> number
      _no_number -> text
    end
  end

  # Presence sends its news one after the other, so when this has come, what was before it has been sent.
  defp await_presence do
    topic = "await:#{System.unique_integer()}"
    PubSub.subscribe(CounterWeb.PubSub, topic)
    {:ok, _ref} = Presence.track(self(), topic, "test", %{})

    receive do
      %Broadcast{topic: ^topic, event: "presence_diff"} -> :ok
    end

    PubSub.unsubscribe(CounterWeb.PubSub, topic)
    Presence.untrack(self(), topic, "test")
  end

  defp drop_messages do
    receive do
      _message -> drop_messages()
    after
      0 -> :ok
    end
  end
end
