// Processes that explore beside the explorer, each a copy of it as it was when it was forked.
//
//      explorer   takes each schedule in the order in which one process would run them:
//         |       runs it here, or waits for the helper that has its part
//         |
//         +--- helper: its parts' schedules, one after the other, ahead of their turn
//         +--- helper: those of a subtree, then of another
//         +--- ...            |
//                             +--> of each: what the strategy and the result must know
//
// So nothing that is found or counted depends on how many there are, nor on which of them is
// fast; only how far the time suffices does. What a helper ran and nobody took is forgotten. A
// failure is replayed by the explorer, like any other.
//
// A subtree that the explorer comes to before its helper is done is handed over: the explorer
// counts what was run, continues from there itself, and the helper gets another.
//
// Threads     None: one caller, the explorer.
// Ends        A helper is killed with the Helpers, and by the kernel when the explorer is gone.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "interleave/runtime/answer.hpp"
#include "interleave/search/reduced.hpp"
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

  // Forks at most so many. The parts are dealt out; of more than one helper, one at least takes
  // subtrees, if there is a tree. They stay the caller's.
  Helpers(const std::vector<Strategy*>& parts, Reduced* tree, std::size_t most,
          HelpersWork work);
  ~Helpers();
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  // Takes over what of the tree was run, without waiting, and sees to it that each helper that
  // takes subtrees has one.
  void tend();
  // Whether a helper runs, or has run, the part's next schedule.
  [[nodiscard]] bool have(const Strategy& part);
  // The part's next schedule. Nothing if it was not run by `until`, if its helper is lost, or if
  // it is one for the explorer itself, which has taken the subtree over.
  std::optional<Told> next(const Strategy& part, Clock::time_point until);
  // Ends those that are left; false if the body kept state in one of them. Those that do not
  // come to an end are lost.
  bool end_all();
  // Kills them, since they may not go on.
  void lose_all();
  // Helpers that did not come to an end.
  [[nodiscard]] std::size_t lost() const { return lost_; }

 private:
  // What the explorer says to a helper.
  enum class Say : char {
    kTake,  // the subtree that follows, after its size
    kStop,  // hand over what is left of it
    kEnd,
  };
  class Work;
  struct Message;
  // One schedule. In a message it is plain memory; its outcome and its notices follow there.
  struct Line {
    std::uint32_t part = 0;  // among the helper's
    FailureKind kind = FailureKind::kNone;
    ScheduleEnd end;
    std::uint64_t tally = 0;
    std::uint32_t outcome_size = 0;
    std::uint32_t notices = 0;
  };
  // Run and not yet taken, close together: there may be millions.
  struct Ahead {
    std::deque<Line> lines;
    std::deque<char> text;  // the outcomes
    std::deque<Reduced::Notice> notices;
    std::string place;  // of the failure in the last line, if that ends the exploration
    std::vector<std::uint32_t> choices;
  };
  struct Part {
    Strategy* strategy = nullptr;
    Ahead ahead;
  };
  struct Subtree {
    Ahead ahead;
    std::optional<std::string> rest;  // handed over
  };
  struct Helper {
    pid_t process = -1;
    int socket = -1;
    std::vector<Part> parts;
    // Of one that takes subtrees.
    bool can_take = false;  // it waits for one
    bool told_to_stop = false;
    std::optional<std::uint32_t> subtree;
  };

  enum class Got : std::uint8_t { kNothing, kMore, kEndRepeats, kEndDiffers };

  void start(std::vector<Strategy*> parts, bool takes_subtrees, const HelpersWork& work);
  [[nodiscard]] std::pair<Helper*, Part*> find(const Strategy& part);
  [[nodiscard]] Told take(Ahead& ahead);
  std::optional<Told> next_in_subtree(std::uint32_t id, Clock::time_point until);
  [[nodiscard]] std::uint64_t least_subtree() const;
  void give_subtree(Helper& helper, const Reduced::Subtree& subtree);
  void forget_subtree(std::uint32_t id);
  static void stop(Helper& helper);
  static void say(const Helper& helper, Say say, const std::string& place = {});
  // Takes over what it has run; nothing if that does not come by `until`, or ever.
  Got receive(Helper& helper, Clock::time_point until);
  bool receive_told(Helper& helper, Got& got);
  void keep(Helper& helper, Message& message);
  Got end(Helper& helper);
  void lose(Helper& helper);
  int end_process(Helper& helper);

  Reduced* tree_;
  std::vector<Helper> helpers_;
  std::map<std::uint32_t, Subtree> subtrees_;  // given out, and not yet counted
  std::size_t ahead_ = 0;                      // lines in them
  Clock::time_point began_ = Clock::now();
  std::uint64_t walked_before_;  // of the tree
  Clock::time_point tended_;
  std::size_t lost_ = 0;
};

}  // namespace interleave
