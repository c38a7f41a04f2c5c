#include "interleave/runtime/exploration.hpp"

#include <sys/single_threaded.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "interleave/report/states.hpp"
#include "interleave/results.hpp"
#include "interleave/runtime/ending.hpp"
#include "interleave/runtime/others.hpp"
#include "interleave/runtime/program_costs.hpp"
#include "interleave/runtime/real.hpp"
#include "interleave/runtime/replay.hpp"
#include "interleave/runtime/settings.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

constexpr int kMostAttemptsToMinimise = 300;
// Of the search's time, beside it, for all that follows a failure; but so many seconds.
constexpr double kShareToExplain = 0.2;
constexpr double kLeastToExplain = 0.5;
// Fewer schedules than these say little where they are not all there are.
constexpr std::uint64_t kFewSchedules = 100;
constexpr std::uint64_t kMostPrunedPerSchedule = 50;
// Most explorations are over by then, and a process costs more than many of them.
constexpr std::chrono::seconds kAlone{1};

// To find the decision that lost a longer schedule, one that goes around in circles, takes
// longer than anyone waits for the report, and all that it would say is that it repeats.
constexpr std::uint32_t kMostStepsToLookThrough = 20'000;

// How many explorations the test that runs now has begun.
std::uint32_t next_number(const std::string& test) {
  static std::string current;
  static std::uint32_t number = 0;
  if (test != current) number = 0;
  current = test;
  return ++number;
}

MemoryMode mode_of(Memory memory) {
  switch (memory) {
    case Memory::kSequential:
      return MemoryMode::kSequential;
    case Memory::kWeak:
      return MemoryMode::kWeak;
    case Memory::kRc11:
      return MemoryMode::kRc11;
  }
  return MemoryMode::kWeak;
}

std::unique_ptr<Strategy> strategy_for(const Options& options) {
  auto strategy = make_strategy(options.strategy, {options.seed, options.schedules});
  if (strategy != nullptr) return strategy;
  std::fprintf(stderr, "interleave: there is no strategy \"%s\"\n",
               options.strategy.c_str());
  std::_Exit(2);
}

// Whether two failures are the same, as far as minimising a schedule goes.
bool same_failure(const Answer& a, const Answer& b) {
  if (a.kind != b.kind) return false;
  const bool whole_program = a.kind == FailureKind::kDeadlock ||
                             a.kind == FailureKind::kLostWakeUp ||
                             a.kind == FailureKind::kLivelock;
  return whole_program || a.place == b.place;
}

// What no picture says of a replay.
void tell_person(const Finding& found, const RunResult& run) {
  if (!found.same_steps) {
    std::fprintf(stderr,
                 "interleave: the program has changed: it takes other steps than when "
                 "this token was written\n");
  }
  if (!run.failure) {
    std::fprintf(stderr, "interleave: this one schedule does not fail\n");
  }
}

// The C++ runtime's first throw and its first streams set up tables behind locks of its
// own: that is no state of the body's.
void warm_up_once() {
  static bool warm = false;
  if (std::exchange(warm, true)) return;
  __libc_single_threaded = 0;  // as in a body: else a lock is left out, and set up there
  try {
    throw std::runtime_error("interleave: the first exception of the process");
  } catch (const std::runtime_error&) {
  }
  std::stringstream stream;
  int number = 0;
  double fraction = 0;
  std::string word;
  stream << 1 << ' ' << 1.5 << ' ' << true << ' ' << static_cast<void*>(&stream) << '\n';
  stream >> number >> fraction >> word;
}

std::chrono::steady_clock::duration seconds(double count) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(count));
}

}  // namespace

Exploration::Exploration(const std::function<void()>& body, const Options& options,
                         std::string* outcome)
    : body_(body), options_(with_environment(options)), outcome_(outcome) {
  run_options_.spurious = options_.spurious;
  run_options_.leaks = options_.leaks;
  run_options_.races = options_.races;
  run_options_.assertion_failed = options_.assertion_failed;
  number_ = next_number(options_.test);
  static_cast<void>(real());  // looked up before any body runs
  warm_up_once();
}

Result Exploration::run() {
  start_ = Clock::now();
  search_until_ = start_ + seconds(options_.seconds);
  fresh_ = std::make_unique<FreshProcess>(body_, outcome_, mode_of(options_.memory),
                                          run_options_);
  const EndingGuard guard;
  restart();
  cores_ = usable_cores();
  others().noticed = false;
  End end = explore_here();
  if (end == End::kHiddenState) {
    hidden_state_ = true;
    restart();
    search_until_ = std::max(search_until_, Clock::now() + seconds(options_.seconds / 2));
    end = explore_in_fresh_processes();
  }
  result_.exhaustive = end == End::kFinished && strategy_->exhaustive() &&
                       not_replayed_ == 0 && helpers_lost_ == 0;
  result_.few = end == End::kBudget && outcome_ == nullptr &&
                result_.schedules < std::min(kFewSchedules, options_.schedules);
  result_.executions = executions_.size();
  result_.milliseconds = milliseconds();
  result_.coverage = coverage();
  publish_costs(options_.test);
  if (end == End::kFailure) {
    report(*failure_);
  } else if (outcome_ == nullptr) {
    publish_clean();
  }
  return std::move(result_);
}

void Exploration::restart() {
  helpers_.reset();
  helpers_lost_ = 0;
  strategy_ = strategy_for(options_);
  memory_ = std::make_unique<MemoryModel>(mode_of(options_.memory));
  result_ = {};
  first_.reset();
  failure_.reset();
  executions_.clear();
  seen_.clear();
}

// -- Schedules --------------------------------------------------------------------------

template <typename RunOne>
Exploration::End Exploration::explore_by(RunOne run_one) {
  std::uint64_t pruned = 0;
  while (!budget_spent() && !strategy_->finished()) {
    if (state_was_noticed_ && !hidden_state_) return End::kHiddenState;
    if (pruned > kMostPrunedPerSchedule * (result_.schedules + 1000)) break;
    found_by_ = strategy_->name();
    std::optional<Answer> answer = run_one();
    if (!answer) continue;  // the time is over, or a helper is gone or has handed over
    if (answer->pruned) {
      ++pruned;
      continue;
    }
    if (count(*answer)) {
      failure_ = std::move(answer);
      explain_until_ =
          Clock::now() +
          seconds(std::max(kLeastToExplain, kShareToExplain * options_.seconds));
      return End::kFailure;
    }
  }
  return strategy_->finished() ? End::kFinished : End::kBudget;
}

// Counts one schedule. True if it is a failure that ends the exploration.
bool Exploration::count(const Answer& answer) {
  ++result_.schedules;
  executions_.insert(answer.execution);
  if (!first_) first_ = answer;
  if (outcome_ == nullptr) return ends_it(answer);
  ++seen_[answer.kind == FailureKind::kNone
              ? answer.outcome
              : "<" + std::string(name_of(answer.kind)) + ">"];
  return ends_it(answer);
}

bool Exploration::ends_it(const Answer& answer) const {
  if (outcome_ == nullptr) return answer.kind != FailureKind::kNone;
  return answer.kind == FailureKind::kUnsupported;
}

Exploration::End Exploration::explore_here() {
  const End end = explore_by([this] { return answer_here_or_beside(); });
  bool helpers_repeat = true;
  if (helpers_ != nullptr) {
    if (end != End::kFailure) helpers_repeat = helpers_->end_all();
    helpers_lost_ = helpers_->lost();
    helpers_.reset();
  }
  if (end == End::kFailure) {
    Answer again = fresh_->replay(deviations_of(failure_->choices));
    if (!same_failure(again, *failure_)) return End::kHiddenState;
    failure_ = std::move(again);
    return end;
  }
  return helpers_repeat && first_schedule_repeats() ? end : End::kHiddenState;
}

std::optional<Answer> Exploration::answer_here_or_beside() {
  if (helpers_ == nullptr && cores_ > 1 && Clock::now() > start_ + kAlone) spread_out();
  if (helpers_ != nullptr && others().noticed) helpers_->lose_all();
  if (helpers_ != nullptr && strategy_->tree() != nullptr) helpers_->tend();
  if (helpers_ != nullptr && helpers_->have(strategy_->next_part())) {
    std::optional<Told> told = helpers_->next(strategy_->next_part(), search_until_);
    if (!told) return std::nullopt;
    strategy_->begin_schedule();
    strategy_->end_elsewhere(told->end, told->tally);
    return std::move(told->answer);
  }
  keep_costs(!first_);
  Answer answer = run_here(*strategy_);
  if (!first_ && !answer.pruned) find_out_what_is_hidden(answer);
  return answer;
}

void Exploration::spread_out() {
  const std::size_t most = std::exchange(cores_, 1) - 1;
  if (others().noticed) return;
  fresh_->make();  // the copies of this process make none
  helpers_ = std::make_unique<Helpers>(
      strategy_->parts(), strategy_->tree(), most,
      HelpersWork{[this](Strategy& part) { return run_here(part); },
                  [this](const Answer& answer) { return ends_it(answer); },
                  [this] { return first_schedule_repeats(); }});
}

// A body that keeps state between runs mostly shows it in the second one. Noticed at once,
// that costs no time which the schedules in processes of their own will need.
void Exploration::find_out_what_is_hidden(const Answer& answer) {
  if (answer.kind != FailureKind::kNone || options_.schedules < 2) return;
  Replay replay(deviations_of(answer.choices));
  keep_costs(false);
  state_was_noticed_ = run_here(replay).fingerprint != answer.fingerprint;
}

Exploration::End Exploration::explore_in_fresh_processes() {
  for (;;) {
    const End end = explore_by([this] { return std::optional(fresh_->run(*strategy_)); });
    if (end != End::kFailure) return end;
    if (same_failure(fresh_->replay(deviations_of(failure_->choices)), *failure_))
      return end;
    ++not_replayed_;
  }
}

Answer Exploration::run_here(Strategy& strategy) {
  if (outcome_ != nullptr) outcome_->clear();
  Answer answer = answer_of(engine().run(body_, strategy, *memory_, run_options_));
  if (outcome_ != nullptr) answer.outcome = *outcome_;
  return answer;
}

bool Exploration::first_schedule_repeats() {
  if (!first_ || result_.schedules < 2) return true;
  Replay replay(deviations_of(first_->choices));
  keep_costs(false);
  return run_here(replay).fingerprint == first_->fingerprint;
}

bool Exploration::budget_spent() const {
  return result_.schedules >= options_.schedules ||
         (result_.schedules > 0 && Clock::now() > search_until_);
}

double Exploration::milliseconds() const {
  return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
}

// -- Failures ---------------------------------------------------------------------------

// Takes deviations away, many at once and then one by one, as long as the failure stays.
Answer Exploration::minimised(const Answer& failure) {
  Answer smallest = failure;
  if (failure.kind == FailureKind::kUnsupported) return smallest;
  Deviations deviations = deviations_of(failure.choices);
  int attempts = 0;
  const auto may_continue = [&] {
    return attempts < kMostAttemptsToMinimise && Clock::now() < explain_until_;
  };
  for (std::size_t chunk = std::max<std::size_t>(deviations.size() / 2, 1); chunk > 0;
       chunk /= 2) {
    for (std::size_t end = deviations.size(); end > 0;) {
      if (!may_continue()) {
        leave_undone(
            "It may switch more often than necessary: minimising it further would take "
            "too long.");
        return smallest;
      }
      const std::size_t begin = end > chunk ? end - chunk : 0;
      Deviations fewer = deviations;
      fewer.erase(
          fewer.begin() + static_cast<std::ptrdiff_t>(begin),
          fewer.begin() + static_cast<std::ptrdiff_t>(std::min(end, fewer.size())));
      ++attempts;
      Answer answer = fresh_->replay(fewer);
      Deviations taken = deviations_of(answer.choices);
      if (same_failure(answer, failure) && taken.size() < deviations.size()) {
        deviations = std::move(taken);
        smallest = std::move(answer);
      }
      end = std::min(begin, deviations.size());
    }
  }
  return smallest;
}

Inflection Exploration::inflection_of(const Answer& smallest) {
  if (smallest.steps <= kMostStepsToLookThrough && Clock::now() < explain_until_) {
    const Inflection found = fresh_->inflection(smallest.choices, explain_until_);
    if (found.known || Clock::now() < explain_until_) return found;
  }
  leave_undone("Finding the step from which on it fails would take too long.");
  return {};
}

void Exploration::leave_undone(const char* sentence) {
  undone_ += std::string(undone_.empty() ? "" : " ") + sentence;
}

Finding Exploration::finding() const {
  Finding finding;
  finding.test = options_.test;
  finding.schedule = result_.schedules;
  finding.schedules = options_.schedules;
  finding.exhaustive = result_.exhaustive;
  finding.few = result_.few;
  finding.milliseconds = result_.milliseconds;
  finding.coverage = result_.coverage;
  finding.token = result_.token;
  finding.replay_command = replay_command(result_.token, options_.test);
  return finding;
}

void Exploration::report(const Answer& failure) {
  const Answer smallest = minimised(failure);
  const Deviations deviations = deviations_of(smallest.choices);
  result_.kind = name_of(failure.kind);
  result_.message = failure.message;
  result_.token =
      to_text({options_.test, number_, options_.memory, options_.spurious,
               std::string(found_by_), deviations, folded(smallest.fingerprint)});
  Finding found = finding();
  if (!hidden_state_ && failure.kind != FailureKind::kUnsupported) {
    found.inflection = inflection_of(smallest);
  }
  found.undone = undone_;
  tell(fresh_->report(deviations, found));
}

void Exploration::tell(const Report& report) {
  result_.concept_name = report.concept_name;
  result_.picture = report.picture;
  publish(report.json);
}

void Exploration::publish_clean() { publish(clean_record(finding())); }

std::string Exploration::coverage() const {
  std::string text = strategy_->coverage();
  if (hidden_state_) {
    text +=
        "; the body keeps state between runs, so each schedule had a process of its own";
  }
  if (not_replayed_ != 0) {
    text += "; " + counted(not_replayed_, "failure") +
            (not_replayed_ == 1 ? " was not reproduced and does not count"
                                : " were not reproduced and do not count");
  }
  if (helpers_lost_ != 0) {
    text += (helpers_lost_ == 1 ? "; a process"
                                : "; " + std::to_string(helpers_lost_) + " processes") +
            std::string(" that explored beside this one did not come to an end");
  }
  if (result_.few) {
    text += "; " + counted(result_.schedules, "schedule") +
            (result_.schedules == 1 ? " says" : " say") + " little: the time ran out";
  }
  return text;
}

// -- Replay -----------------------------------------------------------------------------

Result Exploration::replay(const Token& token) {
  if (token.test != options_.test || token.exploration != number_) {
    if (is_experiment()) return run();  // what comes after it builds upon what it finds
    result_.coverage = "not this schedule's exploration";
    return std::move(result_);
  }
  start_ = Clock::now();
  const MemoryMode mode = mode_of(token.memory);
  run_options_.spurious = token.spurious;
  run_options_.stop_at = step_to_stop_at();
  const bool debugged = run_options_.stop_at != kNoStep;
  if (!debugged) {
    fresh_ = std::make_unique<FreshProcess>(body_, outcome_, mode, run_options_);
    fresh_->make();
  }
  const EndingGuard guard(debugged ? EndingGuard::Loops::kGoOn
                                   : EndingGuard::Loops::kEnd);
  Trace trace;
  run_options_.trace = &trace;
  Replay replay(token.deviations);
  MemoryModel memory(mode);
  const RunResult run = engine().run(body_, replay, memory, run_options_);
  const Answer answer = answer_of(RunResult(run));
  result_.schedules = 1;
  result_.token = to_text(token);
  result_.coverage = replay.coverage();
  result_.milliseconds = milliseconds();
  if (prints_steps()) {
    for (const Step& step : trace.steps)
      std::printf("%s\n", describe(step, trace).c_str());
  }
  Finding found = finding();
  found.replayed = true;
  found.same_steps = folded(run.fingerprint) == token.steps;
  if (!reporter_installed()) tell_person(found, run);
  if (!run.failure) {
    publish(clean_record(found));
    return std::move(result_);
  }
  if (run.failure.endless) shorten(trace);
  explain_until_ = Clock::now() +
                   seconds(std::max(kLeastToExplain, kShareToExplain * options_.seconds));
  if (!debugged && run.failure.kind != FailureKind::kUnsupported) {
    found.inflection = inflection_of(answer);
    found.undone = undone_;
  }
  result_.kind = name_of(run.failure.kind);
  result_.message = run.failure.message;
  tell(make_report(run.failure, trace, found));
  return std::move(result_);
}

}  // namespace interleave
