// Tells when a thread goes around in a circle: it repeats what it did, sees what it saw,
// and changes nothing.
//
//   load flag -> 0   yield   load flag -> 0   yield   load flag -> 0     third time around
//
// An observation is a place in the program, an object and what was seen there. A thread
// repeats itself when it has gone through the same observations twice without a new one
// between them, while no other thread changed anything. If its registers, its stack and the
// memory that it wrote to are the same as a round ago too, nothing but another thread can
// ever end this: the circle is closed. What the thread does next cannot matter to others, so
// the scheduler lets it run without considering a switch, and after `kPatience` more
// repeats makes it wait for a change.
//
// A loop that counts its rounds repeats itself in no closed circle, and each of its rounds
// is a step like any other. Only where it has no end in sight, after `kPatience` repeats, is
// it held back; the search is told that it does not see everything then.
//
// Threads     Owned by one Thread.
#pragma once

#include <array>
#include <cstdint>

#include "interleave/trace/operation.hpp"

namespace interleave {

// The bytes in memory as one number; of a larger object the first ones.
[[nodiscard]] std::uint64_t content_of_memory(Address begin, std::uint64_t size);

class Spin {
 public:
  static constexpr std::uint32_t kPatience = 64;

  void begin_run() {
    now_ = last_news_ = 0;
    forget(0);
  }

  // `others` counts the changes made by other threads so far. True if the thread may be in a
  // circle that is not known to be closed: then compare must follow, or nothing is known.
  bool observe(ProgramCounter pc, Address object, std::uint64_t content,
               std::uint64_t changes) {
    return note(pc, object, content, 0, changes);
  }
  // The thread is about to write over `size` bytes, outside its own stack.
  void observe_write(ProgramCounter pc, Address object, std::uint64_t size,
                     std::uint64_t changes);

  // What else there is of the thread at its last observation, as one number; 0: not known.
  void compare(std::uint64_t state);
  // The circle is closed as far as the program can tell.
  void close() { closed_ = spinning_; }

  // The thread itself changed something that others can see.
  void progress(std::uint64_t changes) { forget(changes); }

  // Whether doing this again would only repeat: the place and the object were observed before.
  [[nodiscard]] bool repeats(ProgramCounter pc, Address object,
                             std::uint64_t changes) const;

  // Whether it went around in a circle just now, as often as it takes to know, and continues
  // without a choice.
  [[nodiscard]] bool spins(std::uint64_t changes) const {
    return spinning_ && is_left_alone() && changes == changes_seen_;
  }
  [[nodiscard]] bool repeats_itself() const { return spinning_; }
  [[nodiscard]] bool closed() const { return closed_; }
  // Its circle is closed, or so long that it is not followed round by round.
  [[nodiscard]] bool is_left_alone() const {
    return closed_ || renewals_ > 0 || out_of_patience();
  }

  [[nodiscard]] bool out_of_patience() const { return repeats_ > kPatience; }
  // Every thread waits: look once more whether continuing leads anywhere.
  void renew_patience() {
    repeats_ = 0;
    ++renewals_;
  }
  [[nodiscard]] std::uint32_t renewals() const { return renewals_; }

  [[nodiscard]] bool watching() const { return count_ != 0; }
  [[nodiscard]] std::uint64_t changes_seen() const { return changes_seen_; }

 private:
  // A thread that only counts does not become another by looking more often.
  static constexpr std::uint32_t kMostComparisons = 8;

  struct Observation {
    ProgramCounter pc = 0;
    Address object = 0;
    std::uint64_t content = 0;
    std::uint64_t written = 0;  // bytes; 0: it only looked
    std::uint64_t state = 0;    // see compare
    std::uint32_t when = 0;
    std::uint32_t before = 0;  // when it was made a round ago
    std::uint32_t laps = 0;
  };

  bool note(ProgramCounter pc, Address object, std::uint64_t content,
            std::uint64_t written, std::uint64_t changes);
  void news();
  [[nodiscard]] bool left_memory_as_it_was(const Observation& since) const;
  [[nodiscard]] bool is_first_write(const Observation& write, std::uint32_t since) const;

  void forget(std::uint64_t changes) {
    count_ = 0;
    repeats_ = 0;
    renewals_ = 0;
    comparisons_ = 0;
    spinning_ = closed_ = false;
    changes_seen_ = changes;
  }

  std::array<Observation, 24> seen_{};
  std::uint32_t count_ = 0;
  std::uint32_t last_ = 0;  // the index of the last one made
  std::uint32_t now_ = 0;
  std::uint32_t last_news_ = 0;
  std::uint32_t repeats_ = 0;
  std::uint32_t renewals_ = 0;
  std::uint32_t comparisons_ = 0;
  std::uint64_t changes_seen_ = 0;
  bool spinning_ = false;
  bool closed_ = false;
};

}  // namespace interleave
