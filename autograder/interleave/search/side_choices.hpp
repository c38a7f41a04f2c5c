// What the random strategies do at decisions that are not about threads: stale stores,
// places in modification order, waiters, spurious failures.
//
// Half of the schedules are quiet: every such decision takes its default, so that what a
// strategy promises for sequential consistency holds for them. The others deviate, each
// with a probability of its own: some bugs need one stale read, others need many.
#pragma once

#include <cstddef>

#include "interleave/search/random.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

// How often a thread that only yields, sleeps or times out runs before one that works.
inline constexpr double kTimeOutEarly = 1.0 / 16;

class SideChoices {
 public:
  // Draws the mood of the next schedule.
  void begin_schedule(Random& random);

  // `decision` is of any kind but kThread.
  [[nodiscard]] std::size_t choose(const Decision& decision, Random& random) const;

  [[nodiscard]] bool quiet() const { return deviation_ == 0; }

 private:
  double deviation_ = 0;  // probability that a load reads something but the newest store
};

// One of `decision`'s alternatives, all as likely; but threads that only yield, sleep or
// time out are rarely taken while another thread could run.
[[nodiscard]] std::size_t any_thread(const Decision& decision, Random& random);

}  // namespace interleave
