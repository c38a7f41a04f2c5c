// How many schedules a second: N threads, each of which adds to a shared atomic and to a sum under a lock.
//
// Every strategy explores the same body under the same budget, on one core; one line each. Counted in processor time,
// which a busy machine changes less than the clock on the wall.
#include <atomic>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace {

constexpr std::uint64_t kSchedules = 100'000;

void add_in_threads(std::size_t workers) {
  std::atomic<int> additions{0};
  std::mutex mutex;
  int sum = 0;
  std::vector<std::thread> threads;
  const auto add = [&] {
    additions.fetch_add(1);
    const std::lock_guard lock(mutex);
    ++sum;
  };
  for (std::size_t i = 0; i < workers; ++i) threads.emplace_back(add);
  add();
  for (std::thread& thread : threads) thread.join();
}

// `threads` counts the body's own.
void measure(std::size_t threads, const char* strategy) {
  const std::clock_t start = std::clock();
  const interleave::Result result = interleave::find_failure(
      [&] { add_in_threads(threads - 1); },
      {.schedules = kSchedules, .seconds = 60, .strategy = strategy});
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::printf("%7zu   %-9s %9lu schedules %10.0f a second   %s\n", threads, strategy,
              static_cast<unsigned long>(result.schedules),
              static_cast<double>(result.schedules) / seconds, result.kind.c_str());
}

}  // namespace

int main() {
  for (const std::size_t threads : {2U, 3U, 5U}) {
    for (const char* strategy : {"sticky20", "pct3", "pos"}) measure(threads, strategy);
  }
}
