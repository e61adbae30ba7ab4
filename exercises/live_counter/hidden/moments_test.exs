defmodule CounterLive.MomentsTest do
  # What happens at the same moment.
  use ExUnit.Case, async: false

  import CounterWeb.Page

  @moduletag :capture_log

  setup do
    Process.flag(:trap_exit, true)
    start_supervised!(CounterWeb.Environment)
    %{start: Counter.add(Enum.random(1_000_000..8_000_000))}
  end

  test "every page shows the true count after one broadcast has overtaken another", %{
    start: start
  } do
    pages = [ann, ben, _cleo] = Enum.map(["ann", "ben", "cleo"], &open/1)
    assert counts(pages, start) == [start, start, start]

    # Ann has added; before the others are told of it, Ben adds, and they are told of that.
    test = self()
    Meanwhile.arrange(:broadcast, fn -> send(test, {:overtaken, click(ben, 5)}) end)
    click(ann, 1)
    await_overtaken()

    sum = Counter.value()
    assert counts(pages, sum) == [sum, sum, sum]
  end

  test "a page that looks as soon as it is told of a click finds it in the count", %{start: start} do
    [ann, ben] = Enum.map(["ann", "ben"], &open/1)
    assert counts([ann, ben], start) == [start, start]

    Meanwhile.arrange(:before_adding, fn -> catch_up(ben) end)
    click(ann, 5)

    assert counts([ann, ben], start + 5) == [start + 5, start + 5]
  end

  test "a click is not missed by a page that has just read the count", %{start: start} do
    ann = open("ann")
    static_page = get_page("ben")

    Meanwhile.arrange(:after_reading, fn -> click(ann, 5) end, [ann.pid])
    ben = connect(static_page)

    assert counts([ann, ben], start + 5) == [start + 5, start + 5]
  end

  test "a click is not counted twice by a page that is about to read the count", %{start: start} do
    ann = open("ann")
    static_page = get_page("ben")

    Meanwhile.arrange(:before_reading, fn -> click(ann, 5) end, [ann.pid])
    ben = connect(static_page)

    assert counts([ann, ben], start + 5) == [start + 5, start + 5]
  end

  test "many click at the same time, and none of the clicks is lost", %{start: start} do
    pages = for n <- 1..8, do: open("viewer #{n}")

    sum =
      pages
      |> Enum.map(fn page -> Task.async(fn -> click_often(page) end) end)
      |> Task.await_many()
      |> Enum.sum()

    assert Counter.value() == start + sum
    assert counts(pages, start + sum) == List.duplicate(start + sum, 8)
  end

  test "many come and go at the same time, and those who stay are counted" do
    pages = for n <- 1..8, do: open("viewer #{n}")
    assert viewers(pages, 8) == List.duplicate(8, 8)

    {going, staying} = pages |> Enum.shuffle() |> Enum.split(3)
    leaving = for page <- going, do: Task.async(fn -> kill(page) end)
    newcomers = for n <- 9..10, do: open("viewer #{n}")
    Task.await_many(leaving)

    assert viewers(staying ++ newcomers, 7) == List.duplicate(7, 7)
  end

  # It does not come from a page that tells the processes of this node only.
  defp await_overtaken do
    receive do
      {:overtaken, :ok} -> :ok
    after
      300 -> :ok
    end
  end

  defp click_often(page) do
    amounts = for _ <- 1..4, do: Enum.random([1, 5, 10])
    Enum.each(amounts, &click(page, &1))
    Enum.sum(amounts)
  end
end
