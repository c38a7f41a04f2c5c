// The partial order of one schedule: which steps could have changed places.
//
//      T0   a --- b           a before b before c: program order, and b, c depend on each
//                  \          other. d is independent of all of them.
//      T1        d --- c      race(b, c): c could have come before b, if d came first.
//
// A step happens before another if it is the earlier of two dependent steps, or of two
// steps of one thread, or if a chain of such pairs leads from it to the other. Two
// schedules with the same partial order are the same behaviour (Mazurkiewicz 1987).
//
// Threads     None: one caller at a time.
// Invariants
//   I1  clocks_[step][t] is the number of steps of thread t that happen before `step`, or
//       are it.
//   I2  Steps before the index given to `forget_from` keep their clocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace interleave {

class HappensBefore {
 public:
  struct Step {
    Operation operation;
    bool wrote = false;
    std::uint32_t number = 0;      // among the steps of its thread, from 1
    std::size_t clock = 0;         // where its clock begins in ticks_
    std::uint32_t clock_size = 0;  // threads that had taken a step by then
    std::uint64_t print = 0;       // of all steps up to this one
  };
  struct Index {
    std::size_t step = 0;
  };
  struct Who {
    ThreadId thread = kNoThread;
  };

  void forget_from(std::size_t step);
  // `side` tells what was decided about it beside its thread.
  void add(const Operation& operation, bool wrote, std::uint64_t side);

  [[nodiscard]] std::size_t size() const { return steps_.size(); }
  [[nodiscard]] const Step& operator[](std::size_t step) const { return steps_[step]; }
  [[nodiscard]] bool ordered(std::size_t earlier, std::size_t later) const;

  // The same for two schedules of one program if they are the same behaviour; else, but
  // for one chance in 2^64, another.
  [[nodiscard]] std::uint64_t fingerprint() const;

  // The steps that depend on `later`, are of other threads, and are not bound to come
  // before it by what its thread had seen already. Newest first.
  [[nodiscard]] const std::vector<Index>& races_of(std::size_t later);

  // Threads that can begin a schedule in which `later` comes before `earlier`: take what
  // happened after `earlier` but not because of it, then `later`; these are the threads
  // whose first step there waits for no other.
  [[nodiscard]] const std::vector<Who>& initials(std::size_t earlier, std::size_t later);

 private:
  struct Tick {
    std::uint32_t count = 0;
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  [[nodiscard]] std::uint32_t tick(const Step& step, ThreadId thread) const;
  [[nodiscard]] std::size_t last_step_of(ThreadId thread, std::size_t before) const;
  [[nodiscard]] std::size_t creation_of(ThreadId thread, std::size_t before) const;
  [[nodiscard]] bool known_before(std::size_t earlier, std::size_t later) const;
  void join(Step& into, std::size_t from);
  [[nodiscard]] std::uint64_t print_of(const Step& step, std::uint64_t side) const;

  std::vector<Step> steps_;
  std::vector<Tick> ticks_;
  std::vector<Index> races_;
  std::vector<Who> initials_;
  std::vector<Step> firsts_;  // scratch of initials(): the first step of each thread
};

}  // namespace interleave
