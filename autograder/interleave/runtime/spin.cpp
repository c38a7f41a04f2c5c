#include "interleave/runtime/spin.hpp"

namespace interleave {

bool Spin::repeats(ProgramCounter pc, Address object, std::uint64_t changes) const {
  if (!spinning_ || changes != changes_seen_) return false;
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (seen_[i].pc == pc && seen_[i].object == object) return true;
  }
  return false;
}

void Spin::observe(ProgramCounter pc, Address object, std::uint64_t content,
                   std::uint64_t changes) {
  if (changes != changes_seen_) forget(changes);
  ++now_;
  for (std::uint32_t i = 0; i < count_; ++i) {
    Observation& old = seen_[i];
    if (old.pc != pc || old.object != object) continue;
    const bool nothing_new = old.content == content && last_news_ <= old.when;
    if (old.content != content) {
      last_news_ = now_;
      spinning_ = false;
      repeats_ = 0;
      renewals_ = 0;
    }
    old.content = content;
    old.when = now_;
    old.laps = nothing_new ? old.laps + 1 : 0;
    if (old.laps >= 2) {
      spinning_ = true;
      ++repeats_;
    }
    return;
  }
  if (count_ == seen_.size()) forget(changes);
  last_news_ = now_;
  spinning_ = false;
  seen_[count_++] = {pc, object, content, now_, 0};
}

}  // namespace interleave
