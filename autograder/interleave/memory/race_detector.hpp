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
  // The same for nearly every plain access: to one cell, which is handed over, and all that is
  // remembered there happens before it. False: not so; nothing was done, it is one for `access`.
  bool access_cell_again(Cell& cell, const Site& site, AccessKind kind, Address address,
                         std::uint64_t size, const Time* clock);

  // Forgets the accesses to the bytes of `cell`, which lies at `cell_address`, that are
  // in [begin, end).
  void forget(Cell& cell, Address cell_address, Address begin, Address end);

 private:
  // The access that is being checked.
  struct Coming {
    Site site;
    AccessKind kind;
    std::uint32_t size;
    Address address;
    const Time* clock;  // what its thread knows

    [[nodiscard]] Time now() const { return clock[site.thread]; }
  };
  struct Record {
    Site site{.thread = 0};
    Address address = 0;
    std::uint32_t size = 0;
    Time time = 0;  // 0: none; it happens before everything
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
  bool follow(Cell& cell, std::uint8_t bytes, const Coming& coming);
  static void put(Record& record, const Coming& coming);

  std::uint32_t new_segment(std::uint8_t bytes, std::uint32_t next);
  static void begin_segment(Segment& segment, std::uint8_t bytes, std::uint32_t next);
  void split(std::uint32_t segment, std::uint8_t bytes);
  void forget_others(Segment& segment);

  ShadowPages& pages_;
  std::vector<Segment> segments_;
  std::vector<Record> others_;
  std::uint32_t made_segments_ = 0;  // segments_.size(), which would divide
  std::uint32_t used_segments_ = 0;
  std::uint32_t used_others_ = 0;
  std::uint32_t free_segments_ = kNoIndex;
  std::uint32_t free_others_ = kNoIndex;
  Race race_;
  bool found_ = false;
};

// -- The way of nearly every access, so that it is without calls ------------------------

inline void RaceDetector::put(Record& record, const Coming& coming) {
  record.site = coming.site;
  record.address = coming.address;
  record.size = coming.size;
  record.time = coming.now();
  record.kind = coming.kind;
}

inline void RaceDetector::begin_segment(Segment& segment, std::uint8_t bytes,
                                        std::uint32_t next) {
  segment.bytes = bytes;
  segment.next = next;
  segment.write.site.thread = 0;
  segment.write.time = 0;
  segment.latest.site.thread = 0;
  segment.latest.time = 0;
  segment.others = kNoIndex;
}

// The cell was accessed in the same way before, or never, and each access that is remembered
// happens before this one, which takes its place. False: not so; nothing was done.
inline bool RaceDetector::follow(Cell& cell, std::uint8_t bytes, const Coming& coming) {
  if (cell.accesses == kNoIndex) {
    if (free_segments_ != kNoIndex || used_segments_ == made_segments_) return false;
    cell.accesses = used_segments_++;
    begin_segment(segments_[cell.accesses], bytes, kNoIndex);
  }
  Segment& segment = segments_[cell.accesses];
  Record& write = segment.write;
  Record& latest = segment.latest;
  const bool ordered = write.time <= coming.clock[write.site.thread] &&
                       latest.time <= coming.clock[latest.site.thread];
  if (!ordered || segment.bytes != bytes || segment.others != kNoIndex) return false;
  if (coming.kind == AccessKind::kPlainWrite) {
    latest.time = 0;
    put(write, coming);
    return true;
  }
  if (latest.time != 0 && latest.kind != coming.kind) return false;
  put(latest, coming);
  return true;
}

inline bool RaceDetector::access_cell_again(Cell& cell, const Site& site, AccessKind kind,
                                            Address address, std::uint64_t size,
                                            const Time* clock) {
  const Address offset = address % kCellBytes;
  if (size > kCellBytes - offset) return false;
  const auto bytes = static_cast<std::uint8_t>(((1U << size) - 1) << offset);
  return follow(cell, bytes,
                {site, kind, static_cast<std::uint32_t>(size), address, clock});
}

}  // namespace interleave
