// Orders that any thread brings, in any order, matched as if one thread had brought them in theirs.
//
//   leader 1 --submit(7, 9)--.                .--> [ symbol 0: next 7, early 9 ] --> its trades
//                             +-- by symbol --+
//   leader 2 --submit(8, 9)--'                '--> [ symbol 1: next 4         ] --> its trades
//
//   order 7 comes: 7 is matched, then 8 or not: 9 waits for it in `early`. The second 9 is a
//   repeat, and nothing happens but that it is counted.
//
// Threads     submit, report: any thread. Construct and destroy while no call is running.
// Progress    Blocking, for as long as it takes to match some orders of the same symbol. No call
//             waits for an order that is still to come.
//
// Invariants
//   I1  Symbol s's trades are those that its orders 0, 1, 2, … make, one after the other,
//       up to the first that is missing: whichever threads bring them, and when.
//   I2  An order is matched once, however often it comes.
//
// Edges       TAKE  a submit unlocks its symbol's mutex  -->  the next call for it locks it
//
// The choice of a model is yours, and defence.toml, beside this file, defends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "course/todo.hpp"
#include "order_book.hpp"

// What has come of one symbol's orders.
struct Report {
  Trades trades;              // of orders 0, 1, 2, …, up to the first that is missing
  std::uint64_t repeats = 0;  // how many orders came that had come before
  // The first number that is missing, if one behind it has come: ask for that order again.
  std::optional<std::uint32_t> missing;
};

class OrderFlow {
 public:
  // For symbols 0 to `symbols` - 1.
  explicit OrderFlow(std::uint32_t symbols) : books_(symbols) {}

  OrderFlow(const OrderFlow&) = delete;
  OrderFlow& operator=(const OrderFlow&) = delete;

  // Takes `order`, the `order.number`-th of its symbol. It may come before those with smaller
  // numbers, and again after it was taken; then it must be equal to the first.
  void submit(const Order& order) {
    // TODO 1: match it in its turn, then those that wait; early: keep; again: count
    course::todo(1, order);
  }

  // What has come of the orders of `symbol` whose submit returned before this call began, and
  // perhaps of others.
  [[nodiscard]] Report report(std::uint32_t symbol) {
    // TODO 1: its trades and repeats, and the number that others wait for
    course::todo(1, symbol);
  }

 private:
  // Written by any thread that holds `mutex`. On cache lines of its own: what one symbol's thread
  // writes must not take a line from another's.
  struct alignas(64) Symbol {
    std::mutex mutex;
    std::uint32_t next = 0;  // the number whose turn it is
    std::map<std::uint32_t, Order> early;
    OrderBook book;
    Trades trades;
    std::uint64_t repeats = 0;
  };

  static void match(Symbol& symbol, const Order& order) {
    symbol.book.execute(order, symbol.trades);
    ++symbol.next;
  }

  std::vector<Symbol> books_;
};
