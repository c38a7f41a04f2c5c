// Which of several services gets the next request: of two drawn at random the one with fewer
// requests under way (Mitzenmacher, 1996), and none that is dead.
//
//                 take                        succeeded
//   request --> [ two of those alive ] --> service --> back, alive
//                                             |
//                                             +------> back; several in a row: dead for a while,
//                                        failed        then one request on trial
//
// Threads     One: that of the balancer's loop. A Request lives no longer than its balancer.
// Progress    No call blocks; take looks at each service once.
//
// Invariants
//   I1  under_way of a service is the number of its Requests that have not ended. Each ends
//       once: by succeeded, by failed, or by its destructor, which counts as failed.
//   I2  A service is dead from its failures-th failure in a row on, until a request that was
//       sent to it since then has succeeded. It gets none before its pause is over, and then
//       one at a time. How an earlier one ends changes under_way and nothing else.
//   I3  Each failed trial doubles the pause, up to Options::longest_pause.
//
// Left out    Health checks of its own, weights, and services that come and go.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "course/todo.hpp"

class Balancer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  struct Options {
    int failures = 3;  // in a row: then it is dead; 0: it never is
    Milliseconds first_pause{100};
    Milliseconds longest_pause{10'000};
  };

  // A request that is under way. Say how it ended; one that is dropped has failed, now.
  class Request {
   public:
    Request(Balancer& balancer, std::size_t service)
        : balancer_(&balancer),
          service_(service),
          deaths_(balancer.services_[service].deaths) {
      ++balancer_->services_[service_].under_way;
    }
    Request(Request&& other) noexcept
        : balancer_(std::exchange(other.balancer_, nullptr)),
          service_(other.service_),
          deaths_(other.deaths_) {}
    Request& operator=(Request&&) = delete;
    ~Request() {
      if (balancer_ != nullptr) end(false, balancer_->last_now_);
    }

    // The index of the service that it goes to.
    [[nodiscard]] std::size_t service() const { return service_; }

    // At `now` it was answered. Nothing may be called afterwards.
    void succeeded(TimePoint now) { end(true, now); }

    // At `now` it was given up: no connection, an error, no answer in time. As above.
    void failed(TimePoint now) { end(false, now); }

   private:
    // It is no longer under way, and the balancer hears how it ended.
    void end(bool well, TimePoint now) {
      // TODO 1: given back once, however it ended
      course::todo(1, well, now, balancer_);
    }

    Balancer* balancer_;  // null once it has ended
    std::size_t service_;
    std::uint64_t deaths_;  // of the service, when this was sent
  };

  // The draws follow from `seed`.
  Balancer(std::size_t services, std::uint64_t seed, Options options)
      : options_(options), services_(services), random_(seed) {}
  Balancer(std::size_t services, std::uint64_t seed)
      : Balancer(services, seed, Options()) {}

  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;

  // Begins a request at `now`, which never goes back. Nothing if no service may get one.
  [[nodiscard]] std::optional<Request> take(TimePoint now) {
    last_now_ = now;
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < services_.size(); ++i) {
      if (services_[i].dead && may_be_tried(services_[i], now)) {
        services_[i].on_trial = true;
        return Request(*this, i);
      }
      if (!services_[i].dead) candidates.push_back(i);
    }
    if (candidates.empty()) return std::nullopt;
    if (candidates.size() == 1) return Request(*this, candidates.front());
    return Request(*this, choose(candidates));
  }

  [[nodiscard]] std::size_t under_way(std::size_t service) const {
    return services_[service].under_way;
  }
  [[nodiscard]] bool dead(std::size_t service) const { return services_[service].dead; }

 private:
  struct Service {
    std::size_t under_way = 0;
    int failures = 0;          // in a row
    std::uint64_t deaths = 0;  // how often a pause began
    bool dead = false;
    // While it is dead:
    TimePoint until{};      // no request before
    Milliseconds pause{0};  // how long this time
    bool on_trial = false;  // a request is out to see how it is
  };

  // Draws two different ones of `candidates`, of which there are two or more, each pair as
  // likely as any other, and returns the one with fewer requests under way; of two with as many
  // the one drawn first, which may be either.
  std::size_t choose(const std::vector<std::size_t>& candidates) {
    // TODO 2: two draws, and never the same one twice
    course::todo(2, candidates, random_);
  }

  void ended(std::size_t service, std::uint64_t deaths, bool well, TimePoint now) {
    if (options_.failures > 0) note(service, deaths, well, now);
  }

  // A request to the service with that index has ended, well or not, at `now` (I2, I3). It was
  // sent when the service had died `deaths` times.
  void note(std::size_t index, std::uint64_t deaths, bool well, TimePoint now) {
    // TODO 3: when is it dead, for how long, and when no more?
    course::todo(3, index, deaths, well, now);
  }

  // Whether `service`, which is dead, may have one request now, to see how it is.
  [[nodiscard]] static bool may_be_tried(const Service& service, TimePoint now) {
    // TODO 3: its pause is over, and no other request is out
    course::todo(3, service, now);
  }

  // A number below `count`, each as likely as any other.
  std::size_t draw(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }

  const Options options_;
  std::vector<Service> services_;
  std::mt19937_64 random_;
  TimePoint last_now_{};
};
