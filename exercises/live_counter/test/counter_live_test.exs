defmodule CounterLiveTest do
  use ExUnit.Case, async: false

  import CounterWeb.Page

  alias CounterWeb.Presence

  @moduletag :capture_log

  setup do
    # A page that crashes is to be seen by what it shows, and must not take the test with it.
    Process.flag(:trap_exit, true)
    start_supervised!(CounterWeb.Environment)

    # So that no page can know the count but from `Counter`.
    %{start: Counter.add(Enum.random(1_000_000..8_000_000))}
  end

  describe "the count" do
    test "is in the static page", %{start: start} do
      assert static_count(get_page("ann")) == start
    end

    test "is in the page when it is connected", %{start: start} do
      assert counts([open("ann")], start) == [start]
    end

    test "is the one of now when the page connects, not that of the static page", %{start: start} do
      static_page = get_page("ann")
      Counter.add(3)

      assert counts([connect(static_page)], start + 3) == [start + 3]
    end

    test "grows with each click by what the button says", %{start: start} do
      ann = open("ann")

      for {by, sum} <- clicks(start) do
        click(ann, by)

        assert counts([ann], sum) == [sum]
        assert Counter.value() == sum
      end
    end

    test "is the new one on every open page when one of them adds", %{start: start} do
      [ann, ben, cleo] = Enum.map(["ann", "ben", "cleo"], &open/1)

      click(ben, 5)

      assert counts([ann, cleo], start + 5) == [start + 5, start + 5]
    end

    test "has each click in it once, for the one who clicked and for the others", %{start: start} do
      pages = Enum.map(["ann", "ben", "cleo"], &open/1)

      for {by, sum} <- clicks(start) do
        click(Enum.random(pages), by)

        assert counts(pages, sum) == [sum, sum, sum]
        assert Counter.value() == sum
      end
    end

    test "is still there when those who clicked have gone", %{start: start} do
      ann = open("ann")
      click(ann, 10)
      close(ann)
      ben = open("ben")
      click(ben, 5)
      kill(ben)

      assert counts([open("cleo")], start + 15) == [start + 15]
    end
  end

  describe "the number of viewers" do
    test "is one for the first" do
      assert viewers([open("ann")], 1) == [1]
    end

    test "goes up for everybody as others come" do
      ann = open("ann")
      ben = open("ben")
      assert viewers([ann, ben], 2) == [2, 2]

      cleo = open("cleo")
      assert viewers([ann, ben, cleo], 3) == [3, 3, 3]
    end

    test "does not count those who fetched the static page and never connected" do
      ann = open("ann")
      serve_page("a robot")

      assert viewers([ann], 1) == [1]
      assert viewers([ann, open("ben")], 2) == [2, 2]
    end

    test "counts a person with two tabs once" do
      ann = open("ann")
      ben = open("ben")
      ben_again = open("ben")

      assert viewers([ann, ben, ben_again], 2) == [2, 2, 2]
    end

    test "goes down for everybody as others close the page" do
      [ann, ben, cleo] = Enum.map(["ann", "ben", "cleo"], &open/1)
      assert viewers([ann, ben, cleo], 3) == [3, 3, 3]

      close(ann)
      assert viewers([ben, cleo], 2) == [2, 2]

      close(cleo)
      assert viewers([ben], 1) == [1]
    end

    test "goes down when the process of a page is killed" do
      [ann, ben, cleo] = Enum.map(["ann", "ben", "cleo"], &open/1)
      assert viewers([ann, ben, cleo], 3) == [3, 3, 3]

      kill(ben)
      assert viewers([ann, cleo], 2) == [2, 2]
    end

    test "goes down for a person with two tabs when the last of them is closed" do
      [ann, ben, ben_again] = Enum.map(["ann", "ben", "ben"], &open/1)
      assert viewers([ann, ben, ben_again], 2) == [2, 2, 2]

      close(ben)
      assert viewers([ann, ben_again], 2) == [2, 2]

      close(ben_again)
      assert viewers([ann], 1) == [1]
    end

    test "is the number of keys that Presence has on the topic viewers" do
      [ann, ben] = Enum.map(["ann", "ben"], &open/1)
      assert viewers([ann, ben], 2) == [2, 2]
      assert Presence.list("viewers") |> Map.keys() |> Enum.sort() == ["ann", "ben"]

      # Somebody who came another way, say on another node.
      {:ok, _ref} = Presence.track(self(), "viewers", "cleo", %{})
      assert viewers([ann, ben], 3) == [3, 3]

      :ok = Presence.untrack(self(), "viewers", "cleo")
      assert viewers([ann, ben], 2) == [2, 2]
    end
  end

  describe "the process that serves the static page" do
    test "is told nothing of what happens later", %{start: start} do
      server = serve_page("ann")
      ben = open("ben")
      click(ben, 1)
      close(open("cleo"))

      assert counts([ben], start + 1) == [start + 1]
      assert viewers([ben], 1) == [1]
      assert Process.info(server, :messages) == {:messages, []}
    end
  end

  describe "a page goes on, and nothing changes," do
    setup do
      %{ann: open("ann"), ben: open("ben")}
    end

    test "when it gets a message that it does not know", %{ann: ann} = context do
      for message <- unknown_messages() do
        send(ann.pid, message)

        assert {message, counts([ann], context.start)} == {message, [context.start]}
      end

      assert_nothing_changed(context)
    end

    test "when a client sends an event that it does not know", %{ann: ann} = context do
      for event <- ["reset", "Add", "add_all", "", "event #{System.unique_integer()}"] do
        push(ann, event, %{"by" => "5"})

        assert {event, counts([ann], context.start)} == {event, [context.start]}
      end

      assert_nothing_changed(context)
    end

    test "when a client adds what no button adds", %{ann: ann} = context do
      for params <- odd_params() do
        push(ann, "add", params)

        assert {params, counts([ann], context.start)} == {params, [context.start]}
      end

      assert_nothing_changed(context)
    end
  end

  test "nothing that comes from a client becomes an atom", %{start: start} do
    [viewer_id, event, key, value] = for n <- 1..4, do: "text #{n} #{System.unique_integer()}"
    page = open(viewer_id)

    push(page, event, %{key => value})
    push(page, "add", %{key => value})
    push(page, "add", %{"by" => value})
    push(page, "add", %{"by" => "5", key => value})

    assert viewers([page], 1) == [1]
    assert counts([page], start + 5) == [start + 5]
    assert Enum.filter([viewer_id, event, key, value], &atom?/1) == []
  end

  # What to click, and what the count is to be after that.
  defp clicks(start) do
    amounts = Enum.shuffle([1, 1, 5, 10, 10])
    Enum.zip(amounts, Enum.scan(amounts, start, &+/2))
  end

  defp unknown_messages do
    ref = make_ref()

    [
      :tick,
      "text",
      ref,
      {:mail, System.unique_integer()},
      {ref, :ok},
      {:DOWN, ref, :process, self(), :normal},
      %{event: "typing"},
      %Phoenix.Socket.Broadcast{topic: "elsewhere", event: "typing", payload: %{}}
    ]
  end

  defp odd_params do
    values = [
      "7",
      "0",
      "-5",
      "100",
      "5.0",
      "5 apples",
      "1e1",
      "five",
      "",
      nil,
      ["5"],
      %{"5" => "5"}
    ]

    [%{}, %{"amount" => "5"} | Enum.map(values, &%{"by" => &1})]
  end

  defp assert_nothing_changed(%{ann: ann, ben: ben, start: start}) do
    assert Counter.value() == start
    assert counts([ann, ben], start) == [start, start]
    assert viewers([ann, ben], 2) == [2, 2]

    click(ann, 1)
    assert counts([ann, ben], start + 1) == [start + 1, start + 1]
  end

  defp atom?(text) do
    is_atom(String.to_existing_atom(text))
  rescue
    ArgumentError -> false
  end
end
