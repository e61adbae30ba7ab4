defmodule CheckoutTest do
  use ExUnit.Case, async: true

  # Drawn anew whenever the tests are compiled, so that no solution can know them.
  @order_id Enum.random(1_000..9_999)
  @user_id Enum.random(100..999)

  @order %{id: @order_id, total: 4_900}
  @user %{id: @user_id, name: "Ada"}
  @receipt %{receipt: "R-2207", paid: 4_900}

  @order_call {Orders, :get, [@order_id]}
  @user_call {Users, :get, [@user_id]}
  @charge_call {Payment, :charge, [@user, @order]}

  setup do
    given(%{})
  end

  describe "process_order/2" do
    test "returns the receipt as Payment.charge gives it" do
      assert Checkout.process_order(@order_id, @user_id) == {:ok, @receipt}
    end

    test "charges the user that was found for the order that was found" do
      Checkout.process_order(@order_id, @user_id)

      assert List.last(Scenario.calls()) == @charge_call
    end

    test "asks for the order, then for the user, then charges, each once" do
      Checkout.process_order(@order_id, @user_id)

      assert Scenario.calls() == [@order_call, @user_call, @charge_call]
    end

    test "returns the error as it is when the order does not exist" do
      given(%{Orders => {:error, :order_not_found}})

      assert Checkout.process_order(@order_id, @user_id) == {:error, :order_not_found}
    end

    test "returns the error as it is when the user does not exist" do
      given(%{Users => {:error, :user_not_found}})

      assert Checkout.process_order(@order_id, @user_id) == {:error, :user_not_found}
    end

    test "returns the error as it is when the payment is refused" do
      given(%{Payment => {:error, :insufficient_funds}})

      assert Checkout.process_order(@order_id, @user_id) == {:error, :insufficient_funds}
    end

    test "asks for no user and charges nothing when there is no order" do
      given(%{Orders => {:error, :order_not_found}})
      Checkout.process_order(@order_id, @user_id)

      assert Scenario.calls() == [@order_call]
    end

    test "charges nothing when there is no user" do
      given(%{Users => {:error, :user_not_found}})
      Checkout.process_order(@order_id, @user_id)

      assert Scenario.calls() == [@order_call, @user_call]
    end

    test "returns any other error as it is, whichever step gives it" do
      for step <- [Orders, Users, Payment], reason <- other_reasons() do
        given(%{step => {:error, reason}})

        assert {step, Checkout.process_order(@order_id, @user_id)} == {step, {:error, reason}}
      end
    end

    test "returns a bare :timeout as it is, whichever step gives it" do
      for step <- [Orders, Users, Payment] do
        given(%{step => :timeout})

        assert {step, Checkout.process_order(@order_id, @user_id)} == {step, :timeout}
      end
    end

    test "returns nil, true, false, :ok and :error as they are when they are the reason" do
      for step <- [Orders, Users, Payment], reason <- plain_reasons() do
        given(%{step => {:error, reason}})

        assert {step, Checkout.process_order(@order_id, @user_id)} == {step, {:error, reason}}
      end
    end

    test "goes no further, and tries nothing twice, after any other error or a :timeout" do
      for {step, calls} <- calls_until_failure(), answer <- [{:error, :unavailable}, :timeout] do
        given(%{step => answer})
        Checkout.process_order(@order_id, @user_id)

        assert {step, answer, Scenario.calls()} == {step, answer, calls}
      end
    end

    test "does not mind what the maps hold" do
      for map <- odd_maps() do
        given(%{Orders => {:ok, map}, Users => {:ok, map}, Payment => {:ok, map}})

        assert Checkout.process_order(@order_id, @user_id) == {:ok, map}
        assert Scenario.calls() == [@order_call, @user_call, {Payment, :charge, [map, map]}]
      end
    end
  end

  describe "process_order_explained/2" do
    test "returns the receipt as Payment.charge gives it" do
      assert Checkout.process_order_explained(@order_id, @user_id) == {:ok, @receipt}
    end

    test "asks for the order, then for the user, then charges, each once" do
      Checkout.process_order_explained(@order_id, @user_id)

      assert Scenario.calls() == [@order_call, @user_call, @charge_call]
    end

    test "says that the order ID does not exist" do
      given(%{Orders => {:error, :order_not_found}})

      assert Checkout.process_order_explained(@order_id, @user_id) ==
               {:error, "Order ID does not exist"}
    end

    test "says that the user ID was not found" do
      given(%{Users => {:error, :user_not_found}})

      assert Checkout.process_order_explained(@order_id, @user_id) ==
               {:error, "User ID not found"}
    end

    test "says that the payment failed for insufficient funds" do
      given(%{Payment => {:error, :insufficient_funds}})

      assert Checkout.process_order_explained(@order_id, @user_id) ==
               {:error, "Payment failed: insufficient funds"}
    end

    test "asks for no user and charges nothing when there is no order" do
      given(%{Orders => {:error, :order_not_found}})
      Checkout.process_order_explained(@order_id, @user_id)

      assert Scenario.calls() == [@order_call]
    end

    test "charges nothing when there is no user" do
      given(%{Users => {:error, :user_not_found}})
      Checkout.process_order_explained(@order_id, @user_id)

      assert Scenario.calls() == [@order_call, @user_call]
    end

    test "calls any other reason unexpected and inspects it, whichever step gives it" do
      for step <- [Orders, Users, Payment], reason <- other_reasons() do
        given(%{step => {:error, reason}})

        assert {step, Checkout.process_order_explained(@order_id, @user_id)} ==
                 {step, {:error, "Unexpected: " <> inspect(reason)}}
      end
    end

    test "calls a bare :timeout unexpected, whichever step gives it" do
      for step <- [Orders, Users, Payment] do
        given(%{step => :timeout})

        assert {step, Checkout.process_order_explained(@order_id, @user_id)} ==
                 {step, {:error, "Unexpected: :timeout"}}
      end
    end

    test "shows a reason the way Elixir writes it, quotes included" do
      given(%{Payment => {:error, :"card expired"}})

      assert Checkout.process_order_explained(@order_id, @user_id) ==
               {:error, ~s(Unexpected: :"card expired")}
    end

    test "inspects nil, true, false, :ok and :error like any other reason" do
      for step <- [Orders, Users, Payment], reason <- plain_reasons() do
        given(%{step => {:error, reason}})

        assert {step, Checkout.process_order_explained(@order_id, @user_id)} ==
                 {step, {:error, "Unexpected: " <> inspect(reason)}}
      end
    end

    test "goes no further, and tries nothing twice, after any other error or a :timeout" do
      for {step, calls} <- calls_until_failure(), answer <- [{:error, :unavailable}, :timeout] do
        given(%{step => answer})
        Checkout.process_order_explained(@order_id, @user_id)

        assert {step, answer, Scenario.calls()} == {step, answer, calls}
      end
    end

    test "does not mind what the maps hold" do
      for map <- odd_maps() do
        given(%{Orders => {:ok, map}, Users => {:ok, map}, Payment => {:ok, map}})

        assert Checkout.process_order_explained(@order_id, @user_id) == {:ok, map}
        assert Scenario.calls() == [@order_call, @user_call, {Payment, :charge, [map, map]}]
      end
    end
  end

  # Every step succeeds, but for the answers named here.
  defp given(answers) do
    %{Orders => {:ok, @order}, Users => {:ok, @user}, Payment => {:ok, @receipt}}
    |> Map.merge(answers)
    |> Scenario.start()
  end

  # The last one is a new one in every run, so that no solution can know them all.
  defp other_reasons do
    fresh = :"reason_#{System.system_time()}"
    [:unavailable, :archived, :card_declined, :timeout, fresh]
  end

  # Atoms as well, though they often mean something else.
  defp plain_reasons, do: [nil, true, false, :ok, :error]

  defp calls_until_failure do
    [
      {Orders, [@order_call]},
      {Users, [@order_call, @user_call]},
      {Payment, [@order_call, @user_call, @charge_call]}
    ]
  end

  defp odd_maps do
    [%{}, %{"error" => :timeout}, %{ok: nil, unique: make_ref()}]
  end
end
