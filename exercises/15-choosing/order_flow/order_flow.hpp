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
// The model is yours to choose; defence.toml, beside this file, defends the choice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

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
  explicit OrderFlow(std::uint32_t symbols) {
    // TODO 1: make what your model needs: books, and what guards or owns them
    course::todo(1, symbols);
  }

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
  // What your model keeps. A thread of its own needs a destructor that ends it.
};
