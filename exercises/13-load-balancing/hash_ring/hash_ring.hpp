// Which service has a key: consistent hashing (Karger and others, 1997).
//
//              a        b   a      c     b         c
//        0 ----*--------*---*------*-----*---------*---- 2^64 - 1, and on at 0
//                  ^
//                  key: the next point is b's, and so is the key
//
// Threads     add, remove: one thread, while no other thread uses the ring. All else: any.
// Progress    A look-up takes a time that grows with the logarithm of the number of points.
//
// Invariants
//   I1  points_ is in order, by place and where two points share one by the service's name: it
//       depends on which services there are, and on nothing else.
//   I2  Each service has points_each_ points, at places that its name alone decides.
//
// Left out    Weights; bounded loads, where a full service passes a key on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "course/todo.hpp"
#include "hash64.hpp"

// `Hash` gives each text a place on the ring.
template <typename Hash = Hash64>
class HashRing {
 public:
  explicit HashRing(std::size_t points_each = 256) : points_each_(points_each) {}

  HashRing(const HashRing&) = delete;
  HashRing& operator=(const HashRing&) = delete;

  // Adds a service; one that is there already changes nothing.
  void add(const std::string& service) {
    const auto [added, is_new] = services_.insert(service);
    if (is_new) add_points(*added);
  }

  // Removes a service; one that is not there changes nothing.
  void remove(const std::string& service) {
    const auto removed = services_.find(service);
    if (removed == services_.end()) return;
    remove_points(*removed);
    services_.erase(removed);
  }

  [[nodiscard]] std::size_t size() const { return services_.size(); }

  // The service that has `key`; null if there is none. Valid until that service is removed.
  [[nodiscard]] const std::string* owner(std::string_view key) const {
    // TODO 1: the next point, and after the last one the first
    course::todo(1, key, points_);
  }

  // The first `count` different services from the key's place on, its owner first; all of them
  // if there are fewer. Where the owner is dead, the key is looked for at the next one.
  [[nodiscard]] std::vector<std::string> owners(std::string_view key,
                                                std::size_t count) const;

 private:
  struct Point {
    std::uint64_t place = 0;
    const std::string* service = nullptr;  // in services_
  };

  // The place of a service's point number `i`.
  static std::uint64_t place_of(const std::string& service, std::size_t i) {
    return Hash()(service + "#" + std::to_string(i));
  }

  // Adds the points of `service`, which is in services_ now (I1, I2).
  void add_points(const std::string& service) {
    // TODO 1: many for each, and in one order
    course::todo(1, service, points_, points_each_);
  }

  // Removes them; `service` is still in services_.
  void remove_points(const std::string& service) {
    // TODO 2: its own, and no other
    course::todo(2, service, points_);
  }

  // The index of the first point at `place` or after it; of the first one if there is none.
  // There is a point.
  [[nodiscard]] std::size_t next_point(std::uint64_t place) const {
    // TODO 1: points_ is in order, so you need not look at all of it
    course::todo(1, place, points_);
  }

  const std::size_t points_each_;
  std::set<std::string> services_;
  std::vector<Point> points_;
};

template <typename Hash>
std::vector<std::string> HashRing<Hash>::owners(std::string_view key,
                                                std::size_t count) const {
  // TODO 3: once around at most, and no service twice
  course::todo(3, key, count, points_);
}
