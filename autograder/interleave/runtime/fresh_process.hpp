// A copy of the process as it was before the first schedule, in which single schedules can be run.
//
//      explorer ----fork----> keeper (does nothing else) ----fork----> one schedule, then gone
//          |                                                               |
//          +----------- question, decisions, answer: one socket -----------+
//
// So a failure is replayed where no earlier schedule left anything behind, and a body
// with hidden state can be explored at all: each of its schedules begins from the same
// state.
//
// Most bodies need none, and a process costs more than hundreds of short schedules. So the keeper
// is forked as late as can be, and puts back what schedules have changed (starting_state.hpp):
//
//      at the first question           a schedule failed, or the body keeps state
//      before a lasting change         what would not be put back is about to happen
//      before others explore beside    copies of this process, which cannot ask for one
//      at once                         not all memory can be saved
//
// Threads     None: one caller, the explorer; before_a_lasting_change by the body's threads.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "interleave/report/report.hpp"
#include "interleave/runtime/answer.hpp"
#include "interleave/runtime/engine.hpp"
#include "interleave/runtime/inflection.hpp"
#include "interleave/runtime/token.hpp"

namespace interleave {

class FreshProcess {
 public:
  // Before the first schedule. `body` stays the caller's; `outcome` is where it leaves what it
  // returned.
  FreshProcess(const std::function<void()>& body, const std::string* outcome,
               MemoryMode mode, const RunOptions& options);
  ~FreshProcess();
  FreshProcess(const FreshProcess&) = delete;
  FreshProcess& operator=(const FreshProcess&) = delete;

  // Forks the keeper, unless that was done before. Else the first question does.
  void make();

  // Runs the schedule with these deviations.
  Answer replay(const Deviations& deviations);
  // Runs a schedule that `strategy`, which stays here, decides.
  Answer run(Strategy& strategy);
  // Where the schedule, which fails, lost its way. Unknown if the body keeps state between
  // runs, if a continuation ends the process, or if it takes longer than `until`.
  Inflection inflection(const std::vector<std::uint32_t>& choices,
                        std::chrono::steady_clock::time_point until);
  // Runs the schedule once more and reports its failure.
  Report report(const Deviations& deviations, const Finding& finding);

 private:
  enum class Question : std::uint8_t { kReplay, kRun, kWayOut, kReport };
  class RemoteStrategy;

  static void fork_beside(void* process);
  void fork_keeper();
  void ask(Question question);
  [[noreturn]] void keep();
  void answer(Question question);
  void answer_run(Strategy& strategy);
  void answer_way_out();
  void answer_report();
  std::optional<WaysOn> last_way_out_from(std::size_t least,
                                          const std::vector<std::uint32_t>& choices);

  const std::function<void()>& body_;
  const std::string* outcome_;
  MemoryMode mode_;
  RunOptions options_;
  bool is_saved_ = false;  // how the process was
  Fiber beside_;           // what forks, and in the copy keeps
  Fiber* made_by_ = nullptr;
  int socket_ = -1;
  pid_t keeper_ = -1;
};

// The program is about to change what a copy of the process could not put back: what the kernel
// keeps for a process, or which blocks the C library's heap has. If such a copy may still be asked
// for, it is made now, in the midst of a schedule. Does nothing outside a body.
[[gnu::visibility("hidden")]] void before_a_lasting_change();

}  // namespace interleave
