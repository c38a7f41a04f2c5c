// Five of the Savina benchmarks for actors (S. Imam and V. Sarkar, 2014), for the pool of
// exercise 7.2, and how to start many idle actors. Each returns the number of messages handled.
//
// Threads     One thread, the owner, calls; the work is done by `workers` threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <latch>
#include <vector>

#include "../../solutions/07-actors/activation.hpp"

namespace savina {

// How much each benchmark does, for all libraries.
constexpr int kPingPongs = 40'000;
constexpr int kRing = 100;
constexpr int kHops = 100'000;
constexpr int kCounts = 200'000;
constexpr int kForks = 40'000;
constexpr int kBig = 120;
constexpr int kPings = 1'000;

// Whom the actor `from` of Big pings next.
inline std::size_t random_peer(std::uint64_t& random) {
  random = random * 6364136223846793005u + 1442695040888963407u;
  return (random >> 33) % kBig;
}

namespace ours {

// Two actors, one message that goes to and fro.
inline std::int64_t ping_pong(unsigned workers) {
  std::latch done(1);
  ActorPool pool(workers);
  PooledActor<int>* ping = nullptr;
  PooledActor<int>& pong = pool.spawn<int>([&](int left) { ping->send(left); });
  ping = &pool.spawn<int>([&](int left) {
    if (left == 0) return done.count_down();
    pong.send(left - 1);
  });
  ping->send(kPingPongs);
  done.wait();
  return std::int64_t{2} * kPingPongs;
}

// A token that goes round a ring.
inline std::int64_t thread_ring(unsigned workers) {
  std::latch done(1);
  ActorPool pool(workers);
  std::vector<PooledActor<int>*> ring(kRing);
  for (std::size_t i = 0; i < kRing; ++i) {
    ring[i] = &pool.spawn<int>([&, next = (i + 1) % kRing](int left) {
      if (left == 0) return done.count_down();
      ring[next]->send(left - 1);
    });
  }
  ring[0]->send(kHops);
  done.wait();
  return kHops;
}

// One actor sends many messages to another, which counts.
inline std::int64_t counting(unsigned workers) {
  std::latch done(1);
  ActorPool pool(workers);
  std::int64_t count = 0;
  PooledActor<int>& counter = pool.spawn<int>([&](int amount) {
    if (amount == 0) return done.count_down();
    count += amount;
  });
  PooledActor<int>& producer = pool.spawn<int>([&](int times) {
    for (int i = 0; i < times; ++i) counter.send(1);
    counter.send(0);
  });
  producer.send(kCounts);
  done.wait();
  return count;
}

// Many actors are made; each handles one message and is done.
inline std::int64_t fork_join(unsigned workers) {
  std::latch done(kForks);
  ActorPool pool(workers);
  for (int i = 0; i < kForks; ++i) {
    pool.spawn<int>([&](int) { done.count_down(); }).send(i);
  }
  done.wait();
  return kForks;
}

// Ping or pong, of Big.
struct Big {
  std::size_t from;
  bool ping;
};

// Every actor pings one after another of all, at random, as soon as the last one answered.
inline std::int64_t big(unsigned workers) {
  std::latch done(kBig);
  ActorPool pool(workers);
  std::vector<PooledActor<Big>*> all(kBig);
  for (std::size_t i = 0; i < kBig; ++i) {
    all[i] = &pool.spawn<Big>(
        [&, i, left = kPings, random = std::uint64_t{i}](Big message) mutable {
          if (message.ping) return all[message.from]->send({i, false});
          if (left-- == 0) return done.count_down();
          all[random_peer(random)]->send({i, true});
        });
  }
  for (PooledActor<Big>* actor : all) actor->send({0, false});
  done.wait();
  return std::int64_t{2} * kBig * kPings;
}

}  // namespace ours
}  // namespace savina
