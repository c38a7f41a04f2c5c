#include "interleave/runtime/spin.hpp"

#include <algorithm>
#include <utility>

namespace interleave {

// FNV-1a.
std::uint64_t content_of_memory(Address begin, std::uint64_t size) {
  constexpr std::uint64_t kMostBytes = 256;
  const auto* bytes = reinterpret_cast<const unsigned char*>(begin);
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;
  for (std::uint64_t i = 0; i < std::min(size, kMostBytes); ++i) {
    hash = (hash ^ bytes[i]) * 0x0000'0100'0000'01B3U;
  }
  return hash;
}

bool Spin::repeats(ProgramCounter pc, Address object, std::uint64_t changes) const {
  if (!spinning_ || changes != changes_seen_) return false;
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (seen_[i].pc == pc && seen_[i].object == object) return true;
  }
  return false;
}

// What it held before: a counter holds something else each time around.
void Spin::observe_write(ProgramCounter pc, Address object, std::uint64_t size,
                         std::uint64_t changes) {
  note(pc, object, content_of_memory(object, size), size, changes);
}

void Spin::news() {
  last_news_ = now_;
  comparisons_ = 0;
  spinning_ = closed_ = false;
}

bool Spin::note(ProgramCounter pc, Address object, std::uint64_t content,
                std::uint64_t written, std::uint64_t changes) {
  if (changes != changes_seen_) forget(changes);
  ++now_;
  for (last_ = 0; last_ < count_; ++last_) {
    Observation& old = seen_[last_];
    if (old.pc != pc || old.object != object) continue;
    const bool nothing_new = old.content == content && last_news_ <= old.when;
    if (old.content != content) {
      news();
      repeats_ = renewals_ = 0;
    }
    old.content = content;
    old.written = written;
    old.before = std::exchange(old.when, now_);
    old.laps = nothing_new ? old.laps + 1 : 0;
    if (!nothing_new) old.state = 0;
    if (old.laps >= 2) {
      spinning_ = true;
      ++repeats_;
    }
    return old.laps >= 1 && !closed_ && comparisons_ < kMostComparisons;
  }
  if (count_ == seen_.size()) {
    forget(changes);
    last_ = 0;
  }
  news();
  seen_[count_++] = {
      .pc = pc, .object = object, .content = content, .written = written, .when = now_};
  return false;
}

void Spin::compare(std::uint64_t state) {
  Observation& here = seen_[last_];
  ++comparisons_;
  const bool same = state != 0 && here.state == state && left_memory_as_it_was(here);
  here.state = state;
  closed_ = same && here.laps >= 2;
}

// Whether all that was written since this observation was made a round ago holds again what
// it held then.
bool Spin::left_memory_as_it_was(const Observation& since) const {
  return std::all_of(
      seen_.begin(), seen_.begin() + count_, [&](const Observation& write) {
        const bool concerned = write.written != 0 && write.when > since.before &&
                               is_first_write(write, since.before);
        return !concerned ||
               content_of_memory(write.object, write.written) == write.content;
      });
}

bool Spin::is_first_write(const Observation& write, std::uint32_t since) const {
  return std::none_of(seen_.begin(), seen_.begin() + count_,
                      [&](const Observation& other) {
                        return other.written != 0 && other.object == write.object &&
                               other.when > since && other.when < write.when;
                      });
}

}  // namespace interleave
