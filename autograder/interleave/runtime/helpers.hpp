// Processes that explore beside the explorer, each a copy of it as it was when it was forked.
//
//      explorer   takes each schedule in the order in which one process would run them:
//         |       runs it here, or waits for the helper that has its part
//         |
//         +--- helper: its parts' schedules, one after the other, ahead of their turn
//         +--- helper        |
//         +--- ...           +--> of each: what the strategy and the result must know
//
// So nothing that is found or counted depends on how many there are, nor on which of them is
// fast; only how far the time suffices does. What a helper ran and nobody took is forgotten. A
// failure is replayed by the explorer, like any other.
//
// Threads     None: one caller, the explorer.
// Ends        A helper is killed with the Helpers, and by the kernel when the explorer is gone.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "interleave/runtime/answer.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

// A schedule that a helper ran.
struct Told {
  Answer answer;  // its choices and its place only where it ends the exploration
  ScheduleEnd end;
  std::uint64_t tally = 0;
};

// What a helper asks the copy of the explorer that it is.
struct HelpersWork {
  std::function<Answer(Strategy&)> run;       // one schedule
  std::function<bool(const Answer&)> ends;    // whether the exploration ends with it
  std::function<bool()> first_still_repeats;  // the body kept no state
};

class Helpers {
 public:
  using Clock = std::chrono::steady_clock;

  // Forks at most so many and deals the parts out; they stay the caller's.
  Helpers(const std::vector<Strategy*>& parts, std::size_t most, HelpersWork work);
  ~Helpers();
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  // Whether a helper runs the part's schedules.
  [[nodiscard]] bool have(const Strategy& part) { return find(part).first != nullptr; }
  // The part's next schedule; nothing if it was not run by `until`, or if its helper is lost.
  std::optional<Told> next(const Strategy& part, Clock::time_point until);
  // Ends those that are left; false if the body kept state in one of them. Those that do not
  // come to an end are lost.
  bool end_all();
  // Kills them, since they may not go on.
  void lose_all();
  // Helpers that did not come to an end.
  [[nodiscard]] std::size_t lost() const { return lost_; }

 private:
  class Work;
  struct Line;
  struct Part {
    Strategy* strategy = nullptr;
    std::deque<Told> ahead;  // run and not yet taken
  };
  struct Helper {
    pid_t process = -1;
    int socket = -1;
    std::vector<Part> parts;
  };

  enum class Got : std::uint8_t { kNothing, kMore, kEndRepeats, kEndDiffers };

  void start(std::vector<Part> parts, const HelpersWork& work);
  [[nodiscard]] std::pair<Helper*, Part*> find(const Strategy& part);
  // Takes over what it has run; nothing if that does not come by `until`, or ever.
  Got receive(Helper& helper, Clock::time_point until);
  static bool receive_told(Helper& helper, Got& got);
  Got end(Helper& helper);
  void lose(Helper& helper);
  static int end_process(Helper& helper);

  std::vector<Helper> helpers_;
  std::size_t lost_ = 0;
};

}  // namespace interleave
