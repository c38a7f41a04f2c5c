// FastTrack (Flanagan and Freund, 2009) over bytes, for plain and atomic accesses.
//
//   8 bytes of memory --> segments (disjoint sets of bytes that were accessed alike)
//   segment           --> last plain write, and since then: who read, who used atomics
//
// Two accesses race if they share a byte, one of them writes, not both are atomic, and
// neither happens before the other. A write remembers nothing older than itself: a thread
// that races with an older access, but not with the write, would have been reported before.
//
// Threads     None: one caller at a time.
// Cost        One cell and one segment for an access of up to 8 aligned bytes. Readers
//             are one epoch while they are ordered, one per thread once they are not.
#pragma once

#include <cstdint>
#include <vector>

#include "interleave/memory/clock_rows.hpp"
#include "interleave/memory/memory_model.hpp"
#include "interleave/memory/shadow_pages.hpp"

namespace interleave {

enum class AccessKind : std::uint8_t {
  kPlainRead,
  kPlainWrite,
  kAtomicRead,
  kAtomicWrite
};

class RaceDetector {
 public:
  explicit RaceDetector(ShadowPages& pages) : pages_(pages) {}

  // Forgets every access; the pages must begin anew too.
  void begin();

  // Checks the access against the earlier ones and remembers it. `clock` is what the
  // thread knows. Returns the race, good until the next call, or nullptr.
  const Race* access(const Site& site, AccessKind kind, Address address,
                     std::uint64_t size, const Time* clock);

  // Forgets the accesses to the bytes of `cell`, which lies at `cell_address`, that are
  // in [begin, end).
  void forget(Cell& cell, Address cell_address, Address begin, Address end);

 private:
  // The access that is being checked. Records are written from it field by field: a copy of
  // fields just written, in larger pieces, would have to wait for them.
  struct Coming {
    const Site& site;
    AccessKind kind;
    std::uint32_t size;
    Address address;
    const Time* clock;  // what its thread knows
  };
  struct Record {
    Time time = 0;  // 0: none
    ThreadId thread = kNoThread;
    std::uint32_t step = kNoStep;
    std::uint32_t size = 0;
    Address address = 0;
    ProgramCounter pc = 0;
    AccessKind kind = AccessKind::kPlainRead;
    std::uint32_t next = kNoIndex;  // in others_
  };
  struct Segment {
    std::uint8_t bytes = 0;  // bit i: the i-th byte of the cell
    std::uint32_t next = kNoIndex;
    Record write;   // the last plain write
    Record latest;  // another access since then
    std::uint32_t others = kNoIndex;
  };

  [[nodiscard]] static std::uint8_t bytes_in(Address cell, Address begin, Address end);
  void access_cell(Cell& cell, std::uint8_t bytes, const Coming& coming);
  void access_segment(Segment& segment, const Coming& coming);
  void access_shared(Segment& segment, const Coming& coming);
  void check_write(Segment& segment, const Coming& coming);
  void check_others(Segment& segment, const Coming& coming);
  void check(const Record& earlier, const Coming& later);
  [[nodiscard]] static bool replaces(const Segment& segment, const Coming& coming);
  void remember(Segment& segment, const Coming& coming);
  static void put(Record& record, const Coming& coming);

  std::uint32_t new_segment(std::uint8_t bytes, std::uint32_t next);
  void split(std::uint32_t segment, std::uint8_t bytes);
  void forget_others(Segment& segment);

  ShadowPages& pages_;
  std::vector<Segment> segments_;
  std::vector<Record> others_;
  std::uint32_t used_segments_ = 0;
  std::uint32_t used_others_ = 0;
  std::uint32_t free_segments_ = kNoIndex;
  std::uint32_t free_others_ = kNoIndex;
  Race race_;
  bool found_ = false;
};

// -- The way of nearly every access, so that it is without calls ------------------------

// The bytes of the cell at `cell` that lie in [begin, end).
inline std::uint8_t RaceDetector::bytes_in(Address cell, Address begin, Address end) {
  const Address first = begin > cell ? begin - cell : 0;
  const Address last = end < cell + kCellBytes ? end - cell : kCellBytes;
  return static_cast<std::uint8_t>((1U << last) - (1U << first));
}

inline const Race* RaceDetector::access(const Site& site, AccessKind kind,
                                        Address address, std::uint64_t size,
                                        const Time* clock) {
  const Coming coming{site, kind, static_cast<std::uint32_t>(size), address, clock};
  found_ = false;
  const Address end = address + size;
  for (Address at = address & ~(kCellBytes - 1); at < end; at += kCellBytes) {
    Cell& cell = pages_.cell(at);
    const std::uint8_t bytes = bytes_in(at, address, end);
    // Nearly always the cell was accessed in the same way before.
    if (cell.accesses != kNoIndex && segments_[cell.accesses].bytes == bytes) {
      access_segment(segments_[cell.accesses], coming);
    } else {
      access_cell(cell, bytes, coming);
    }
  }
  return found_ ? &race_ : nullptr;
}

inline void RaceDetector::put(Record& record, const Coming& coming) {
  record.time = coming.clock[coming.site.thread];
  record.thread = coming.site.thread;
  record.step = coming.site.step;
  record.size = coming.size;
  record.address = coming.address;
  record.pc = coming.site.pc;
  record.kind = coming.kind;
}

inline void RaceDetector::access_segment(Segment& segment, const Coming& coming) {
  check_write(segment, coming);
  const Record& latest = segment.latest;
  if (latest.time == 0) {
    put(coming.kind == AccessKind::kPlainWrite ? segment.write : segment.latest, coming);
  } else if (latest.kind == coming.kind && latest.thread == coming.site.thread &&
             segment.others == kNoIndex) {
    put(segment.latest, coming);  // the same thread does the same again
  } else {
    access_shared(segment, coming);
  }
}

inline void RaceDetector::check_write(Segment& segment, const Coming& coming) {
  if (segment.write.time == 0) return;
  if (segment.write.time <= coming.clock[segment.write.thread]) return;
  check(segment.write, coming);
  // An atomic access does not take the write's place, and would meet it again.
  segment.write.time = 0;
}

}  // namespace interleave
