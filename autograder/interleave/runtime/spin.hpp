// Tells when a thread goes round in a circle: it repeats what it did, sees what it saw,
// and changes nothing.
//
//   load flag -> 0   yield   load flag -> 0   yield   load flag -> 0     third time round: it spins
//
// An observation is a place in the program, an object and what was seen there. A thread
// spins when it has gone through the same observations twice without a new one between
// them, while no other thread changed anything. What it does next cannot matter to
// others, so the scheduler lets it go on without considering a switch (a spin of fixed
// length ends that way), and after `kPatience` more repeats makes it wait for a change.
//
// Threads     Owned by one Thread.
// Left out    A loop that counts in registers alone, repeating the same read, looks like
//             a spin: its fourth and later reads are taken together.
#pragma once

#include <array>
#include <cstdint>

#include "interleave/trace/operation.hpp"

namespace interleave {

class Spin {
 public:
  static constexpr std::uint32_t kPatience = 64;

  void begin_run() {
    now_ = last_news_ = 0;
    forget(0);
  }

  // `others` counts the changes made by other threads so far.
  void observe(ProgramCounter pc, Address object, std::uint64_t content,
               std::uint64_t changes);

  // The thread itself changed something that others can see.
  void progress(std::uint64_t changes) { forget(changes); }

  // Whether doing this again would only repeat: the place and the object were observed before.
  [[nodiscard]] bool repeats(ProgramCounter pc, Address object,
                             std::uint64_t changes) const;

  // Whether it went round in a circle just now.
  [[nodiscard]] bool spins(std::uint64_t changes) const {
    return spinning_ && changes == changes_seen_;
  }

  [[nodiscard]] bool out_of_patience() const { return repeats_ > kPatience; }
  // Everybody waits: look once more whether going on leads anywhere.
  void renew_patience() {
    repeats_ = 0;
    ++renewals_;
  }
  [[nodiscard]] std::uint32_t renewals() const { return renewals_; }

  [[nodiscard]] bool watching() const { return count_ != 0; }
  [[nodiscard]] std::uint64_t changes_seen() const { return changes_seen_; }

 private:
  struct Observation {
    ProgramCounter pc = 0;
    Address object = 0;
    std::uint64_t content = 0;
    std::uint32_t when = 0;
    std::uint32_t laps = 0;
  };

  void forget(std::uint64_t changes) {
    count_ = 0;
    repeats_ = 0;
    renewals_ = 0;
    spinning_ = false;
    changes_seen_ = changes;
  }

  std::array<Observation, 24> seen_{};
  std::uint32_t count_ = 0;
  std::uint32_t now_ = 0;
  std::uint32_t last_news_ = 0;
  std::uint32_t repeats_ = 0;
  std::uint32_t renewals_ = 0;
  std::uint64_t changes_seen_ = 0;
  bool spinning_ = false;
};

}  // namespace interleave
