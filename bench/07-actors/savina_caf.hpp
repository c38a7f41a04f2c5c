// The same five benchmarks for CAF, the C++ Actor Framework.
#pragma once

#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <vector>

#include "savina.hpp"

namespace savina::caf_actors {

// CAF with a number of workers.
class System {
 public:
  explicit System(unsigned workers) : system_(with(config_, workers)) {}
  caf::actor_system* operator->() { return &system_; }

 private:
  static caf::actor_system_config& with(caf::actor_system_config& config,
                                        unsigned workers) {
    config.set("scheduler.max-threads", static_cast<std::size_t>(workers));
    return config;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
};

// An actor that does `handle` for each message, until it is told to end.
template <typename Message, typename Handle>
caf::actor spawn(System& system, Handle handle) {
  return system->spawn([handle](caf::event_based_actor* self) -> caf::behavior {
    return {[self, handle](Message message) mutable { handle(self, message); }};
  });
}

// Tells each of them to end. Not `end`: std::end would be the better match for a vector.
inline void stop(const std::vector<caf::actor>& actors) {
  for (const caf::actor& actor : actors) {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
}

inline double ping_pong(unsigned workers) {
  std::latch done(1);
  System system(workers);
  caf::actor ping;
  const caf::actor pong = spawn<int>(
      system, [&](caf::event_based_actor* self, int left) { self->send(ping, left); });
  ping = spawn<int>(system, [&, pong](caf::event_based_actor* self, int left) {
    if (left == 0) return done.count_down();
    self->send(pong, left - 1);
  });
  const auto start = Clock::now();
  caf::anon_send(ping, int{kPingPongs});
  done.wait();
  const double seconds = seconds_since(start);
  stop({ping, pong});
  system->await_all_actors_done();
  return seconds;
}

inline double thread_ring(unsigned workers) {
  std::latch done(1);
  System system(workers);
  std::vector<caf::actor> ring(kRing);
  for (std::size_t i = 0; i < kRing; ++i) {
    ring[i] = spawn<int>(
        system, [&, next = (i + 1) % kRing](caf::event_based_actor* self, int left) {
          if (left == 0) return done.count_down();
          self->send(ring[next], left - 1);
        });
  }
  const auto start = Clock::now();
  caf::anon_send(ring[0], int{kHops});
  done.wait();
  const double seconds = seconds_since(start);
  stop(ring);
  system->await_all_actors_done();
  return seconds;
}

inline double counting(unsigned workers) {
  std::latch done(1);
  System system(workers);
  std::int64_t count = 0;
  const caf::actor counter = spawn<int>(system, [&](caf::event_based_actor*, int amount) {
    if (amount == 0) return done.count_down();
    count += amount;
  });
  const caf::actor producer =
      spawn<int>(system, [counter](caf::event_based_actor* self, int times) {
        for (int i = 0; i < times; ++i) self->send(counter, 1);
        self->send(counter, 0);
      });
  const auto start = Clock::now();
  caf::anon_send(producer, int{kCounts});
  done.wait();
  const double seconds = seconds_since(start);
  stop({counter, producer});
  system->await_all_actors_done();
  return seconds;
}

inline double fork_join(unsigned workers) {
  std::latch done(kForks);
  System system(workers);
  const auto start = Clock::now();
  for (int i = 0; i < kForks; ++i) {
    const caf::actor actor = spawn<int>(system, [&](caf::event_based_actor* self, int) {
      done.count_down();
      self->quit();
    });
    caf::anon_send(actor, i);
  }
  done.wait();
  const double seconds = seconds_since(start);
  system->await_all_actors_done();
  return seconds;
}

inline double big(unsigned workers) {
  std::latch done(kBig);
  System system(workers);
  std::vector<caf::actor> all(kBig);
  for (std::size_t i = 0; i < kBig; ++i) {
    // A number that is not negative is a ping, and says from whom; -1 is a pong.
    all[i] = spawn<int>(system, [&, i, left = kPings, random = std::uint64_t{i}](
                                    caf::event_based_actor* self, int from) mutable {
      if (from >= 0) return self->send(all[static_cast<std::size_t>(from)], -1);
      if (left-- == 0) return done.count_down();
      self->send(all[random_peer(random)], static_cast<int>(i));
    });
  }
  const auto start = Clock::now();
  for (const caf::actor& actor : all) caf::anon_send(actor, -1);
  done.wait();
  const double seconds = seconds_since(start);
  stop(all);
  system->await_all_actors_done();
  return seconds;
}

}  // namespace savina::caf_actors
