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
// Threads     None: one caller, the explorer.
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
  // Forks the keeper. `body` stays the caller's; `outcome` is where it leaves what it returned.
  FreshProcess(const std::function<void()>& body, const std::string* outcome,
               MemoryMode mode, const RunOptions& options);
  ~FreshProcess();
  FreshProcess(const FreshProcess&) = delete;
  FreshProcess& operator=(const FreshProcess&) = delete;

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
  int socket_ = -1;
  pid_t keeper_ = -1;
};

}  // namespace interleave
