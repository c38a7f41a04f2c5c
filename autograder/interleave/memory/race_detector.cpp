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

}  // namespace

void RaceDetector::begin() {
  used_segments_ = used_others_ = 0;
  free_segments_ = free_others_ = kNoIndex;
}

// The bytes of the cell at `cell` that lie in [begin, end).
std::uint8_t RaceDetector::bytes_in(Address cell, Address begin, Address end) {
  const Address first = begin > cell ? begin - cell : 0;
  const Address last = end < cell + kCellBytes ? end - cell : kCellBytes;
  return static_cast<std::uint8_t>((1U << last) - (1U << first));
}

const Race* RaceDetector::access(const Site& site, AccessKind kind, Address address,
                                 std::uint64_t size, const Time* clock) {
  const Coming coming{site, kind, static_cast<std::uint32_t>(size), address, clock};
  found_ = false;
  const Address end = address + size;
  for (Address at = address & ~(kCellBytes - 1); at < end; at += kCellBytes) {
    Cell& cell = pages_.cell(at);
    const std::uint8_t bytes = bytes_in(at, address, end);
    if (!follow(cell, bytes, coming)) access_cell(cell, bytes, coming);
  }
  return found_ ? &race_ : nullptr;
}

void RaceDetector::access_segment(Segment& segment, const Coming& coming) {
  check_write(segment, coming);
  if (segment.latest.time == 0) {
    put(coming.kind == AccessKind::kPlainWrite ? segment.write : segment.latest, coming);
  } else {
    access_shared(segment, coming);
  }
}

void RaceDetector::check_write(Segment& segment, const Coming& coming) {
  if (segment.write.time <= coming.clock[segment.write.site.thread]) return;
  check(segment.write, coming);
  // An atomic access does not take the write's place, and would meet it again.
  segment.write.time = 0;
}

void RaceDetector::access_cell(Cell& cell, std::uint8_t bytes, const Coming& coming) {
  unsigned uncovered = bytes;
  for (std::uint32_t index = cell.accesses; index != kNoIndex && uncovered != 0;
       index = segments_[index].next) {
    const std::uint8_t shared = segments_[index].bytes & bytes;
    if (shared == 0) continue;
    if (shared != segments_[index].bytes) split(index, shared);
    access_segment(segments_[index], coming);
    uncovered &= ~unsigned{shared};
  }
  if (uncovered == 0) return;
  cell.accesses = new_segment(static_cast<std::uint8_t>(uncovered), cell.accesses);
  Segment& segment = segments_[cell.accesses];
  put(coming.kind == AccessKind::kPlainWrite ? segment.write : segment.latest, coming);
}

// Others accessed it since the last plain write, or this thread in another way.
void RaceDetector::access_shared(Segment& segment, const Coming& coming) {
  check_others(segment, coming);
  if (coming.kind == AccessKind::kPlainWrite) {
    put(segment.write, coming);
    forget_others(segment);
  } else {
    remember(segment, coming);
  }
}

void RaceDetector::check_others(Segment& segment, const Coming& coming) {
  if (coming.kind == AccessKind::kAtomicRead) return;
  check(segment.latest, coming);
  for (std::uint32_t index = segment.others; index != kNoIndex;
       index = others_[index].next) {
    check(others_[index], coming);
  }
  // As above: told once.
  if (found_ && coming.kind == AccessKind::kAtomicWrite) forget_others(segment);
}

void RaceDetector::check(const Record& earlier, const Coming& later) {
  if (earlier.time <= later.clock[earlier.site.thread]) return;
  if (found_ || !conflict(earlier.kind, later.kind)) return;
  const auto described = [](const Record& record) {
    Access access;
    access.thread = record.site.thread;
    access.step = record.site.step;
    access.address = record.address;
    access.size = record.size;
    access.pc = record.site.pc;
    access.write = writes(record.kind);
    access.atomic = is_atomic(record.kind);
    return access;
  };
  Record second;
  put(second, later);
  race_.earlier = described(earlier);
  race_.later = described(second);
  found_ = true;
}

// Whether nothing is lost if `coming` takes the place of segment.latest: a read that
// happens before this one races with nothing that this one does not.
bool RaceDetector::replaces(const Segment& segment, const Coming& coming) {
  const Record& latest = segment.latest;
  if (latest.time == 0) return true;
  if (latest.kind != coming.kind) return false;
  if (latest.site.thread == coming.site.thread) return true;
  return segment.others == kNoIndex && latest.time <= coming.clock[latest.site.thread];
}

void RaceDetector::remember(Segment& segment, const Coming& coming) {
  if (replaces(segment, coming)) return put(segment.latest, coming);
  for (std::uint32_t index = segment.others; index != kNoIndex;
       index = others_[index].next) {
    Record& other = others_[index];
    if (other.site.thread != coming.site.thread || other.kind != coming.kind) continue;
    return put(other, coming);
  }
  std::uint32_t index = free_others_;
  if (index != kNoIndex) {
    free_others_ = others_[index].next;
  } else {
    index = used_others_++;
    if (index == others_.size()) others_.emplace_back();
  }
  put(others_[index], coming);
  others_[index].next = segment.others;
  segment.others = index;
}

std::uint32_t RaceDetector::new_segment(std::uint8_t bytes, std::uint32_t next) {
  std::uint32_t index = free_segments_;
  if (index != kNoIndex) {
    free_segments_ = segments_[index].next;
  } else {
    index = used_segments_++;
    if (index == made_segments_) {
      segments_.emplace_back();
      ++made_segments_;
    }
  }
  begin_segment(segments_[index], bytes, next);
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
  const std::uint8_t bytes = bytes_in(cell_address, begin, end);
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
