// Tests of exercise 15.1. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it. Any model may pass: nothing is asked of the
// thread that matches, or of the moment at which it does.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <order_flow.hpp>  // in <>, so that the include path decides whose it is
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "course/records.hpp"
#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

std::unique_ptr<OrderFlow> a_flow(std::uint32_t symbols) {
  return std::make_unique<OrderFlow>(symbols);
}

// The trades of one symbol in `trades`, which are observed.
Trades of_symbol(const Trades& trades, std::uint32_t symbol) {
  Trades some;
  std::copy_if(trades.begin(), trades.end(), std::back_inserter(some),
               [symbol](const Trade& trade) { return trade.symbol == symbol; });
  return some;
}

// Four orders of symbol 0 in which each changes what the next one meets: whatever two of them
// change places, the trades are others.
Orders four_orders() {
  return {{0, 0, 0, false, 100, 10},
          {1, 0, 1, true, 101, 10},
          {2, 0, 2, true, 102, 10},
          {3, 0, 3, false, 99, 10}};
}

// The sequential trades of one symbol; `orders` are of symbols 0 and 1 only.
Trades expected_of(const Orders& orders, std::uint32_t symbol = 0) {
  return of_symbol(sequential(orders, 2), symbol);
}

void submit_all(OrderFlow& flow, const Orders& orders) {
  for (const Order& order : orders) flow.submit(order);
}

// --- Step 1: the order of their numbers ---------------------------------------------------

// Orders that come in their order are matched in it.
STEP_TEST(1, OrderFlow, InTheirOrder, "determinism") {
  explore([] {
    const auto flow = a_flow(1);
    submit_all(*flow, four_orders());
    check(flow->report(0).trades == expected_of(four_orders()),
          "report: orders that come in their order make the sequential trades");
  });
}

// No submit waits for an order that is still to come: one thread brings them all, the last first.
STEP_TEST(1, OrderFlow, NoSubmitWaits, "deadlock") {
  explore([] {
    const auto flow = a_flow(1);
    Orders orders = four_orders();
    std::reverse(orders.begin(), orders.end());
    submit_all(*flow, orders);
    check(flow->report(0).trades == expected_of(four_orders()),
          "report: orders that come in the reverse order make the sequential trades");
  });
}

// Whatever order they come in, the trades are the same: all 24 orders of four orders.
STEP_TEST(1, OrderFlow, InAnyOrder, "determinism") {
  Orders orders = four_orders();
  const Trades expected = expected_of(orders);
  const auto before = [](const Order& one, const Order& other) {
    return one.id < other.id;
  };
  do {
    const auto flow = a_flow(1);
    submit_all(*flow, orders);
    ASSERT_EQ(flow->report(0).trades, expected)
        << "submit: the first to come was order " << orders[0].number
        << "; the trades must be those that the numbers ask for";
  } while (std::next_permutation(orders.begin(), orders.end(), before));
}

// A long stream that is shuffled, of several symbols: each symbol has its sequential trades, and
// no other symbol's.
STEP_TEST(1, OrderFlow, SymbolsApart, "determinism") {
  constexpr std::uint32_t symbols = 5;
  Orders orders = recorded_stream(course::seed(), 1'000, symbols);
  const Trades expected = sequential(orders, symbols);
  std::mt19937_64 random(course::seed());
  std::shuffle(orders.begin(), orders.end(), random);
  const auto flow = a_flow(symbols);
  submit_all(*flow, orders);
  for (std::uint32_t symbol = 0; symbol < symbols; ++symbol) {
    EXPECT_EQ(hash_of(flow->report(symbol).trades), hash_of(of_symbol(expected, symbol)))
        << "report: symbol " << symbol << " of " << symbols << ", seed "
        << course::seed();
  }
}

// Two leaders bring the orders of one symbol, dealt like cards: whatever the schedule, the
// trades are the sequential ones.
STEP_TEST(1, OrderFlow, TwoLeadersOneOutcome, "determinism") {
  explore([] {
    const auto flow = a_flow(1);
    const std::vector<Orders> parts = dealt(four_orders(), 2);
    {
      std::jthread other([&] {
        interleave::name_thread("leader 1");
        submit_all(*flow, parts[1]);
      });
      interleave::name_thread("leader 0");
      submit_all(*flow, parts[0]);
    }
    const Report report = flow->report(0);
    check(report.trades.size() >= expected_of(four_orders()).size(),
          "report: a trade is missing, though every order has come");
    check(report.trades == expected_of(four_orders()),
          "report: other trades than the sequential ones");
  });
}

// The same for two symbols, whose orders come from both leaders.
STEP_TEST(1, OrderFlow, TwoLeadersTwoSymbols, "determinism") {
  explore([] {
    Orders orders = four_orders();
    for (const Order& order : four_orders()) {
      orders.push_back(
          {order.id + 4, 1, order.number, order.buys, order.price, order.quantity});
    }
    const auto flow = a_flow(2);
    const std::vector<Orders> parts = dealt(orders, 2);
    {
      std::jthread other([&] {
        interleave::name_thread("leader 1");
        submit_all(*flow, parts[1]);
      });
      interleave::name_thread("leader 0");
      submit_all(*flow, parts[0]);
    }
    for (std::uint32_t symbol = 0; symbol < 2; ++symbol) {
      check(flow->report(symbol).trades == expected_of(orders, symbol),
            "report: other trades than the symbol's sequential ones");
    }
  });
}

// Many orders by several leaders on the machine's own threads.
STEP_TEST(1, OrderFlow, ManyOrdersByManyLeaders, "determinism") {
  constexpr std::uint32_t symbols = 8;
  const Orders orders = recorded_stream(course::seed(), 8'000, symbols, 20);
  const std::vector<Orders> parts = dealt(orders, 4);
  const auto flow = a_flow(symbols);
  {
    std::vector<std::jthread> leaders;
    for (const Orders& part : parts) {
      leaders.emplace_back([&flow, &part] { submit_all(*flow, part); });
    }
  }
  const Trades expected = sequential(orders, symbols);
  for (std::uint32_t symbol = 0; symbol < symbols; ++symbol) {
    EXPECT_EQ(hash_of(flow->report(symbol).trades), hash_of(of_symbol(expected, symbol)))
        << "report: symbol " << symbol << ", seed " << course::seed();
  }
}

// --- Step 2: once, however often it comes --------------------------------------------------

// An order that comes again is counted and matched no more: after it was matched, and while it
// waits for those before it.
STEP_TEST(2, OrderFlow, RepeatsAreCounted, "idempotence") {
  explore([] {
    const auto flow = a_flow(1);
    const Orders orders = four_orders();
    flow->submit(orders[1]);
    flow->submit(orders[1]);
    check(flow->report(0).repeats == 1,
          "report: an order that waits for others and comes again is a repeat");
    flow->submit(orders[0]);
    flow->submit(orders[0]);
    flow->submit(orders[1]);
    check(flow->report(0).repeats == 3,
          "report: an order that was matched and comes again is a repeat");
    flow->submit(orders[3]);
    flow->submit(orders[2]);
    const Report report = flow->report(0);
    check(report.repeats == 3, "report: orders that come once are no repeats");
    check(report.trades == expected_of(orders), "report: a repeat must not be matched");
  });
}

// Two leaders bring the same orders: each order is matched once, and repeated once.
STEP_TEST(2, OrderFlow, TwoLeadersBringTheSame, "idempotence") {
  explore([] {
    const auto flow = a_flow(1);
    Orders orders = four_orders();
    orders.resize(3);
    {
      std::jthread other([&] {
        interleave::name_thread("leader 1");
        submit_all(*flow, {orders[1], orders[0], orders[2]});
      });
      interleave::name_thread("leader 0");
      submit_all(*flow, orders);
    }
    const Report report = flow->report(0);
    check(report.repeats == 3, "report: three orders came twice");
    check(report.trades == expected_of(orders),
          "report: an order that two leaders bring must be matched once");
  });
}

// --- Step 3: what is missing ---------------------------------------------------------------

// The first number that is not there is missing once one behind it is; the trades end before it.
STEP_TEST(3, OrderFlow, SaysWhatIsMissing, "determinism") {
  explore([] {
    const auto flow = a_flow(2);
    const Orders orders = four_orders();
    check(flow->report(0).missing == std::nullopt,
          "report: where no order came, none is missing");
    flow->submit(orders[0]);
    check(flow->report(0).missing == std::nullopt,
          "report: none is missing while none behind it has come");
    flow->submit(orders[3]);
    check(flow->report(0).missing == 1U, "report: 0 and 3 came, so 1 is missing");
    check(flow->report(0).trades.empty(), "report: order 0 alone makes no trade");
    flow->submit(orders[2]);
    check(flow->report(0).missing == 1U, "report: 0, 2 and 3 came, so 1 is missing");
    flow->submit(orders[1]);
    check(flow->report(0).missing == std::nullopt, "report: all came, none is missing");
    check(flow->report(1).missing == std::nullopt,
          "report: another symbol has nothing to do with it");
    check(flow->report(0).trades == expected_of(orders),
          "report: all came, so the trades are the sequential ones");
  });
}

// A report that is asked for while orders come is one of a moment: its trades are those of the
// orders up to one of them, and it tells of every order whose submit had returned.
STEP_TEST(3, OrderFlow, ReportsAreOfOneMoment, "determinism") {
  explore([] {
    const auto flow = a_flow(1);
    const Orders orders = four_orders();
    flow->submit(orders[0]);
    flow->submit(orders[1]);
    {
      std::jthread leader([&] {
        interleave::name_thread("leader");
        flow->submit(orders[3]);
        flow->submit(orders[2]);
      });
      const Report report = flow->report(0);
      const Trades all = expected_of(orders);
      const Trades least = expected_of({orders[0], orders[1]});
      check(report.trades.size() >= least.size(),
            "report: it must tell of every order whose submit has returned");
      check(report.trades.size() <= all.size() &&
                std::equal(report.trades.begin(), report.trades.end(), all.begin()),
            "report: while orders come, the trades are the first of the sequential ones");
      const bool all_came = report.trades.size() == all.size();
      check(!report.missing || (*report.missing == 2U && !all_came),
            "report: missing and trades must be of the same moment");
    }
  });
}

}  // namespace
