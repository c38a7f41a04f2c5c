// Lesson 2's experiments: one for each claim about shared state.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "broken_shared_state.hpp"
#include "interleave/interleave.hpp"
#include "shared_state.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Runs `work(worker)` on `workers` threads at once; returns the seconds until all ended.
double seconds_of(unsigned workers, const std::function<void(unsigned)>& work) {
  const Clock::time_point start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < workers; ++i) threads.emplace_back(work, i);
  }
  return seconds_since(start);
}

// The middle of three runs.
double typical_seconds(unsigned workers, const std::function<void(unsigned)>& work) {
  std::array<double, 3> runs;
  for (double& run : runs) run = seconds_of(workers, work);
  std::sort(runs.begin(), runs.end());
  return runs[1];
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

// --- P4 -------------------------------------------------------------------------------

const std::array<std::string, 4> items = {"ink", "paper", "staples", "glue"};

//> region private_state
// Each worker keeps totals of its own; they are added up once, at the end.
std::int64_t with_private_totals(unsigned workers, int jobs, double& seconds) {
  std::vector<std::map<std::string, std::int64_t>> totals(workers);
  seconds = typical_seconds(workers, [&](unsigned worker) {
    totals[worker].clear();
    for (int job = 0; job < jobs; ++job)
      ++totals[worker][items[static_cast<std::size_t>(job) % items.size()]];
  });
  std::int64_t sum = 0;
  for (const auto& own : totals) {
    for (const auto& entry : own) sum += entry.second;
  }
  return sum;
}
//<

//> region shared_state
// All workers add to one table.
std::int64_t with_shared_totals(unsigned workers, int jobs, double& seconds) {
  SharedTotals totals;
  seconds = typical_seconds(workers, [&](unsigned) {
    for (int job = 0; job < jobs; ++job)
      totals.add(items[static_cast<std::size_t>(job) % items.size()], 1);
  });
  std::int64_t sum = 0;
  for (const std::string& item : items) sum += totals.total(item);
  return sum / 3;  // the table kept all three runs
}
//<

// Lines of code between `//> region NAME` and `//<` in a file of this lesson.
int lines_of(const char* file, const std::string& region) {
  std::ifstream source(std::filesystem::path(__FILE__).parent_path() / file);
  expect(source.good(), "a source file of the lesson cannot be read");
  int lines = 0;
  bool inside = false;
  for (std::string line; std::getline(source, line);) {
    const std::size_t first = line.find_first_not_of(' ');
    if (first == line.npos) continue;
    const std::string_view text = std::string_view(line).substr(first);
    if (text == "//<") inside = false;
    if (inside && !text.starts_with("//")) ++lines;
    if (text == "//> region " + region) inside = true;
  }
  expect(lines > 0, "a region of the lesson is gone");
  return lines;
}

MEASURED("P4", "Complexity arises at a shared data store", table) {
  const int jobs = course::quick() ? 2'000 : 400'000;
  const unsigned workers = std::max(2U, course::usable_cores());
  double apart = 0;
  double shared = 0;
  const std::int64_t expected = std::int64_t{jobs} * workers;
  expect(with_private_totals(workers, jobs, apart) == expected,
         "a private total is wrong");
  expect(with_shared_totals(workers, jobs, shared) == expected,
         "the shared total is wrong");
  const double all_jobs = static_cast<double>(jobs) * workers;
  const int private_lines = lines_of("demo.cpp", "private_state");
  const int shared_lines =
      lines_of("demo.cpp", "shared_state") + lines_of("shared_state.hpp", "add");
  table.columns({"the same jobs, by " + std::to_string(workers) + " workers", "lines",
                 "locks per job", "jobs/s", "speed"});
  table.row({"each with a table of its own", std::to_string(private_lines), "0",
             course::number(all_jobs / apart), course::number(shared / apart)});
  table.row({"all with one shared table", std::to_string(shared_lines), "1",
             course::number(all_jobs / shared), "1.0"});
  table.look_at("what sharing costs, although the jobs do the same");
}

// --- P5 -------------------------------------------------------------------------------

// A leader writes a letter and raises a flag; what does a worker see that looks once?
std::string seen_with(std::memory_order store, std::memory_order load) {
  std::atomic<int> letter = 0;
  std::atomic<int> flag = 0;
  std::string seen;
  {
    std::jthread leader([&] {
      letter.store(1, std::memory_order_relaxed);
      flag.store(1, store);
    });
    const bool raised = flag.load(load) == 1;
    const bool written = letter.load(std::memory_order_relaxed) == 1;
    seen = std::string(raised ? "flag up" : "flag down") +
           (written ? ", letter there" : ", no letter");
  }
  return seen;
}

const char* name_of(std::memory_order order) {
  if (order == std::memory_order_relaxed) return "relaxed";
  return order == std::memory_order_release ? "release" : "acquire";
}

EXPLORED("P5", "Changes must be pushed to main memory so that others see them", table) {
  constexpr auto relaxed = std::memory_order_relaxed;
  constexpr auto release = std::memory_order_release;
  constexpr auto acquire = std::memory_order_acquire;
  const std::array<std::pair<std::memory_order, std::memory_order>, 4> orders = {
      {{relaxed, relaxed}, {release, relaxed}, {relaxed, acquire}, {release, acquire}}};
  table.columns({"flag stored, loaded", "outcomes", "flag up, no letter"});
  for (const auto& [store, load] : orders) {
    const auto found = interleave::outcomes([&] { return seen_with(store, load); });
    table.row({std::string(name_of(store)) + ", " + name_of(load),
               std::to_string(found.seen.size()),
               found.seen.contains("flag up, no letter") ? "reachable" : "impossible"});
  }
  table.look_at(
      "the last line: only release and acquire together rule out a raised flag "
      "without the letter");
}

// --- P6 -------------------------------------------------------------------------------

void race() {
  UnlockedTotal total;
  std::jthread worker([&] { total.add(1); });
  total.add(1);
}

void lost_update() {
  LoadThenStore total;
  {
    std::jthread worker([&] { total.add(1); });
    total.add(1);
  }
  interleave::check(total.total() == 2, "an addition was lost");
}

void overdraft() {
  CheckThenTake total(1);
  {
    std::jthread worker([&] { static_cast<void>(total.take(1)); });
    static_cast<void>(total.take(1));
  }
  interleave::check(total.total() == 0, "the last one was taken twice");
}

void deadlock() {
  TwoLocks totals;
  std::jthread worker([&] { totals.move_left(); });
  totals.move_right();
}

void lost_wake_up() {
  NotifyWithoutLock flag;
  std::jthread waiter([&] { flag.wait(); });
  flag.set();
}

EXPLORED("P6", "Deadlock, race condition, and other problems of shared data", table) {
  struct Bug {
    const char* name;
    void (*body)();
  };
  constexpr std::array<Bug, 5> bugs = {{{"no lock at all", race},
                                        {"load, add, store", lost_update},
                                        {"look, then take", overdraft},
                                        {"two locks, two orders", deadlock},
                                        {"notify without the lock", lost_wake_up}}};
  table.columns({"broken sibling", "what the explorer finds", "in schedule"});
  for (const Bug& bug : bugs) {
    const interleave::Result found = interleave::find_failure(bug.body);
    table.row({bug.name, found.kind, std::to_string(found.schedules)});
    if (found.kind == "deadlock") table.verbatim(found.picture);
  }
  table.look_at(
      "the third column: each was found at once, and each would pass a test that "
      "runs it once");
}

// --- P7 -------------------------------------------------------------------------------

// Arithmetic that cannot be shortened: each step needs the one before.
std::uint64_t work(std::uint64_t value, int steps) {
  for (int i = 0; i < steps; ++i) value = value * 6364136223846793005U + 1;
  return value;
}

// The seconds for `jobs` jobs a worker, `percent` of each done under one lock.
double seconds_with_lock_share(unsigned workers, int jobs, int percent) {
  constexpr int kSteps = 4'000;
  const int locked_steps = kSteps * percent / 100;
  std::mutex mutex;
  std::atomic<std::uint64_t> sink = 0;
  return typical_seconds(workers, [&](unsigned worker) {
    std::uint64_t value = worker;
    for (int job = 0; job < jobs; ++job) {
      value = work(value, kSteps - locked_steps);
      if (locked_steps == 0) continue;
      const std::scoped_lock lock(mutex);
      value = work(value, locked_steps);
    }
    sink += value;
  });
}

MEASURED("P7", "Parallelism is lost while threads wait for shared data", table) {
  const int jobs = course::quick() ? 50 : 8'000;
  const unsigned workers = std::max(2U, course::usable_cores());
  const double alone = seconds_with_lock_share(1, jobs, 0) * workers;
  table.columns({"share of a job done under the lock",
                 "speed-up of " + std::to_string(workers) + " workers over one"});
  for (const int percent : {0, 10, 25, 50, 75, 100}) {
    const double together = seconds_with_lock_share(workers, jobs, percent);
    table.row({std::to_string(percent) + " %", course::number(alone / together)});
  }
  table.look_at(
      "where the speed-up falls to one: from there on the workers only take turns");
}

// --- P8 -------------------------------------------------------------------------------

// One worker adds 10, one doubles; both jobs are atomic, so nothing is broken.
std::string total_after_both() {
  std::mutex mutex;
  int total = 1;
  {
    std::jthread adds([&] {
      const std::scoped_lock lock(mutex);
      total += 10;
    });
    std::jthread doubles([&] {
      const std::scoped_lock lock(mutex);
      total *= 2;
    });
  }
  return std::to_string(total);
}

// The same jobs, both additions: they commute.
std::string total_after_additions() {
  std::mutex mutex;
  int total = 1;
  const auto add = [&](int amount) {
    const std::scoped_lock lock(mutex);
    total += amount;
  };
  {
    std::jthread one([&] { add(10); });
    std::jthread two([&] { add(2); });
  }
  return std::to_string(total);
}

EXPLORED("P8", "Execution order is not determined, so the state cannot be predicted",
         table) {
  table.columns({"jobs on a total of 1", "final states", "which", "coverage"});
  const auto add_row = [&](const char* jobs, std::string (*body)()) {
    const auto found = interleave::outcomes(body);
    std::string states;
    for (const auto& entry : found.seen)
      states += (states.empty() ? "" : " or ") + entry.first;
    table.row({jobs, std::to_string(found.seen.size()), states,
               found.exhaustive ? "all behaviours" : found.coverage});
  };
  add_row("+ 10 and x 2, each under the lock", total_after_both);
  add_row("+ 10 and + 2, each under the lock", total_after_additions);
  table.look_at("the first line: no race, no deadlock, and still two results");
}

}  // namespace
