// Five of the Savina benchmarks for actors (S. Imam and V. Sarkar, 2014), for the pool of
// exercise 7.2. Each returns the seconds from the first message to the last, for fork-join from
// the first actor: a pool's start and end are not in it.
//
// Threads     One thread, the owner, calls; the work is done by `workers` threads.
#pragma once

#include <chrono>
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

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The number of the actor that one of Big's pings next.
inline std::size_t random_peer(std::uint64_t& random) {
  random = random * 6364136223846793005u + 1442695040888963407u;
  return (random >> 33) % kBig;
}

namespace ours {

// Two actors, one message that goes to and fro.
inline double ping_pong(unsigned workers) {
  std::latch done(1);
  ActorPool pool(workers);
  PooledActor<int>* ping = nullptr;
  PooledActor<int>& pong = pool.spawn<int>([&](int left) { ping->send(left); });
  ping = &pool.spawn<int>([&](int left) {
    if (left == 0) return done.count_down();
    pong.send(left - 1);
  });
  const auto start = Clock::now();
  ping->send(kPingPongs);
  done.wait();
  return seconds_since(start);
}

// A token that goes around a ring.
inline double thread_ring(unsigned workers) {
  std::latch done(1);
  ActorPool pool(workers);
  std::vector<PooledActor<int>*> ring(kRing);
  for (std::size_t i = 0; i < kRing; ++i) {
    ring[i] = &pool.spawn<int>([&, next = (i + 1) % kRing](int left) {
      if (left == 0) return done.count_down();
      ring[next]->send(left - 1);
    });
  }
  const auto start = Clock::now();
  ring[0]->send(kHops);
  done.wait();
  return seconds_since(start);
}

// One actor sends many messages to another, which counts.
inline double counting(unsigned workers) {
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
  const auto start = Clock::now();
  producer.send(kCounts);
  done.wait();
  return seconds_since(start);
}

// Many actors are made; each handles one message and is done.
inline double fork_join(unsigned workers) {
  std::latch done(kForks);
  ActorPool pool(workers);
  const auto start = Clock::now();
  for (int i = 0; i < kForks; ++i) {
    pool.spawn<int>([&](int) { done.count_down(); }).send(i);
  }
  done.wait();
  return seconds_since(start);
}

// Ping or pong, of Big.
struct Big {
  std::size_t from;
  bool ping;
};

// Every actor pings one after another of all, at random, as soon as the last one answered.
inline double big(unsigned workers) {
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
  const auto start = Clock::now();
  for (PooledActor<Big>* actor : all) actor->send({0, false});
  done.wait();
  return seconds_since(start);
}

}  // namespace ours
}  // namespace savina
