// One exploration: schedules until one fails, the budget is spent, or nothing is left to explore.
//
//   run schedules here --fails--> replay in a fresh process --fails again--> minimise --> report
//          |                                 |
//          |                                 +--runs well--> the body has hidden state
//          +--the first one, and all clean--> the first once more --differs--> the same
//
//   hidden state: everything again, each schedule in a process of its own
//
// What takes longer than a second is spread over the usable cores (helpers.hpp); but not a body
// with hidden state, nor one that does what other processes see (others.hpp).
//
// The search has the time that it was given. What comes after a failure was found has a
// fifth of that beside it: what it could not do by then, the report says.
//
// Threads     None: one caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "interleave/interleave.hpp"
#include "interleave/memory/memory_model.hpp"
#include "interleave/runtime/fresh_process.hpp"
#include "interleave/runtime/helpers.hpp"
#include "interleave/runtime/token.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

class Exploration {
 public:
  // `outcome`, if given, is where the body leaves what it returned; then failures are
  // outcomes too and do not end the exploration.
  Exploration(const std::function<void()>& body, const Options& options,
              std::string* outcome);

  // Explores, publishes the records, and tells.
  Result run();
  // After run: what the body returned.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& outcomes() const {
    return seen_;
  }

  // Runs the one schedule that the token tells, in this process, and tells.
  Result replay(const Token& token);

 private:
  using Clock = std::chrono::steady_clock;

  enum class End { kBudget, kFinished, kFailure, kHiddenState };

  End explore_here();
  End explore_in_fresh_processes();
  template <typename RunOne>
  End explore_by(RunOne run_one);
  std::optional<Answer> answer_here_or_beside();
  void spread_out();
  bool count(const Answer& answer);
  [[nodiscard]] bool ends_it(const Answer& answer) const;
  [[nodiscard]] bool budget_spent() const;
  [[nodiscard]] bool first_schedule_repeats();
  [[nodiscard]] Answer minimised(const Answer& failure);
  [[nodiscard]] Inflection inflection_of(const Answer& smallest);
  void leave_undone(const char* sentence);
  void report(const Answer& failure);
  void publish_clean();
  void restart();
  void find_out_what_is_hidden(const Answer& answer);
  [[nodiscard]] Finding finding() const;
  void tell(const Report& report);
  [[nodiscard]] Answer run_here(Strategy& strategy);
  [[nodiscard]] double milliseconds() const;
  [[nodiscard]] std::string coverage() const;

  ExploringScope scope_;
  const std::function<void()>& body_;
  Options options_;
  std::string* outcome_;
  RunOptions run_options_;
  std::uint32_t number_ = 0;  // among this test's explorations
  Clock::time_point start_;
  Clock::time_point search_until_;
  Clock::time_point explain_until_;  // once a failure was found
  std::string undone_;               // what came too late for that
  std::unique_ptr<Strategy> strategy_;
  std::unique_ptr<MemoryModel> memory_;
  std::unique_ptr<FreshProcess> fresh_;
  std::unique_ptr<Helpers> helpers_;  // nullptr: all schedules are run in this process
  std::size_t helpers_lost_ = 0;
  std::size_t cores_ = 1;
  Result result_;
  std::string_view found_by_;
  bool hidden_state_ = false;       // each schedule has a process of its own
  bool state_was_noticed_ = false;  // the first schedule, run again at once, was another
  std::uint64_t not_replayed_ = 0;
  std::optional<Answer> first_;
  std::optional<Answer> failure_;
  std::unordered_set<std::uint64_t> executions_;
  std::map<std::string, std::uint64_t> seen_;
};

}  // namespace interleave
