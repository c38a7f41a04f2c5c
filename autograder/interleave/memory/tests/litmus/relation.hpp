// Binary relations over at most 32 events, in the notation of the papers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace litmus {

inline constexpr std::size_t kMaxEvents = 32;
using EventSet = std::uint32_t;

[[nodiscard]] constexpr EventSet only(std::size_t event) { return EventSet{1} << event; }

class Relation {
 public:
  Relation() = default;

  // [set]: the identity on it.
  explicit Relation(EventSet set) {
    for (std::size_t event = 0; event < kMaxEvents; ++event)
      rows_[event] = set & only(event);
  }

  void add(std::size_t from, std::size_t to) { rows_[from] |= only(to); }
  [[nodiscard]] bool has(std::size_t from, std::size_t to) const {
    return (rows_[from] & only(to)) != 0;
  }

  // Union, intersection, difference.
  friend Relation operator|(Relation one, const Relation& other) {
    for (std::size_t event = 0; event < kMaxEvents; ++event) {
      one.rows_[event] |= other.rows_[event];
    }
    return one;
  }
  friend Relation operator&(Relation one, const Relation& other) {
    for (std::size_t event = 0; event < kMaxEvents; ++event) {
      one.rows_[event] &= other.rows_[event];
    }
    return one;
  }
  friend Relation operator-(Relation one, const Relation& other) {
    for (std::size_t event = 0; event < kMaxEvents; ++event) {
      one.rows_[event] &= ~other.rows_[event];
    }
    return one;
  }

  // Composition: one ; other.
  friend Relation operator*(const Relation& one, const Relation& other) {
    Relation result;
    for (std::size_t event = 0; event < kMaxEvents; ++event) {
      for (EventSet rest = one.rows_[event]; rest != 0; rest &= rest - 1) {
        result.rows_[event] |= other.rows_[static_cast<std::size_t>(__builtin_ctz(rest))];
      }
    }
    return result;
  }

  [[nodiscard]] Relation inverse() const {
    Relation result;
    for (std::size_t event = 0; event < kMaxEvents; ++event) {
      for (EventSet rest = rows_[event]; rest != 0; rest &= rest - 1) {
        result.add(static_cast<std::size_t>(__builtin_ctz(rest)), event);
      }
    }
    return result;
  }

  // +, ? and *.
  [[nodiscard]] Relation closure() const {
    Relation result = *this;
    for (std::size_t middle = 0; middle < kMaxEvents; ++middle) {
      if (result.rows_[middle] == 0) continue;
      for (std::size_t event = 0; event < kMaxEvents; ++event) {
        if (result.has(event, middle)) result.rows_[event] |= result.rows_[middle];
      }
    }
    return result;
  }
  [[nodiscard]] Relation optional() const { return *this | Relation(~EventSet{0}); }
  [[nodiscard]] Relation star() const { return closure().optional(); }

  [[nodiscard]] bool irreflexive() const {
    for (std::size_t event = 0; event < kMaxEvents; ++event) {
      if (has(event, event)) return false;
    }
    return true;
  }
  [[nodiscard]] bool acyclic() const { return closure().irreflexive(); }
  [[nodiscard]] bool leads_nowhere(std::size_t from) const { return rows_[from] == 0; }
  [[nodiscard]] bool empty() const {
    for (const EventSet row : rows_) {
      if (row != 0) return false;
    }
    return true;
  }

 private:
  std::array<EventSet, kMaxEvents> rows_{};
};

}  // namespace litmus
