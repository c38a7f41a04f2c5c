// "pct2", "pct3", "pct4": probabilistic concurrency testing (Burckhardt, Kothari,
// Musuvathi, Nagarakatte 2010).
//
//      priority
//      T1  ####..........####..      The highest priority that can run, runs. Priorities
//      T2  ....#####.........##      are drawn at random; at depth - 1 random decisions
//      T0  .........#####......      the thread about to run drops below all others.
//              ^    ^
//
// A bug of depth d is one that shows whenever d steps come in a certain order. With n
// threads and k decisions where two or more threads can run, one schedule of depth d
// shows it with probability at least 1 / (n k^(d-1)).
//
// k is learned: the longest schedule seen. A schedule drawn with a smaller k than the
// final one, or with deviations in memory order, does not count towards the bound.
//
// Beyond the paper: a thread that yields drops below all others, and so does one after its
// sleep or wait came to its end, or loops that poll would never let others run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interleave/search/random.hpp"
#include "interleave/search/side_choices.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

class Pct : public Strategy {
 public:
  Pct(std::uint32_t depth, std::uint64_t seed);

  void begin_schedule() override;
  std::size_t choose(const Decision& decision) override;
  void end_schedule(const ScheduleEnd& end) override;
  [[nodiscard]] std::string coverage() const override;
  [[nodiscard]] std::string_view name() const override;
  [[nodiscard]] std::uint64_t tally() const override;
  void end_elsewhere(const ScheduleEnd& end, std::uint64_t tally) override;

  // The probability that a bug of this depth, which needs neither a stale read nor a
  // spurious failure, stayed hidden so far: an upper bound.
  [[nodiscard]] double missed() const;

 private:
  struct Thread {
    std::int64_t priority = 0;
    bool arrived = false;
    bool demoted = false;  // for the operation it is about to perform
  };
  // Schedules that were drawn with the same k.
  struct Drawn {
    std::uint64_t points = 0;
    std::uint64_t schedules = 0;
  };

  void meet(const Decision& decision);
  void demote(Thread& thread);
  [[nodiscard]] std::size_t highest(const Decision& decision) const;
  void count_schedule(bool quiet);

  std::uint32_t depth_;
  Random random_;
  SideChoices side_;
  std::vector<Thread> threads_;
  std::vector<std::uint64_t> changes_;  // decisions at which a priority drops
  std::int64_t lowest_ = 0;
  std::uint64_t point_ = 0;        // kThread decisions so far in this schedule
  std::uint64_t drawn_with_ = 0;   // k when this schedule began
  std::uint64_t most_points_ = 0;  // k
  std::uint64_t schedules_ = 0;
  std::vector<Drawn> counted_;  // towards the bound, k ascending
};

}  // namespace interleave
