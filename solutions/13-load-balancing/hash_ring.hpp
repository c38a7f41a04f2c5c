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
    //> step 1(key, points_): the next point, and after the last one the first
    if (points_.empty()) return nullptr;
    return points_[next_point(Hash()(key))].service;
    //<
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
    //> step 1(service, points_, points_each_): many for each, and in one order
    for (std::size_t i = 0; i < points_each_; ++i) {
      points_.push_back({place_of(service, i), &service});
    }
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
      return a.place != b.place ? a.place < b.place : *a.service < *b.service;
    });
    //<
  }

  // Removes them; `service` is still in services_.
  void remove_points(const std::string& service) {
    //> step 2(service, points_): its own, and no other
    std::erase_if(points_, [&](const Point& p) { return p.service == &service; });
    //<
  }

  // The index of the first point at `place` or after it; of the first one if there is none.
  // There is a point.
  [[nodiscard]] std::size_t next_point(std::uint64_t place) const {
    //> step 1(place, points_): points_ is in order, so you need not look at all of it
    const auto next = std::lower_bound(
        points_.begin(), points_.end(), place,
        [](const Point& point, std::uint64_t least) { return point.place < least; });
    return next == points_.end() ? 0 : static_cast<std::size_t>(next - points_.begin());
    //<
  }

  const std::size_t points_each_;
  std::set<std::string> services_;
  std::vector<Point> points_;
};

template <typename Hash>
std::vector<std::string> HashRing<Hash>::owners(std::string_view key,
                                                std::size_t count) const {
  //> step 3(key, count, points_): once around at most, and no service twice
  std::vector<std::string> found;
  if (points_.empty()) return found;
  const std::size_t first = next_point(Hash()(key));
  for (std::size_t i = 0; i < points_.size() && found.size() < count; ++i) {
    const std::string& service = *points_[(first + i) % points_.size()].service;
    if (std::find(found.begin(), found.end(), service) == found.end()) {
      found.push_back(service);
    }
  }
  return found;
  //<
}
