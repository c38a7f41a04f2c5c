// The main of every speed-gate program: Google Benchmark, with each measurement told to the
// grader. The program is the same for the student and for the reference; only the header
// that it measures differs.
//
// The environment, all of it optional:
//   COURSE_ITERATIONS  how many iterations to measure
//   COURSE_TWICE       do the work of each iteration twice (the grader's control)
//   COURSE_THREADS     what course::threads() answers
//   COURSE_CORES       the cores to run on, "0,2"
#include <benchmark/benchmark.h>
#include <sched.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "course/atomic_counts.hpp"
#include "course/gate.hpp"
#include "course/records.hpp"
#include "course/stay_on.hpp"
#include "machine/usable_cores.hpp"

namespace course {
namespace {

unsigned long long asked(const char* name) noexcept {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

bool twice() noexcept { return std::getenv("COURSE_TWICE") != nullptr; }

// Doing each iteration's work twice is doing twice as many and counting half of them.
benchmark::IterationCount work_per_counted_iteration() noexcept {
  return twice() ? 2 : 1;
}

}  // namespace

unsigned threads() noexcept {
  const auto wanted = static_cast<unsigned>(asked("COURSE_THREADS"));
  return wanted > 0 ? wanted : machine::usable_cores();
}

void gate(benchmark::internal::Benchmark* gate) {
  gate->UseRealTime();
  const auto iterations =
      static_cast<benchmark::IterationCount>(asked("COURSE_ITERATIONS"));
  if (iterations > 0) gate->Iterations(iterations * work_per_counted_iteration());
}

OnOneCore::OnOneCore() noexcept {
  CPU_ZERO(&before_);
  ::sched_getaffinity(0, sizeof before_, &before_);
  const int here = ::sched_getcpu();
  if (here < 0) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(here), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

OnOneCore::~OnOneCore() { ::sched_setaffinity(0, sizeof before_, &before_); }

namespace {

// Returns in every thread once `all` threads are here, without sleeping: a thread that has
// to be woken begins later than the one that wakes it.
void meet(std::atomic<unsigned>& here, unsigned all) noexcept {
  // Then it yields: there may be fewer cores than threads.
  constexpr int looks_before_yielding = 10'000;
  // relaxed: nothing else is handed over.
  here.fetch_add(1, std::memory_order_relaxed);
  for (int looks = 0; here.load(std::memory_order_relaxed) < all; ++looks) {
    if (looks >= looks_before_yielding) std::this_thread::yield();
  }
}

}  // namespace

void together(unsigned threads, const std::function<void(unsigned)>& work) {
  const std::vector<unsigned> cores = machine::allowed_cores();
  std::atomic<unsigned> here = 0;
  std::vector<std::jthread> all;
  try {
    for (unsigned i = 0; i < threads; ++i) {
      all.emplace_back([&, i] {
        stay_on(cores[i % cores.size()]);
        meet(here, threads);
        work(i);
      });
    }
  } catch (...) {
    here = threads;  // a thread could not be started; the others must not wait for it
    throw;
  }
}

void keep_to_one_core() {
  static const std::vector<unsigned> cores = machine::allowed_cores();
  static std::atomic<unsigned> callers = 0;
  // relaxed: nothing else is handed over.
  thread_local const unsigned turn = callers.fetch_add(1, std::memory_order_relaxed);
  thread_local const bool kept = (stay_on(cores[turn % cores.size()]), true);
  static_cast<void>(kept);
}

namespace {

class Reporter : public benchmark::BenchmarkReporter {
  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const std::string name = json_string(run.run_name.function_name);
      if (run.error_occurred) {
        report(R"({"record":"measured","name":)" + name + R"(,"error":)" +
               json_string(run.error_message) + "}");
      } else {
        report(R"({"record":"measured","name":)" + name + R"(,"seconds":)" +
               exact(run.real_accumulated_time) + R"(,"iterations":)" +
               std::to_string(run.iterations / work_per_counted_iteration()) + "}");
      }
    }
  }

  static std::string exact(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", seconds);
    return text;
  }
};

void run_on(const char* cores) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  std::istringstream numbers(cores);
  for (std::string number; std::getline(numbers, number, ',');) {
    CPU_SET(std::strtoul(number.c_str(), nullptr, 10), &mask);
  }
  if (::sched_setaffinity(0, sizeof mask, &mask) != 0) std::perror("COURSE_CORES");
}

}  // namespace
}  // namespace course

int main(int argc, char** argv) {
  if (const char* cores = std::getenv("COURSE_CORES")) course::run_on(cores);
  course::count_owners_atomically();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (course::graded()) {
    course::Reporter reporter;
    const std::size_t runs = benchmark::RunSpecifiedBenchmarks(&reporter);
    course::report(R"({"record":"end","runs":)" + std::to_string(runs) + "}");
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
  benchmark::Shutdown();
}
