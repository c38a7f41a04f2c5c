// Runs a test body under many schedules and reports the first one in which something
// breaks.
//
//   TEST(JobQueue, NothingIsLostWhenClosed) {
//     interleave::explore([] {
//       JobQueue<int> queue(1);
//       std::jthread producer([&] { queue.push(1); queue.close(); });
//       interleave::check(queue.pop() == 1);
//       interleave::check(queue.pop() == std::nullopt);
//     });
//   }
//
// The same source is built for every stage. Linked with `interleave::runtime` the body
// runs one thread at a time under schedules that are chosen; linked with
// `interleave::stress` it runs a few hundred times under the system's scheduler, with or
// without a sanitizer.
//
// Threads     explore, outcomes, replay: one caller at a time, outside any body.
//             check, name_thread, Cost: any thread of a running body.
// Restrictions
//   The body builds everything it uses and joins every thread it starts. It may write
//   results to what it captured; it must not depend on what an earlier run left there.
//   Uninstrumented libraries, raw system calls and inline assembly are not seen.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace interleave {

// The running GoogleTest test, if <gtest/gtest.h> was included before this header.
inline std::string current_test() {
#if defined(GOOGLETEST_INCLUDE_GTEST_GTEST_H_) || defined(GTEST_INCLUDE_GTEST_GTEST_H_)
  if (const auto* test = ::testing::UnitTest::GetInstance()->current_test_info()) {
    return std::string(test->test_suite_name()) + "." + test->name();
  }
#endif
  return {};
}

// Tells whether a GoogleTest assertion has failed in the running test; nullptr without GoogleTest.
inline bool (*assertion_probe())() {
#if defined(GOOGLETEST_INCLUDE_GTEST_GTEST_H_) || defined(GTEST_INCLUDE_GTEST_GTEST_H_)
  return &::testing::Test::HasFailure;
#else
  return nullptr;
#endif
}

// A place in the source. Clang 14 has no std::source_location with libstdc++.
struct Location {
  const char* file = "";
  std::uint32_t line = 0;

  // As a default argument: the caller's place.
  static constexpr Location current(const char* file = __builtin_FILE(),
                                    std::uint32_t line = __builtin_LINE()) {
    return {file, line};
  }
};

enum class Memory : std::uint8_t {
  kSequential,  // a load reads the newest store, always
  kWeak,        // a load reads any store that C++20 allows it to read
  kRc11,        // the same by RC11 as published, to count executions as others do
};

// Each value can be overridden from outside by the INTERLEAVE_* variable in its comment.
struct Options {
  std::uint64_t schedules = 10'000;    // at most this many           INTERLEAVE_SCHEDULES
  double seconds = 10.0;               // and at most this long       INTERLEAVE_SECONDS
  std::string strategy = "portfolio";  // see search/strategy.hpp     INTERLEAVE_STRATEGY
  std::uint64_t seed = 1;              // of everything random        INTERLEAVE_SEED
  Memory memory = Memory::kWeak;       // "weak", "sequential", "rc11"  INTERLEAVE_MEMORY
  // Explore spurious wake-ups, weak compare-exchange and try_lock failures.
  bool spurious = true;
  // Look for data races. If not, plain memory is shared like atomics, sequentially, and each
  // access to it is a place to switch threads.
  bool races = true;
  bool leaks = true;  // a block allocated by the body and alive at its end is a failure
  std::string test = current_test();  // in records and tokens
  bool (*assertion_failed)() =
      assertion_probe();  // ends the schedule like a failed check
  Location where = Location::current();
};

// What one exploration saw. `kind` is "clean" or one of the names in trace/failure.hpp.
struct Result {
  std::string kind = "clean";
  std::string concept_name;  // "lock order", "lost wake-up", ...; empty when clean
  std::string message;       // one sentence: what broke
  std::string picture;       // the losing schedule, one column per thread
  std::string token;         // replays it: INTERLEAVE_REPLAY=token
  std::string coverage;      // what was covered, in words
  std::uint64_t schedules = 0;
  // Distinct ones: who reads from whom, in which modification order.
  std::uint64_t executions = 0;
  double milliseconds = 0;
  bool exhaustive = false;  // every behaviour was checked
  // So few schedules had to do, for lack of time, that "clean" says next to nothing.
  bool few = false;

  [[nodiscard]] bool clean() const { return kind == "clean"; }
};

// Thrown by explore when a schedule fails; what() is the whole report.
class FailureFound : public std::runtime_error {
 public:
  explicit FailureFound(Result result);
  [[nodiscard]] const Result& result() const { return result_; }

 private:
  Result result_;
};

// Explores `body`; throws FailureFound at the first schedule that fails (and failed again
// when it was replayed).
Result explore(const std::function<void()>& body, const Options& options);

// The same with the default options, which are built in one place rather than in each test.
[[gnu::noinline]] inline Result explore(const std::function<void()>& body,
                                        Location where = Location::current()) {
  Options options;
  options.where = where;
  return explore(body, options);
}

// The same for a function, made a std::function in one place.
[[gnu::noinline]] inline Result explore_function(void (*body)(), Location where) {
  return explore(std::function<void()>(body), where);
}

// The same for a body that captures nothing, as most do. A verdict waits for the compiler,
// and a std::function in every test is much of its work.
template <std::convertible_to<void (*)()> Body>
Result explore(Body body, Location where = Location::current()) {
  return explore_function(body, where);
}

// Like explore, but returns a failure rather than throwing it.
[[nodiscard]] Result find_failure(const std::function<void()>& body,
                                  const Options& options = {});

// Every result that `body` can return, written as text, with the number of schedules that
// returned it. A schedule that fails counts under "<kind>", for instance "<deadlock>".
struct Outcomes {
  std::map<std::string, std::uint64_t> seen;
  std::string coverage;
  std::uint64_t schedules = 0;
  std::uint64_t executions = 0;  // distinct ones, as in Result
  bool exhaustive = false;       // nothing else is reachable
};

[[nodiscard]] Outcomes outcomes_of_text(const std::function<std::string()>& body,
                                        const Options& options = {});

// `body` returns a std::string or anything that can be written to a stream.
template <typename Body>
[[nodiscard]] Outcomes outcomes(Body body, const Options& options = {}) {
  return outcomes_of_text(
      [body]() mutable {
        if constexpr (std::is_convertible_v<decltype(body()), std::string>) {
          return std::string(body());
        } else {
          std::ostringstream text;
          text << body();
          return text.str();
        }
      },
      options);
}

// Fails the schedule if `holds` is false. Under the runtime the schedule ends here; in a
// stress build the body continues and explore throws when it returns.
void check(bool holds, std::string_view message = {},
           Location where = Location::current());

// Names the calling thread in pictures. Threads without a name are "leader", "worker 1",
// "worker 2"...
void name_thread(std::string_view name);

// Work done by the calling thread while a Cost is alive.
struct Counts {
  std::uint64_t atomics = 0;      // atomic operations of the program; a fence is none
  std::uint64_t updates = 0;      // those among them that are read-modify-writes
  std::uint64_t locks = 0;        // mutex and reader-writer locks taken
  std::uint64_t allocations = 0;  // blocks
  std::uint64_t wake_ups = 0;     // times the thread was woken after it had blocked
  // Times it read again what it had just read, waiting for a change; not the looks that
  // atomic::wait takes before it sleeps.
  std::uint64_t spins = 0;
};

// Counts one operation of the default schedule and reports it, divided by `repetitions`,
// as a record
// {"record":"cost",...}. Exact, and the same on every machine. Does nothing in a stress
// build.
//
//   interleave::explore([] { JobQueue<int> queue(8); { interleave::Cost cost("push");
//   queue.push(1); } });
class Cost {
 public:
  explicit Cost(std::string_view operation, std::uint64_t repetitions = 1);
  ~Cost();
  Cost(const Cost&) = delete;
  Cost& operator=(const Cost&) = delete;

  // What was counted so far, not divided.
  [[nodiscard]] Counts counts() const;

 private:
  std::string_view operation_;
  std::uint64_t repetitions_;
  Counts start_;
};

// One JSON object per exploration and per cost goes to `reporter`; see README.md for the
// fields. Without a reporter they go to the file descriptor in INTERLEAVE_RESULTS, if
// that is set.
using Reporter = void (*)(std::string_view json);
void set_reporter(Reporter reporter);

// True where the runtime is linked in: schedules are chosen, not suffered.
[[nodiscard]] bool explores_schedules();

}  // namespace interleave
