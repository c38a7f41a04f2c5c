#include "interleave/memory/race_detector.hpp"

namespace interleave {
namespace {

bool writes(AccessKind kind) {
  return kind == AccessKind::kPlainWrite || kind == AccessKind::kAtomicWrite;
}
bool is_atomic(AccessKind kind) {
  return kind == AccessKind::kAtomicRead || kind == AccessKind::kAtomicWrite;
}

bool conflict(AccessKind one, AccessKind other) {
  return (writes(one) || writes(other)) && !(is_atomic(one) && is_atomic(other));
}

// The bytes of the cell at `cell` that lie in [begin, end).
std::uint8_t bytes_of(Address cell, Address begin, Address end) {
  const Address first = begin > cell ? begin - cell : 0;
  const Address last = end < cell + kCellBytes ? end - cell : kCellBytes;
  return static_cast<std::uint8_t>((1U << last) - (1U << first));
}

}  // namespace

void RaceDetector::begin() {
  used_segments_ = used_others_ = 0;
  free_segments_ = free_others_ = kNoIndex;
}

const Race* RaceDetector::access(const Site& site, AccessKind kind, Address address,
                                 std::uint64_t size, const Time* clock) {
  Record record;
  record.time = clock[site.thread];
  record.thread = site.thread;
  record.step = site.step;
  record.size = static_cast<std::uint32_t>(size);
  record.address = address;
  record.pc = site.pc;
  record.kind = kind;
  found_ = false;
  const Address end = address + size;
  for (Address at = address & ~(kCellBytes - 1); at < end; at += kCellBytes) {
    Cell& cell = pages_.cell(at);
    const std::uint8_t bytes = bytes_of(at, address, end);
    // Nearly always the cell was accessed in the same way before.
    if (cell.accesses != kNoIndex && segments_[cell.accesses].bytes == bytes) {
      access_segment(segments_[cell.accesses], record, clock);
    } else {
      access_cell(cell, bytes, record, clock);
    }
  }
  return found_ ? &race_ : nullptr;
}

void RaceDetector::access_cell(Cell& cell, std::uint8_t bytes, const Record& record,
                               const Time* clock) {
  unsigned uncovered = bytes;
  for (std::uint32_t index = cell.accesses; index != kNoIndex && uncovered != 0;
       index = segments_[index].next) {
    const std::uint8_t shared = segments_[index].bytes & bytes;
    if (shared == 0) continue;
    if (shared != segments_[index].bytes) split(index, shared);
    access_segment(segments_[index], record, clock);
    uncovered &= ~unsigned{shared};
  }
  if (uncovered == 0) return;
  cell.accesses = new_segment(static_cast<std::uint8_t>(uncovered), cell.accesses);
  Segment& segment = segments_[cell.accesses];
  (record.kind == AccessKind::kPlainWrite ? segment.write : segment.latest) = record;
}

void RaceDetector::access_segment(Segment& segment, const Record& record,
                                  const Time* clock) {
  check_write(segment, record, clock);
  if (segment.latest.time != 0) check_others(segment, record, clock);
  if (record.kind == AccessKind::kPlainWrite) {
    segment.write = record;
    forget_others(segment);
  } else {
    remember(segment, record, clock);
  }
}

void RaceDetector::check_write(Segment& segment, const Record& record,
                               const Time* clock) {
  if (segment.write.time == 0) return;
  if (segment.write.time <= clock[segment.write.thread]) return;
  check(segment.write, record, clock);
  // An atomic access does not take the write's place, and would meet it again.
  segment.write.time = 0;
}

void RaceDetector::check_others(Segment& segment, const Record& record,
                                const Time* clock) {
  if (record.kind == AccessKind::kAtomicRead) return;
  check(segment.latest, record, clock);
  for (std::uint32_t index = segment.others; index != kNoIndex;
       index = others_[index].next) {
    check(others_[index], record, clock);
  }
  // As above: told once.
  if (found_ && record.kind == AccessKind::kAtomicWrite) forget_others(segment);
}

void RaceDetector::check(const Record& earlier, const Record& later, const Time* clock) {
  if (found_ || !conflict(earlier.kind, later.kind)) return;
  if (earlier.time <= clock[earlier.thread]) return;
  const auto described = [](const Record& record) {
    Access access;
    access.thread = record.thread;
    access.step = record.step;
    access.address = record.address;
    access.size = record.size;
    access.pc = record.pc;
    access.write = writes(record.kind);
    access.atomic = is_atomic(record.kind);
    return access;
  };
  race_.earlier = described(earlier);
  race_.later = described(later);
  found_ = true;
}

// Whether nothing is lost if `record` takes the place of segment.latest: a read that
// happens before this one races with nothing that this one does not.
bool RaceDetector::replaces(const Segment& segment, const Record& record,
                            const Time* clock) const {
  const Record& latest = segment.latest;
  if (latest.time == 0) return true;
  if (latest.kind != record.kind) return false;
  if (latest.thread == record.thread) return true;
  return segment.others == kNoIndex && latest.time <= clock[latest.thread];
}

void RaceDetector::remember(Segment& segment, const Record& record, const Time* clock) {
  if (replaces(segment, record, clock)) {
    segment.latest = record;
    return;
  }
  for (std::uint32_t index = segment.others; index != kNoIndex;
       index = others_[index].next) {
    Record& other = others_[index];
    if (other.thread != record.thread || other.kind != record.kind) continue;
    const std::uint32_t next = other.next;
    other = record;
    other.next = next;
    return;
  }
  std::uint32_t index = free_others_;
  if (index != kNoIndex) {
    free_others_ = others_[index].next;
  } else {
    index = used_others_++;
    if (index == others_.size()) others_.emplace_back();
  }
  others_[index] = record;
  others_[index].next = segment.others;
  segment.others = index;
}

std::uint32_t RaceDetector::new_segment(std::uint8_t bytes, std::uint32_t next) {
  std::uint32_t index = free_segments_;
  if (index != kNoIndex) {
    free_segments_ = segments_[index].next;
  } else {
    index = used_segments_++;
    if (index == segments_.size()) segments_.emplace_back();
  }
  Segment& segment = segments_[index];
  segment.bytes = bytes;
  segment.next = next;
  segment.write.time = 0;
  segment.latest.time = 0;
  segment.others = kNoIndex;
  return index;
}

// Leaves `bytes` to the segment and gives the rest, with the same past, to a new one
// behind it.
void RaceDetector::split(std::uint32_t segment, std::uint8_t bytes) {
  const auto rest = static_cast<std::uint8_t>(segments_[segment].bytes & ~bytes);
  const std::uint32_t copy = new_segment(rest, segments_[segment].next);
  segments_[copy].write = segments_[segment].write;
  segments_[copy].latest = segments_[segment].latest;
  for (std::uint32_t index = segments_[segment].others; index != kNoIndex;
       index = others_[index].next) {
    const Record record = others_[index];
    const std::uint32_t other = used_others_++;
    if (other == others_.size()) others_.emplace_back();
    others_[other] = record;
    others_[other].next = segments_[copy].others;
    segments_[copy].others = other;
  }
  segments_[segment].bytes = bytes;
  segments_[segment].next = copy;
}

void RaceDetector::forget_others(Segment& segment) {
  segment.latest.time = 0;
  while (segment.others != kNoIndex) {
    const std::uint32_t index = segment.others;
    segment.others = others_[index].next;
    others_[index].next = free_others_;
    free_others_ = index;
  }
}

void RaceDetector::forget(Cell& cell, Address cell_address, Address begin, Address end) {
  const std::uint8_t bytes = bytes_of(cell_address, begin, end);
  std::uint32_t kept = kNoIndex;
  for (std::uint32_t index = cell.accesses; index != kNoIndex;) {
    Segment& segment = segments_[index];
    const std::uint32_t next = segment.next;
    segment.bytes = static_cast<std::uint8_t>(segment.bytes & ~bytes);
    if (segment.bytes == 0) forget_others(segment);
    std::uint32_t& list = segment.bytes == 0 ? free_segments_ : kept;
    segment.next = list;
    list = index;
    index = next;
  }
  cell.accesses = kept;
}

}  // namespace interleave
