// The stores of each atomic location, in modification order.
//
//   location x   mo:  [initial] -- [T0 #1] == [T1 #1, update] -- [T0 #2]
//                                          ^ an update stays right behind what it read
//
// Threads     None: one caller at a time.
//
// Invariants
//   I1  A location that is alive has at least one store; the first of its life was there
//       before every thread.
//   I2  If a store is an update, it read the store before it.
//   I3  What was dropped lay at the front, and no thread may read it or store before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "interleave/memory/clock_rows.hpp"
#include "interleave/memory/memory_model.hpp"
#include "interleave/memory/shadow_pages.hpp"

namespace interleave {

// Names an atomic operation in hashes: the same in every execution that performs it.
using EventId = std::uint64_t;
inline constexpr EventId kInitial = 0;

[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t one, std::uint64_t other) {
  std::uint64_t hash = one * 0x9E3779B97F4A7C15ULL + (other + 1) * 0xD1B54A32D192ED03ULL;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBULL;
  return hash ^ (hash >> 31);
}

struct Store {
  ThreadId thread = kNoThread;
  Time time = 0;  // 0: the initial store, which happens before everything
  std::uint32_t step = kNoStep;
  bool update = false;
  Value value;
  EventId id = kInitial;
  std::uint32_t sequential = 0;  // its number in SeqCstOrder; 0: not seq_cst
  Row rows = kZeroRow;

  // What an acquire load that reads this store learns.
  [[nodiscard]] Row message() const { return rows; }
  // Each thread's time at its first read of this store; 0: it has not read it.
  [[nodiscard]] Row first_read() const { return rows + 1; }
  // The last seq_cst fence of each thread that happens before this store.
  [[nodiscard]] Row fences() const { return rows + 2; }
  // The last seq_cst access of each thread that reads this store.
  [[nodiscard]] Row readers() const { return rows + 3; }
  // The last seq_cst fence of each thread that happens before a read of this store.
  [[nodiscard]] Row readers_fences() const { return rows + 4; }
  // The first seq_cst access of each thread that reads this store.
  [[nodiscard]] Row first_readers() const { return rows + 5; }
};
inline constexpr std::uint32_t kStoreRows = 6;

enum class StoreIndex : std::uint32_t {};

struct AtomicLocation {
  Address address = 0;
  std::uint8_t size = 0;
  bool replaced = false;  // a plain write went over it: a new history is due
  std::uint32_t in_first_cell = kNoIndex;  // the next location of the same cell
  std::uint32_t in_second_cell = kNoIndex;
  bool in_two_cells = false;
  std::vector<StoreIndex> order;  // modification order, oldest first
  std::size_t tidy_at = 0;        // so many stores were left when it was last tidied
  std::uint64_t dropped_hash = 0;
  Row rows = kZeroRow;

  // The last seq_cst access of each thread to this location.
  [[nodiscard]] Row sequential() const { return rows; }
  // The last seq_cst fence of each thread that happens before an access to it.
  [[nodiscard]] Row fences() const { return rows + 1; }
  // The same, of dropped stores and their readers.
  [[nodiscard]] Row dropped_sequential() const { return rows + 2; }
  [[nodiscard]] Row dropped_fences() const { return rows + 3; }
};
inline constexpr std::uint32_t kLocationRows = 4;

class Histories {
 public:
  Histories(ClockRows& clocks, ShadowPages& pages) : clocks_(clocks), pages_(pages) {}

  // Forgets everything; clocks and pages must begin anew too.
  void begin();

  // The location at `address`. New, replaced, or written by unseen code: its history
  // starts with `held`.
  std::uint32_t locate(Address address, std::uint8_t size, Value held);

  [[nodiscard]] AtomicLocation& at(std::uint32_t location) {
    return locations_[location];
  }
  [[nodiscard]] std::uint32_t count() const { return used_locations_; }

  [[nodiscard]] Store& store(const AtomicLocation& location, std::size_t position) {
    return stores_[static_cast<std::uint32_t>(location.order[position])];
  }

  // The position of the oldest store that a thread with this clock may read: it, or a
  // read of it, happens before the thread's next operation; and the same for stores alone.
  [[nodiscard]] std::size_t oldest_readable(const AtomicLocation& location,
                                            const Time* clock);
  [[nodiscard]] std::size_t newest_known(const AtomicLocation& location,
                                         const Time* clock);

  // A blank store at `position`; its rows are zero.
  Store& insert(AtomicLocation& location, std::size_t position);

  // Drops the first `stores` of the location for ever.
  void drop(AtomicLocation& location, std::size_t stores);

  // A plain write went over the range: the locations there start anew.
  void replace(Address begin, std::uint64_t size);

  // The bytes of `cell`, which lies at `cell_address`, begin a new life.
  void forget(const Cell& cell, Address cell_address, Address begin, Address end);

  // The modification orders so far.
  [[nodiscard]] std::uint64_t hash();

 private:
  std::uint32_t find(const Cell& cell, Address address);
  std::uint32_t add(Address address);
  void resize(AtomicLocation& location, std::uint8_t size);
  void restart(AtomicLocation& location, Value held);
  void retire(AtomicLocation& location);
  [[nodiscard]] std::uint32_t& next_in(AtomicLocation& location, Address cell_address);

  ClockRows& clocks_;
  ShadowPages& pages_;
  std::vector<AtomicLocation> locations_;
  std::vector<Store> stores_;
  std::vector<StoreIndex> free_stores_;
  std::uint32_t used_locations_ = 0;
  std::uint32_t used_stores_ = 0;
  std::uint64_t retired_hash_ = 0;
};

// `value` as a location of `size` bytes holds it.
[[nodiscard]] inline Value truncated(Value value, std::uint8_t size) {
  if (size < 16) value.high = 0;
  if (size < 8) value.low &= (std::uint64_t{1} << (8 * size)) - 1;
  return value;
}

}  // namespace interleave
