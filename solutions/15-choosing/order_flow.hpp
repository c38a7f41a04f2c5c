// Orders that any thread brings, in any order, matched as if one thread had brought them in theirs.
//
//   leader 1 --submit(7), submit(9)--.
//                                     +--> your model --> the trades of 7, 8, 9, in this order
//   leader 2 --submit(9), submit(8)--'                    and one repeat: 9 came twice
//
// Threads     submit, report: any thread. Construct and destroy while no call is running.
// Progress    No call waits for an order that is still to come.
//
// Invariants
//   I1  Symbol s's trades are those that its orders 0, 1, 2, … make, one after the other,
//       up to the first that is missing: whichever threads bring them, and when.
//   I2  An order is matched once, however often it comes.
//
//> hide
// Edges       TAKE  a submit unlocks its symbol's mutex  -->  the next call for it locks it
//
//<
// The model is yours to choose; defence.toml, beside this file, defends the choice.
#pragma once

#include <cstddef>
#include <cstdint>
//> hide
#include <map>
#include <memory>
#include <mutex>
//<
#include <optional>

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
  explicit OrderFlow(std::uint32_t symbols) {
    //> step 1(symbols): make what your model needs: books, and what guards or owns them
    books_ = std::make_unique<Symbol[]>(symbols);
    //<
  }

  OrderFlow(const OrderFlow&) = delete;
  OrderFlow& operator=(const OrderFlow&) = delete;

  // Takes `order`, the `order.number`-th of its symbol. It may come before those with smaller
  // numbers, and again after it was taken; then it must be equal to the first.
  void submit(const Order& order) {
    //> step 1(order): match it in its turn, then those that wait; early: keep; again: count
    Symbol& symbol = books_[order.symbol];
    const std::scoped_lock lock(symbol.mutex);
    if (order.number < symbol.next || symbol.early.count(order.number) > 0) {
      ++symbol.repeats;
      return;
    }
    if (order.number > symbol.next) {
      symbol.early.emplace(order.number, order);
      return;
    }
    match(symbol, order);
    while (!symbol.early.empty() && symbol.early.begin()->first == symbol.next) {
      match(symbol, symbol.early.begin()->second);
      symbol.early.erase(symbol.early.begin());
    }
    //<
  }

  // What has come of the orders of `symbol` whose submit returned before this call began, and
  // perhaps of others.
  [[nodiscard]] Report report(std::uint32_t symbol) {
    //> step 1(symbol): its trades and repeats, and the number that others wait for
    Symbol& asked = books_[symbol];
    const std::scoped_lock lock(asked.mutex);
    Report report{asked.trades, asked.repeats, std::nullopt};
    if (!asked.early.empty()) report.missing = asked.next;
    return report;
    //<
  }

 private:
  // What your model keeps. A thread of its own needs a destructor that ends it.
  //> hide

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

  std::unique_ptr<Symbol[]> books_;
  //<
};
