// Tests of the workload and of each model's use of it. Each opens with its property. What checks
// the models is first held against results that are wrong on purpose, without a thread.
#include "choosing.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "interleave/interleave.hpp"

namespace {

Order buys(std::uint32_t id, std::int32_t price, std::int32_t quantity) {
  return {id, 0, id, true, price, quantity};
}
Order sells(std::uint32_t id, std::int32_t price, std::int32_t quantity) {
  return {id, 0, id, false, price, quantity};
}

// --- The book ------------------------------------------------------------------------------

// The best price comes first, the older order at one price, and the price is that of the order
// that stood in the book.
TEST(OrderBook, BestPriceThenOldest) {
  const Orders orders = {sells(0, 102, 1), sells(1, 100, 1), sells(2, 100, 1),
                         buys(3, 102, 3)};
  const Trades expected = {
      {0, 0, 3, 1, 100, 1}, {0, 1, 3, 2, 100, 1}, {0, 2, 3, 0, 102, 1}};
  EXPECT_EQ(sequential(orders, 1), expected);
}

// The same for those that buy.
TEST(OrderBook, BestBidThenOldest) {
  const Orders orders = {buys(0, 98, 1), buys(1, 100, 1), buys(2, 100, 1),
                         sells(3, 98, 3)};
  const Trades expected = {
      {0, 0, 1, 3, 100, 1}, {0, 1, 2, 3, 100, 1}, {0, 2, 0, 3, 98, 1}};
  EXPECT_EQ(sequential(orders, 1), expected);
}

// What is left of an order rests in the book, and what is left of one that rested stays first.
TEST(OrderBook, RestsWhatIsLeft) {
  const Orders orders = {sells(0, 100, 5), buys(1, 100, 2), buys(2, 101, 4),
                         sells(3, 101, 1)};
  const Trades expected = {
      {0, 0, 1, 0, 100, 2}, {0, 1, 2, 0, 100, 3}, {0, 2, 2, 3, 101, 1}};
  EXPECT_EQ(sequential(orders, 1), expected);
}

// Orders whose prices do not meet are no trade.
TEST(OrderBook, PricesMustMeet) {
  EXPECT_TRUE(sequential({sells(0, 101, 1), buys(1, 100, 1)}, 1).empty());
}

// A side keeps its 16 best orders, of those at one price the oldest.
TEST(OrderBook, KeepsTheBest) {
  Orders orders;
  for (std::uint32_t id = 0; id < 16; ++id) orders.push_back(sells(id, 100, 1));
  orders.push_back(sells(16, 99, 1));   // order 15 must make room
  orders.push_back(sells(17, 100, 1));  // no room
  orders.push_back(buys(18, 100, 20));
  const Trades trades = sequential(orders, 1);
  ASSERT_EQ(trades.size(), 16U);
  EXPECT_EQ(trades.front().seller, 16U);
  EXPECT_EQ(trades.back().seller, 14U);
}

// The stream is the same for one seed, another for another, and numbers each symbol's orders.
TEST(OrderBook, StreamComesFromItsSeed) {
  const Orders orders = recorded_stream(1, 300, 4);
  EXPECT_EQ(hash_of(sequential(orders, 4)),
            hash_of(sequential(recorded_stream(1, 300, 4), 4)));
  EXPECT_NE(hash_of(sequential(orders, 4)),
            hash_of(sequential(recorded_stream(2, 300, 4), 4)));
  std::vector<std::uint32_t> next(4);
  for (const Order& order : orders) EXPECT_EQ(order.number, next[order.symbol]++);
}

// Dealt either way no order is lost, and each part keeps the order of the stream; by symbol a
// symbol is in one part.
TEST(OrderBook, DealsAllOrders) {
  const Orders orders = recorded_stream(1, 300, 5);
  for (const auto& parts : {dealt(orders, 3), by_symbol(orders, 3)}) {
    std::set<std::uint32_t> ids;
    for (const Orders& part : parts) {
      for (std::size_t i = 0; i < part.size(); ++i) {
        EXPECT_TRUE(ids.insert(part[i].id).second);
        EXPECT_TRUE(i == 0 || part[i - 1].id < part[i].id);
      }
    }
    EXPECT_EQ(ids.size(), orders.size());
  }
  for (const Orders& part : by_symbol(orders, 3)) {
    for (const Order& order : part) EXPECT_EQ(order.symbol % 3, part[0].symbol % 3);
  }
}

// --- What checks the models ----------------------------------------------------------------

// The hash sees two trades that changed places, and one that is there twice.
TEST(Checker, HashSeesOrderAndNumber) {
  const Trades trades = sequential(recorded_stream(1, 100, 1), 1);
  ASSERT_GT(trades.size(), 2U);
  Trades swapped = trades;
  std::swap(swapped[0], swapped[1]);
  EXPECT_NE(hash_of(swapped), hash_of(trades));
  Trades twice = trades;
  twice.push_back(twice.back());
  EXPECT_NE(hash_of(twice), hash_of(trades));
}

// Soundness is what any order of arrival keeps: it knows an order that was matched twice, a
// number left out, a wrong price, a wrong side and a wrong symbol.
TEST(Checker, SoundnessSeesWhatCannotBe) {
  const Orders orders = recorded_stream(1, 100, 2);
  const Trades trades = sequential(orders, 2);
  ASSERT_TRUE(is_sound(orders, trades));
  const auto broken = [&](auto change) {
    Trades wrong = trades;
    change(wrong[1]);
    return !is_sound(orders, wrong);
  };
  EXPECT_TRUE(broken([](Trade& trade) { trade.quantity += 10; }));
  EXPECT_TRUE(broken([](Trade& trade) { ++trade.number; }));
  EXPECT_TRUE(broken([](Trade& trade) { trade.price += 1000; }));
  EXPECT_TRUE(broken([](Trade& trade) { std::swap(trade.buyer, trade.seller); }));
  EXPECT_TRUE(broken([](Trade& trade) { trade.symbol = 1 - trade.symbol; }));
}

// --- The models ----------------------------------------------------------------------------

// Whatever the schedule, a model's trades are sound; those of the models in which each symbol's
// orders have one way to its book are the sequential ones.
TEST(Models, AreSoundWhateverTheSchedule) {
  for (const Model& model : models()) {
    interleave::Options options;
    options.schedules = 1'000;
    options.seconds = 3;
    interleave::explore(
        [&model] {
          const Orders orders = recorded_stream(3, 4, 2);
          const Trades expected = sequential(orders, 2);
          Pace pace;
          const Trades trades = observed(model.run(Input(orders, 2, 2), pace));
          const std::string name = model.name;
          interleave::check(is_sound(orders, trades), name + ": trades that cannot be");
          interleave::check(!model.one_way || trades == expected,
                            name + ": other trades than the sequential ones");
        },
        options);
  }
}

// The same on the machine's own threads, with a stream that is long enough for them to meet.
TEST(Models, LongStreamIsSound) {
  if (interleave::explores_schedules()) GTEST_SKIP() << "too long for the explorer";
  const Orders orders = recorded_stream(15, 5'000, 16);
  const std::uint64_t expected = hash_of(sequential(orders, 16));
  const Input input(orders, 16, 2);
  for (const Model& model : models()) {
    Pace pace;
    const Trades trades = observed(model.run(input, pace));
    EXPECT_TRUE(is_sound(orders, trades)) << model.name;
    if (model.one_way) {
      EXPECT_EQ(hash_of(trades), expected) << model.name;
    }
  }
}

// With a pace every order is done once, and none before its time.
TEST(Models, EveryOrderIsDoneAfterItsTime) {
  if (interleave::explores_schedules()) GTEST_SKIP() << "its clock is not the machine's";
  using std::chrono::nanoseconds;
  const Orders orders = recorded_stream(15, 200, 16);
  const Input input(orders, 16, 2);
  for (const Model& model : models()) {
    Pace pace(orders.size(), Pace::Clock::now(), nanoseconds(5'000));
    static_cast<void>(model.run(input, pace));
    for (const nanoseconds late : pace.late_by()) {
      EXPECT_GT(late, nanoseconds(0)) << model.name;
    }
  }
}

}  // namespace
