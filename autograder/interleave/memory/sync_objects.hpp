// What locks, conditions and guards carry from one thread to the next.
//
// Threads     None: one caller at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "interleave/memory/clock_rows.hpp"
#include "interleave/memory/histories.hpp"

namespace interleave {

struct SyncObject {
  Address name = 0;
  std::uint64_t execution = 0;
  Row clock = kZeroRow;
  EventId releases = kInitial;  // which releases it carries
};

// A table that empties itself: an entry of an earlier execution counts as free.
class SyncObjects {
 public:
  SyncObjects() : slots_(kFirstSlots) {}

  void begin() {
    ++execution_;
    used_ = 0;
  }

  // Good until the next call.
  [[nodiscard]] SyncObject& at(Address name, ClockRows& clocks) {
    SyncObject* object = &slot(name);
    if (object->execution == execution_) return *object;
    if (2 * ++used_ > slots_.size()) {
      enlarge();
      object = &slot(name);
    }
    *object = SyncObject{name, execution_, clocks.allocate(), kInitial};
    return *object;
  }

 private:
  static constexpr std::size_t kFirstSlots = 64;

  [[nodiscard]] SyncObject& slot(Address name) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t index = static_cast<std::size_t>(mixed(name, 1)) & mask;
    while (slots_[index].execution == execution_ && slots_[index].name != name) {
      index = (index + 1) & mask;
    }
    return slots_[index];
  }

  void enlarge() {
    std::vector<SyncObject> old(2 * slots_.size());
    old.swap(slots_);
    for (const SyncObject& object : old) {
      if (object.execution == execution_) slot(object.name) = object;
    }
  }

  std::uint64_t execution_ = 1;
  std::size_t used_ = 0;
  std::vector<SyncObject> slots_;
};

}  // namespace interleave
