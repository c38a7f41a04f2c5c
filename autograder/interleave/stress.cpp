// The explorer where the runtime is not linked in: the body runs again and again under
// the system's scheduler, in plain, ThreadSanitizer and AddressSanitizer builds.
//
// Threads     check may be called by any thread of the body. The first failure is kept, the
//             body continues (another thread cannot be stopped), and the explorer returns it
//             after that run.
// Left out    Everything that needs a chosen schedule: pictures, tokens, costs. A body that
//             hangs, hangs: the test's time limit ends it.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

#include "interleave/interleave.hpp"
#include "interleave/results.hpp"
#include "interleave/search/random.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kDefaultRuns = 300;
// ThreadSanitizer runs a body some twenty times slower; a test must still feel instant.
constexpr double kDefaultSeconds = 0.25;

struct FirstFailure {
  std::mutex mutex;
  std::string message;
  Location where;  // no line: an exception, which names none
  std::atomic<bool> found{false};
};

FirstFailure& first_failure() {
  static FirstFailure failure;
  return failure;
}

void remember(const std::string& message, Location where = {}) {
  FirstFailure& failure = first_failure();
  const std::scoped_lock lock(failure.mutex);
  if (failure.found) return;
  failure.message = message;
  failure.where = where;
  failure.found = true;
}

double from_environment(const char* name, double otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtod(text, nullptr);
}

std::uint64_t seed_of_this_process() {
  return static_cast<std::uint64_t>(from_environment("INTERLEAVE_SEED", 1));
}

// Runs differ in when the body starts relative to the scheduler's tick and the caches: a
// short, seeded pause.
void pause_before_run(Random& random) {
  const std::uint64_t turns = random.below(200);
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  if (turns % 8 == 0) std::this_thread::yield();
}

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Runs `body` until a check fails or the budget is spent.
Result run_repeatedly(const std::function<void()>& body, const Options& options) {
  const auto most_runs = static_cast<std::uint64_t>(
      from_environment("INTERLEAVE_RUNS", double{kDefaultRuns}));
  const double most_milliseconds =
      1000 * from_environment("INTERLEAVE_SECONDS", kDefaultSeconds);
  const auto start = Clock::now();
  Random random(seed_of_this_process() * options.seed);
  first_failure().found = false;

  Result result;
  while (result.schedules < most_runs && !first_failure().found) {
    if (result.schedules > 0 && milliseconds_since(start) > most_milliseconds) break;
    pause_before_run(random);
    ++result.schedules;
    try {
      body();
    } catch (const std::exception& error) {
      remember(std::string("the body threw: ") + error.what());
    }
  }
  result.milliseconds = milliseconds_since(start);
  result.coverage = counted(result.schedules, "run") + " under the system's scheduler";
  if (first_failure().found) {
    result.kind = "check";
    result.message = first_failure().message + " (run " +
                     std::to_string(result.schedules) + " of " +
                     std::to_string(most_runs) + " under the system's scheduler, seed " +
                     std::to_string(seed_of_this_process()) + ")";
  }
  return result;
}

// The place of the check that failed; else of the exploration.
Location place_of(const Result& result, const Options& options) {
  const Location where = first_failure().where;
  return !result.clean() && where.line > 0 ? where : options.where;
}

void publish_result(const Result& result, const Options& options) {
  const Location where = place_of(result, options);
  publish("{\"record\":\"explored\",\"test\":" + json_string(options.test) +
          ",\"kind\":" + json_string(result.kind) +
          ",\"concept\":\"\",\"schedules\":" + std::to_string(result.schedules) +
          ",\"milliseconds\":" + std::to_string(result.milliseconds) +
          ",\"coverage\":" + json_string(result.coverage) +
          ",\"token\":\"\",\"picture\":\"\",\"message\":" + json_string(result.message) +
          ",\"file\":" + json_string(where.file) +
          ",\"line\":" + std::to_string(where.line) + "}");
}

}  // namespace

Result find_failure(const std::function<void()>& body, const Options& options) {
  Result result = run_repeatedly(body, options);
  publish_result(result, options);
  return result;
}

Result explore(const std::function<void()>& body, const Options& options) {
  Result result = find_failure(body, options);
  if (result.clean()) return result;
  // What the exception says is all that a person sees where no grader reads the record.
  const Location where = place_of(result, options);
  result.picture =
      std::string(where.file) + ":" + std::to_string(where.line) + ": " + result.message;
  throw FailureFound(std::move(result));
}

Outcomes outcomes_of_text(const std::function<std::string()>& body,
                          const Options& options) {
  Outcomes outcomes;
  const Result result = run_repeatedly([&] { ++outcomes.seen[body()]; }, options);
  if (!result.clean()) ++outcomes.seen["<" + result.kind + ">"];
  outcomes.schedules = result.schedules;
  outcomes.coverage = result.coverage;
  return outcomes;
}

void check(bool holds, std::string_view message, Location where) {
  if (holds) return;
  remember(message.empty() ? "a check does not hold" : std::string(message), where);
}

void name_thread(std::string_view) {}

Cost::Cost(std::string_view operation, std::uint64_t repetitions)
    : operation_(operation), repetitions_(repetitions) {}
Cost::~Cost() { static_cast<void>(repetitions_); }
Counts Cost::counts() const { return start_; }

bool explores_schedules() { return false; }

}  // namespace interleave
