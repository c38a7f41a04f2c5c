// One workload, and every model of the course: a function for each.
//
//   orders, dealt beforehand --> model --> each thread's trades --> observed() --> hash
//
//   dealt like cards   locked pool, snapshots, stateless workers: any worker takes any order
//   one stream         line, channels: a source, and a thread that matches, or several
//   by symbol          actors, functions, shards: a symbol's orders have one way to go
//
// Threads     Each function starts its threads and has joined them when it returns; the caller
//             is one of them where a model has a source.
// Progress    Each thread has its part before it begins: no model pays for a feeder.
//
// Invariants
//   I1  What a model is made of is the course's own: the references of lessons 1, 4, 5, 7, 8, 11
//       and 12, and the solution of exercises 3.2 and 4.1. What stands here is only their use.
//   I2  A book is used by one thread at a time, or is not changed.
//   I3  Every trade is in the list of one thread, with its number among its symbol's.
//
// Edges       The models' own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../solutions/03-persistent-structures/snapshot_store.hpp"
#include "../../solutions/04-stateless-workers/optimistic_update.hpp"
#include "../01-parallel-workers/parallel_workers.hpp"
#include "../03-persistent-structures/persistent_structures.hpp"
#include "../04-stateless-workers/memory_store.hpp"
#include "../05-assembly-line/assembly_line.hpp"
#include "../07-actors/actors.hpp"
#include "../08-channels/channels.hpp"
#include "../11-functional/functional.hpp"
#include "../12-same-threading/same_threading.hpp"
#include "order_book.hpp"
#include "pace.hpp"

// The orders as a model wants them.
struct Input {
  Input(const Orders& orders, std::uint32_t symbols_in, std::size_t threads_in)
      : symbols(symbols_in),
        threads(threads_in),
        stream(orders),
        as_dealt(dealt(orders, threads)),
        of_symbols(by_symbol(orders, threads)) {}

  std::uint32_t symbols;
  std::size_t threads;  // that match
  Orders stream;
  std::vector<Orders> as_dealt;
  std::vector<Orders> of_symbols;
};

namespace choosing {

// What the threads of `futures` return.
template <typename Future>
[[nodiscard]] std::vector<Trades> results(std::vector<Future>& futures) {
  std::vector<Trades> all;
  for (Future& future : futures) all.push_back(future.get());
  return all;
}

//> region loop
// No model: one thread, in a loop. What each of the others is measured by.
inline std::vector<Trades> one_thread(const Input& input, Pace& pace) {
  std::vector<OrderBook> books(input.symbols);
  std::vector<Trades> trades(1);
  for (const Order& order : input.stream) {
    pace.await(order.id);
    books[order.symbol].execute(order, trades[0]);
    pace.done(order.id);
  }
  return trades;
}
//<

//> region pool
// Lessons 1 and 2: workers, and one lock before all books.
inline std::vector<Trades> locked_pool(const Input& input, Pace& pace) {
  std::mutex mutex;
  std::vector<OrderBook> books(input.symbols);
  ParallelWorkers<Trades> workers(static_cast<unsigned>(input.threads));
  std::vector<std::future<Trades>> futures;
  for (const Orders& part : input.as_dealt) {
    futures.push_back(workers.submit([&mutex, &books, &part, &pace] {
      Trades trades;
      for (const Order& order : part) {
        pace.await(order.id);
        const std::scoped_lock lock(mutex);
        books[order.symbol].execute(order, trades);
        pace.done(order.id);
      }
      return trades;
    }));
  }
  return results(futures);
}
//<

//> region snapshots
// Lesson 3: every order makes a new version of all books, in place of the one that it read.
inline std::vector<Trades> snapshots(const Input& input, Pace& pace) {
  using Books = PersistentVector<std::shared_ptr<const OrderBook>>;
  Books empty;
  for (std::uint32_t symbol = 0; symbol < input.symbols; ++symbol) {
    empty = empty.push_back(std::make_shared<const OrderBook>());
  }
  SnapshotStore<Books> store(std::move(empty));
  std::vector<Trades> trades(input.threads);
  {
    std::vector<std::jthread> writers;
    for (std::size_t self = 0; self < input.threads; ++self) {
      writers.emplace_back([&input, &pace, &store, &trades = trades[self], self] {
        for (const Order& order : input.as_dealt[self]) {
          pace.await(order.id);
          const std::size_t known = trades.size();
          store.update([&](const Books& books) {
            trades.resize(known);  // an attempt that was overtaken made no trades
            OrderBook book = *books[order.symbol];
            book.execute(order, trades);
            return books.set(order.symbol, std::make_shared<const OrderBook>(book));
          });
          pace.done(order.id);
        }
      });
    }
  }
  return trades;
}
//<

//> region stateless
// Lesson 4: workers that keep nothing; a book is bytes under its symbol's key.
inline std::vector<Trades> stateless(const Input& input, Pace& pace) {
  static_assert(std::is_trivially_copyable_v<OrderBook>);
  MemoryStore store;
  ParallelWorkers<Trades> workers(static_cast<unsigned>(input.threads));
  std::vector<std::future<Trades>> futures;
  for (const Orders& part : input.as_dealt) {
    futures.push_back(workers.submit([&store, &part, &pace] {
      const std::unique_ptr<Session> session = store.connect();
      Trades trades;
      for (const Order& order : part) {
        pace.await(order.id);
        const std::size_t known = trades.size();
        const auto change = [&](const std::string& bytes) {
          trades.resize(known);
          OrderBook book;
          if (!bytes.empty()) std::memcpy(&book, bytes.data(), sizeof book);
          book.execute(order, trades);
          std::string changed(sizeof book, '\0');
          std::memcpy(changed.data(), &book, sizeof book);
          return std::optional(std::move(changed));
        };
        optimistic_update(*session, std::to_string(order.symbol), change);
        pace.done(order.id);
      }
      return trades;
    }));
  }
  return results(futures);
}
//<

//> region line
// Lesson 5: a source, a stage that checks, a stage that matches, and a sink that keeps the trades.
inline std::vector<Trades> line(const Input& input, Pace& pace) {
  struct Matched {
    std::uint32_t id;
    Trades trades;
  };
  const auto check = [symbols = input.symbols](Order order) {
    if (order.symbol >= symbols) order.quantity = 0;
    return order;
  };
  const auto match = [books =
                          std::vector<OrderBook>(input.symbols)](Order order) mutable {
    Matched matched{order.id, {}};
    books[order.symbol].execute(order, matched.trades);
    return matched;
  };
  auto belts = AssemblyLine<Order>(256).then(check).then(match);
  std::jthread source([&] {
    for (const Order& order : input.stream) {
      pace.await(order.id);
      belts.put(order);
    }
    belts.finish();
  });
  std::vector<Trades> trades(1);
  while (const auto matched = belts.take()) {
    trades[0].insert(trades[0].end(), matched->trades.begin(), matched->trades.end());
    pace.done(matched->id);
  }
  return trades;
}
//<

//> region actors
// Lesson 7: actors, each with the books of its symbols, and a sender for each part.
inline std::vector<Trades> actors(const Input& input, Pace& pace) {
  std::vector<Trades> trades(input.threads);
  std::vector<std::unique_ptr<Actor<Order>>> all;
  for (Trades& own : trades) {
    auto books = std::vector<OrderBook>(input.symbols);
    all.push_back(std::make_unique<Actor<Order>>(
        [&own, &pace, books = std::move(books)](Order order) mutable {
          books[order.symbol].execute(order, own);
          pace.done(order.id);
        }));
  }
  std::vector<std::jthread> senders;
  for (std::size_t part = 0; part < input.threads; ++part) {
    senders.emplace_back([&pace, &all, &orders = input.of_symbols[part]] {
      for (const Order& order : orders) {
        pace.await(order.id);
        all[order.symbol % all.size()]->send(order);
      }
    });
  }
  senders.clear();
  all.clear();  // each handles what was sent to it, and ends
  return trades;
}
//<

//> region channels
// Lesson 8: one topic for all orders; each subscriber takes those of its symbols.
inline std::vector<Trades> channels(const Input& input, Pace& pace) {
  Topic<Order> topic;
  std::vector<Trades> trades(input.threads);
  std::vector<std::jthread> subscribers;
  for (std::size_t self = 0; self < input.threads; ++self) {
    auto subscription = topic.subscribe(256, Slow::kWait);
    subscribers.emplace_back([&input, &pace, &own = trades[self], self,
                              subscription = std::move(subscription)]() mutable {
      std::vector<OrderBook> books(input.symbols);
      while (const auto order = subscription.receive()) {
        if (order->symbol % input.threads != self) continue;
        books[order->symbol].execute(*order, own);
        pace.done(order->id);
      }
    });
  }
  for (const Order& order : input.stream) {
    pace.await(order.id);
    topic.publish(order);
  }
  topic.close();
  return subscribers.clear(), trades;
}
//<

//> region functional
// Lesson 11: a call gets copies of its books and of the orders that are due, and gives the books
// as they are then, and the trades.
inline std::vector<Trades> functional(const Input& input, Pace& pace) {
  struct State {
    std::vector<OrderBook> books;
    Orders orders;
    Trades trades;
  };
  const auto match = [](State state) {
    state.trades.clear();
    for (const Order& order : state.orders) {
      state.books[order.symbol].execute(order, state.trades);
    }
    return state;
  };
  constexpr std::size_t kBatch = 4096;
  ParallelWorkers<std::vector<State>> workers(static_cast<unsigned>(input.threads));
  std::vector<State> states(input.threads);
  for (State& state : states) state.books.resize(input.symbols);
  std::vector<std::size_t> next(input.threads);
  std::vector<Trades> trades(1);
  for (std::size_t left = input.stream.size(); left > 0;) {
    for (std::size_t part = 0; part < input.threads; ++part) {
      const Orders& orders = input.of_symbols[part];
      states[part].orders.clear();
      while (next[part] < orders.size() && states[part].orders.size() < kBatch &&
             pace.is_due(orders[next[part]].id)) {
        states[part].orders.push_back(orders[next[part]++]);
      }
      left -= states[part].orders.size();
    }
    states = map<State, State>(workers, states, 1, match);
    for (const State& state : states) {
      trades[0].insert(trades[0].end(), state.trades.begin(), state.trades.end());
      for (const Order& order : state.orders) pace.done(order.id);
    }
  }
  return trades;
}
//<

//> region shards
// Lesson 12: each shard has the books of its symbols, and its orders are made there.
inline std::vector<Trades> shards(const Input& input, Pace& pace) {
  using Books = std::vector<OrderBook>;
  SameThreading<Books> system(input.threads);
  std::vector<std::future<Trades>> futures;
  for (std::size_t self = 0; self < input.threads; ++self) {
    futures.push_back(system.ask(self, [&input, &pace, self](Books& books) {
      books.resize(input.symbols);
      Trades trades;
      for (const Order& order : input.of_symbols[self]) {
        pace.await(order.id);
        books[order.symbol].execute(order, trades);
        pace.done(order.id);
      }
      return trades;
    }));
  }
  return results(futures);
}
//<

}  // namespace choosing

struct Model {
  const char* name;
  const char* region;  // of this file: the model's own lines
  std::vector<Trades> (*run)(const Input&, Pace&);
  bool one_way;  // from a symbol's source to its book, so that it has one outcome
};

// The loop, then the models in the order of their lessons.
[[nodiscard]] inline const std::vector<Model>& models() {
  static const std::vector<Model> all = {
      {"one thread", "loop", choosing::one_thread, true},
      {"locked pool", "pool", choosing::locked_pool, false},
      {"snapshots", "snapshots", choosing::snapshots, false},
      {"stateless", "stateless", choosing::stateless, false},
      {"line", "line", choosing::line, true},
      {"actors", "actors", choosing::actors, true},
      {"channels", "channels", choosing::channels, true},
      {"functions", "functional", choosing::functional, true},
      {"shards", "shards", choosing::shards, true},
  };
  return all;
}
