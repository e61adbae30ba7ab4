# Tests under test/ go to the learner; those under hidden/ do not. Each is a line of the task, and
# its name is what a learner reads when it fails.
defmodule {{Module}}Test do
  use ExUnit.Case, async: true

  test "greets by name" do
    assert {{Module}}.greet("Ann") == {:ok, "Hello, Ann!"}
    assert {{Module}}.greet("Zoë") == {:ok, "Hello, Zoë!"}
  end

  test "refuses a blank name" do
    assert {{Module}}.greet("") == {:error, :no_name}
    assert {{Module}}.greet(" \t\n") == {:error, :no_name}
  end
end
