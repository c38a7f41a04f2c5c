// What a speed gate's program asks the grader for: how many iterations, on how many threads.
//
//   static void HandOver(benchmark::State& state) {
//     for (auto _ : state) {
//       if (pass_jobs(course::threads()) != expected) state.SkipWithError("a job was lost");
//     }
//   }
//   BENCHMARK(HandOver)->Apply(course::gate);
//
// One iteration does the same work however many threads share it, so that time at k threads
// and at 2k threads can be compared. Set-up outside the loop is not timed, but it must stay
// short: the grader's own clock runs around the whole process.
//
// Threads     The main thread only.
// Errors      A number in the environment that is none counts as absent.
#pragma once

#include <benchmark/benchmark.h>
#include <sched.h>

#include <functional>

namespace course {

// How many threads the work is to be spread over, at least 1: the grader's choice, else
// every core that may be used.
[[nodiscard]] unsigned threads() noexcept;

// Has `gate` measured in real time, and for as many iterations as the grader asks.
void gate(benchmark::internal::Benchmark* gate);

// Keeps this thread, and the threads it starts, on the core it is on while this lives. For
// threads that hand over to each other all the time: on several cores what they cost is
// where the scheduler happened to put them, up to six times more in one process than in the
// next.
class OnOneCore {
 public:
  OnOneCore() noexcept;
  ~OnOneCore();
  OnOneCore(const OnOneCore&) = delete;
  OnOneCore& operator=(const OnOneCore&) = delete;

 private:
  cpu_set_t before_;
};

// Runs work(0), work(1), … on as many threads, each kept on a core of its own where there
// are enough, and returns when all have ended. They begin together. Threads that are only
// started may run one after the other, or on one core, on a busy machine: they then never
// meet, and meeting costs nothing.
void together(unsigned threads, const std::function<void(unsigned)>& work);

// Keeps the calling thread, from its first call on, on one core; the threads that call it
// take the usable cores in turn. For threads that the measured code starts itself: the
// system may leave two of them on one core, and the other core idle, for longer than a run
// lasts.
void keep_to_one_core();

}  // namespace course
