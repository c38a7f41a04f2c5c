// The workload: orders to buy and to sell, matched by a book for each symbol.
//
//   order 2 buys 10 at 101 --> [ book of its symbol ] --> trade: order 2 buys from order 1, 10
//                                offers: order 1, 10 at 100      at 100, the price that stood
//
// Threads     A book is like an int: one thread at a time, and that is all this lesson is about.
//             The functions may be called by any thread.
// Observable  Each symbol's trades, in their order. It depends on the order in which the symbol's
//             orders come to the book, and on nothing else.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "course/busywork.hpp"

struct Order {
  std::uint32_t id = 0;      // its place in the stream, from 0
  std::uint32_t symbol = 0;  // from 0
  std::uint32_t number = 0;  // among its symbol's orders, from 0
  bool buys = false;
  std::int32_t price = 0;  // the most that a buyer pays, the least that a seller takes
  std::int32_t quantity = 0;
  std::int32_t check = 0;  // what entering it costs, in steps of one to two nanoseconds
};

struct Trade {
  std::uint32_t symbol = 0;
  std::uint32_t number = 0;  // among its symbol's trades, from 0
  std::uint32_t buyer = 0;   // the orders' ids
  std::uint32_t seller = 0;
  std::int32_t price = 0;
  std::int32_t quantity = 0;
  std::uint64_t seal = 0;  // of all that came to its book before, and of this order

  friend bool operator==(const Trade&, const Trade&) = default;
};

using Orders = std::vector<Order>;
using Trades = std::vector<Trade>;

// What rests in the book of one symbol. A plain value: it can be copied, also as bytes.
class OrderBook {
 public:
  //> region execute
  // Matches `order` with the best offers that stand against it, the older first at one price, and
  // appends the trades. What is left of it rests in the book.
  void execute(Order order, Trades& trades) {
    enter(order);
    Side& against = order.buys ? offers_ : bids_;
    while (order.quantity > 0 && against.count > 0) {
      Resting& best = against.resting[against.count - 1];
      if (order.buys ? best.price > order.price : best.price < order.price) break;
      const std::int32_t quantity = std::min(order.quantity, best.quantity);
      const std::uint32_t buyer = order.buys ? order.id : best.id;
      const std::uint32_t seller = order.buys ? best.id : order.id;
      trades.push_back(
          {order.symbol, trades_++, buyer, seller, best.price, quantity, seal_});
      order.quantity -= quantity;
      best.quantity -= quantity;
      if (best.quantity == 0) --against.count;
    }
    if (order.quantity > 0) rest(order);
  }
  //<

 private:
  // A side keeps its best orders, and gives up the worst: a book does not grow.
  static constexpr std::size_t kDepth = 16;

  struct Resting {
    std::uint32_t id = 0;
    std::int32_t price = 0;
    std::int32_t quantity = 0;
  };
  struct Side {
    std::size_t count = 0;
    Resting resting[kDepth];  // the best last; of those at one price the oldest last
  };

  // Work that needs the book as the orders before left it: a chain of seals, as exchanges keep
  // one to prove afterwards what came when. None where the order has no check.
  void enter(const Order& order) {
    if (order.check == 0) return;
    seal_ = course::busywork((seal_ ^ order.id) | 1, order.check);
  }

  void rest(const Order& order) {
    Side& side = order.buys ? bids_ : offers_;
    const auto better = [&order](const Resting& other) {
      return order.buys ? other.price >= order.price : other.price <= order.price;
    };
    Resting* const end = side.resting + side.count;
    Resting* const place = std::find_if(side.resting, end, better);
    if (side.count < kDepth) {
      std::move_backward(place, end, end + 1);
      *place = {order.id, order.price, order.quantity};
      ++side.count;
    } else if (place != side.resting) {
      std::move(side.resting + 1, place, side.resting);
      *(place - 1) = {order.id, order.price, order.quantity};
    }
  }

  Side bids_;
  Side offers_;
  std::uint64_t seal_ = 0;
  std::uint32_t trades_ = 0;
};

// `count` orders for `symbols` symbols, each with that `check`: the same for the same seed, on
// every machine.
[[nodiscard]] inline Orders recorded_stream(std::uint64_t seed, std::size_t count,
                                            std::uint32_t symbols,
                                            std::int32_t check = 0) {
  std::mt19937_64 random(seed);
  const auto below = [&random](std::uint64_t end) {
    return static_cast<std::uint32_t>(random() % end);
  };
  Orders orders(count);
  std::vector<std::uint32_t> of_symbol(symbols);
  for (std::size_t i = 0; i < count; ++i) {
    Order& order = orders[i];
    order.id = static_cast<std::uint32_t>(i);
    order.symbol = below(symbols);
    order.number = of_symbol[order.symbol]++;
    order.buys = below(2) == 0;
    order.price = 90 + static_cast<std::int32_t>(below(21));
    order.quantity = 1 + static_cast<std::int32_t>(below(10));
    order.check = check;
  }
  return orders;
}

// Dealt like cards: order n to part n modulo `parts`. A symbol's orders are in all parts.
[[nodiscard]] inline std::vector<Orders> dealt(const Orders& orders, std::size_t parts) {
  std::vector<Orders> all(parts);
  for (const Order& order : orders) all[order.id % parts].push_back(order);
  return all;
}

// Symbol n to part n modulo `parts`: a symbol's orders are in one part, in their order.
[[nodiscard]] inline std::vector<Orders> by_symbol(const Orders& orders,
                                                   std::size_t parts) {
  std::vector<Orders> all(parts);
  for (const Order& order : orders) all[order.symbol % parts].push_back(order);
  return all;
}

// The trades of several threads as they are observed: symbol by symbol, in their order.
[[nodiscard]] inline Trades observed(const std::vector<Trades>& of_threads) {
  Trades all;
  for (const Trades& some : of_threads) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end(), [](const Trade& one, const Trade& other) {
    return one.symbol != other.symbol ? one.symbol < other.symbol
                                      : one.number < other.number;
  });
  return all;
}

// What one thread makes of the stream: the expected output.
[[nodiscard]] inline Trades sequential(const Orders& orders, std::uint32_t symbols) {
  std::vector<OrderBook> books(symbols);
  std::vector<Trades> trades(1);
  for (const Order& order : orders) books[order.symbol].execute(order, trades[0]);
  return observed(trades);
}

// Of what is observed, all of it (FNV-1a, word by word).
[[nodiscard]] inline std::uint64_t hash_of(const Trades& trades) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&hash](std::uint32_t word) { hash = (hash ^ word) * 0x100000001b3u; };
  for (const Trade& trade : trades) {
    add(trade.symbol);
    add(trade.number);
    add(trade.buyer);
    add(trade.seller);
    add(static_cast<std::uint32_t>(trade.price));
    add(static_cast<std::uint32_t>(trade.quantity));
    add(static_cast<std::uint32_t>(trade.seal));
  }
  return hash;
}

// Whether `trades` could come of `orders` in some order of arrival: no order trades more than
// it has, buys where it sells, or trades at a price that it does not accept; each symbol's trades
// are numbered without a gap. This holds for every model, also for one with many outcomes.
[[nodiscard]] inline bool is_sound(const Orders& orders, const Trades& trades) {
  std::vector<std::int32_t> left(orders.size());
  for (const Order& order : orders) left[order.id] = order.quantity;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < trades.size(); ++i) {
    const Trade& trade = trades[i];
    number = i > 0 && trades[i - 1].symbol == trade.symbol ? number + 1 : 0;
    const Order& buyer = orders[trade.buyer];
    const Order& seller = orders[trade.seller];
    const bool fits = trade.number == number && buyer.buys && !seller.buys &&
                      buyer.symbol == trade.symbol && seller.symbol == trade.symbol &&
                      seller.price <= trade.price && trade.price <= buyer.price;
    left[trade.buyer] -= trade.quantity;
    left[trade.seller] -= trade.quantity;
    if (!fits || left[trade.buyer] < 0 || left[trade.seller] < 0) return false;
  }
  return true;
}
