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
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "broken_shared_state.hpp"
#include "course/busywork.hpp"
#include "course/source_file.hpp"
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

constexpr int repetitions = 5;

// The middle of all repetitions.
double typical_seconds(unsigned workers, const std::function<void(unsigned)>& work) {
  std::array<double, repetitions> runs;
  for (double& run : runs) run = seconds_of(workers, work);
  std::sort(runs.begin(), runs.end());
  return runs[repetitions / 2];
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

// --- P4 -------------------------------------------------------------------------------

const std::array<std::string, 4> items = {"ink", "paper", "staples", "glue"};

const std::string& item_of(int job) {
  return items[static_cast<std::size_t>(job) % items.size()];
}

using Totals = std::map<std::string, std::int64_t>;

//> region private_job
// A worker's job, on totals that are its own.
void count(Totals& own, const std::string& item) { ++own[item]; }
//<

//> region private_end
// What is left to do when all workers have ended: add up what each of them has.
Totals sum_of(const std::vector<Totals>& everybodys) {
  Totals sum;
  for (const Totals& own : everybodys) {
    for (const auto& [item, total] : own) sum[item] += total;
  }
  return sum;
}
//<

//> region shared_job
// The same job, on totals that all workers share.
void count(SharedTotals& totals, const std::string& item) { totals.add(item, 1); }
//<

// Lines of code between `//> region NAME` and `//<` in a file of this lesson.
int lines_of(const char* file, const std::string& region) {
  std::ifstream source(course::source_file().parent_path() / file);
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

double private_seconds(unsigned workers, int jobs) {
  std::vector<Totals> everybodys(workers);
  const double seconds = typical_seconds(workers, [&](unsigned worker) {
    Totals own;
    for (int job = 0; job < jobs; ++job) count(own, item_of(job));
    everybodys[worker] = std::move(own);
  });
  expect(sum_of(everybodys)["ink"] == std::int64_t{jobs} / 4 * workers,
         "a private total is wrong");
  return seconds;
}

double shared_seconds(unsigned workers, int jobs) {
  SharedTotals totals;
  const double seconds = typical_seconds(workers, [&](unsigned) {
    for (int job = 0; job < jobs; ++job) count(totals, item_of(job));
  });
  expect(totals.total("ink") == std::int64_t{jobs} / 4 * workers * repetitions,
         "the shared total is wrong");
  return seconds;
}

MEASURED("P4", "The same jobs, with private and with shared totals", table) {
  const int jobs = course::quick() ? 2'000 : 400'000;
  const unsigned workers = std::max(2U, course::usable_cores());
  const double apart = private_seconds(workers, jobs);
  const double shared = shared_seconds(workers, jobs);
  const double all_jobs = static_cast<double>(jobs) * workers;
  const int private_lines =
      lines_of("demo.cpp", "private_job") + lines_of("demo.cpp", "private_end");
  const int shared_lines = lines_of("demo.cpp", "shared_job") +
                           lines_of("shared_state.hpp", "add") +
                           lines_of("shared_state.hpp", "data");
  table.columns(
      {"totals of " + std::to_string(workers) + " workers", "lines", "jobs/s", "speed"});
  table.row({"each its own", std::to_string(private_lines),
             course::number(all_jobs / apart), course::number(shared / apart)});
  table.row({"one for all", std::to_string(shared_lines),
             course::number(all_jobs / shared), "1.0"});
  table.look_at("the last two columns: the jobs are the same, the meetings are not");
}

// What the explorer counts while `job` is done once, after it was done once before.
template <typename Totals>
interleave::Counts cost_of_a_job() {
  interleave::Counts counts;
  interleave::explore([&counts] {
    Totals totals;
    count(totals, items[0]);
    const interleave::Cost cost("a job");
    count(totals, items[0]);
    counts = cost.counts();
  });
  return counts;
}

EXPLORED("P4b", "What one job costs, counted", table) {
  table.columns({"totals", "locks", "other atomic operations", "allocations"});
  const auto add_row = [&](const char* totals, const interleave::Counts& counts) {
    table.row({totals, std::to_string(counts.locks), std::to_string(counts.atomics),
               std::to_string(counts.allocations)});
  };
  add_row("each its own", cost_of_a_job<Totals>());
  add_row("one for all", cost_of_a_job<SharedTotals>());
  table.look_at("the one lock: nothing else is added to the job");
}

// --- P5 -------------------------------------------------------------------------------

// What a worker sees that looks once, while a leader writes a letter and raises a flag.
struct Seen {
  bool flag;
  bool letter;

  [[nodiscard]] std::string words() const {
    return std::string(flag ? "flag up" : "flag down") +
           (letter ? ", letter there" : ", no letter");
  }
};

//> region visibility
Seen look_once(std::memory_order store, std::memory_order load) {
  std::atomic<bool> letter = false;
  std::atomic<bool> flag = false;
  Seen seen{};
  std::jthread worker([&] {
    seen.flag = flag.load(load);
    seen.letter = letter.load(std::memory_order_relaxed);
  });
  letter.store(true, std::memory_order_relaxed);
  flag.store(true, store);
  worker.join();
  return seen;
}
//<

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto release = std::memory_order_release;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto seq_cst = std::memory_order_seq_cst;

const char* name_of(std::memory_order order) {
  if (order == relaxed) return "relaxed";
  if (order == seq_cst) return "seq_cst";
  return order == release ? "release" : "acquire";
}

// The schedule in which a worker sees the flag and not the letter.
void expects_the_letter() {
  const Seen seen = look_once(relaxed, relaxed);
  interleave::check(!seen.flag || seen.letter, "the flag is up and there is no letter");
}

// The orders of a store, and of the load that may see it.
struct Orders {
  std::memory_order store;
  std::memory_order load;

  [[nodiscard]] std::string words() const {
    return std::string(name_of(store)) + ", " + name_of(load);
  }
};

// A column for each pair of orders, a row for each outcome: whether `body` reaches it.
void tabulate(course::Table& table, const char* what, const std::vector<Orders>& columns,
              const std::vector<std::string>& outcomes, std::string (*body)(Orders)) {
  std::vector<std::string> names = {what};
  std::vector<interleave::Outcomes> found;
  for (const Orders orders : columns) {
    names.push_back(orders.words());
    found.push_back(interleave::outcomes([orders, body] { return body(orders); }));
  }
  table.columns(names);
  const auto add_row = [&](const std::string& first, const auto& cell) {
    std::vector<std::string> cells = {first};
    for (const auto& one : found) cells.emplace_back(cell(one));
    table.row(cells);
  };
  for (const std::string& outcome : outcomes) {
    add_row(outcome, [&](const interleave::Outcomes& one) {
      return one.seen.contains(outcome) ? "reached" : "-";
    });
  }
  add_row("is that everything?", [](const interleave::Outcomes& one) {
    return one.exhaustive ? "yes" : "not shown";
  });
}

EXPLORED("P5", "A letter is written, then a flag raised: what one look can see", table) {
  tabulate(
      table, "flag is stored, loaded:",
      {{relaxed, relaxed}, {release, relaxed}, {relaxed, acquire}, {release, acquire}},
      {"flag down, no letter", "flag down, letter there", "flag up, letter there",
       "flag up, no letter"},
      [](Orders orders) { return look_once(orders.store, orders.load).words(); });
  table.verbatim(interleave::find_failure(expects_the_letter).picture);
  table.look_at(
      "the line \"flag up, no letter\": only release and acquire together rule it out; "
      "and in the interleaving at the load that reads an old value");
}

// --- P5b ------------------------------------------------------------------------------

//> region store_buffering
// Each thread raises its own flag and then looks at the other's.
std::string each_looks_at_the_other(Orders orders) {
  std::atomic<bool> mine = false;
  std::atomic<bool> yours = false;
  bool you_see_mine = false;
  std::jthread you([&] {
    yours.store(true, orders.store);
    you_see_mine = mine.load(orders.load);
  });
  mine.store(true, orders.store);
  const bool i_see_yours = yours.load(orders.load);
  you.join();
  if (you_see_mine && i_see_yours) return "each sees the other's flag";
  return you_see_mine || i_see_yours ? "one sees the other's flag"
                                     : "neither sees a flag";
}
//<

// The schedule in which both look, and neither sees the other.
void expects_one_to_see() {
  interleave::check(each_looks_at_the_other({release, acquire}) != "neither sees a flag",
                    "both flags are up, and neither thread saw the other's");
}

EXPLORED("P5b", "Two flags: each thread raises its own, then looks at the other's",
         table) {
  tabulate(
      table, "flags are stored, loaded:",
      {{relaxed, relaxed}, {release, acquire}, {seq_cst, seq_cst}},
      {"each sees the other's flag", "one sees the other's flag", "neither sees a flag"},
      each_looks_at_the_other);
  table.verbatim(interleave::find_failure(expects_one_to_see).picture);
  table.look_at(
      "the line \"neither sees a flag\": release and acquire allow it, seq_cst does not");
}

// --- P6 -------------------------------------------------------------------------------

// Each body has two threads that do one thing each, and returns what is left in the end.
// First the broken form, then the right one: where nothing else is said, the reference.

std::string adding_unlocked() {
  // Clang 14 does not watch the members of local variables.
  const auto total = std::make_unique<UnlockedTotal>();
  {
    std::jthread worker([&] { total->add(1); });
    total->add(1);
  }
  return std::to_string(total->total());
}

std::string adding_in_two_steps() {
  LoadThenStore total;
  {
    std::jthread worker([&] { total.add(1); });
    total.add(1);
  }
  return std::to_string(total.total());
}

std::string adding() {
  SharedTotals totals;
  {
    std::jthread worker([&] { totals.add("ink", 1); });
    totals.add("ink", 1);
  }
  return std::to_string(totals.total("ink"));
}

std::string taking_what_was_seen() {
  CheckThenTake total(1);
  {
    std::jthread worker([&] { static_cast<void>(total.take(1)); });
    static_cast<void>(total.take(1));
  }
  return std::to_string(total.total());
}

std::string taking() {
  SharedTotals totals;
  totals.add("ink", 1);
  {
    std::jthread worker([&] { static_cast<void>(totals.take("ink", 1)); });
    static_cast<void>(totals.take("ink", 1));
  }
  return std::to_string(totals.total("ink"));
}

std::string moving_with_two_locks() {
  TwoLocks totals(5, 5);
  {
    std::jthread worker([&] { totals.move_left(1); });
    totals.move_right(2);
  }
  return std::to_string(totals.left()) + " and " + std::to_string(totals.right());
}

std::string moving() {
  SharedTotals totals;
  totals.add("left", 5);
  totals.add("right", 5);
  {
    std::jthread worker([&] { totals.move("right", "left", 1); });
    totals.move("left", "right", 2);
  }
  return std::to_string(totals.total("left")) + " and " +
         std::to_string(totals.total("right"));
}

// One thread waits for the flag, the other sets it.
template <typename Flag>
std::string waking() {
  Flag flag;
  {
    std::jthread waiter([&] { flag.wait(); });
    flag.set();
  }
  return "woken";
}

// The right form of NotifyWithoutLock.
class NotifyAfterLock {
 public:
  void set() {
    {
      const std::scoped_lock lock(mutex_);
      set_ = true;
    }
    changed_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    while (!set_) changed_.wait(lock);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;  // mutex_
};

// "1, 2, <deadlock>"
std::string states_of(const interleave::Outcomes& outcomes) {
  std::string states;
  for (const auto& entry : outcomes.seen)
    states += (states.empty() ? "" : ", ") + entry.first;
  return states + (outcomes.exhaustive ? "" : " (and perhaps more)");
}

EXPLORED("P6", "Two threads, one operation each: the final states that can be reached",
         table) {
  struct Pair {
    const char* what;
    std::string (*broken)();
    std::string (*right)();
  };
  constexpr std::array<Pair, 5> pairs = {
      {{"1 + 1, with no lock at all", adding_unlocked, adding},
       {"1 + 1, loaded and then stored", adding_in_two_steps, adding},
       {"two want the last one: look, then take", taking_what_was_seen, taking},
       {"two ways through two locks", moving_with_two_locks, moving},
       {"notify without the lock", waking<NotifyWithoutLock>, waking<NotifyAfterLock>}}};
  table.columns({"broken in which way", "broken form", "right form"});
  for (const Pair& pair : pairs) {
    const auto broken = interleave::outcomes(pair.broken);
    const auto right = interleave::outcomes(pair.right);
    expect(right.seen.size() == 1 && !right.seen.begin()->first.starts_with("<"),
           "a right form reaches more than its one state");
    table.row({pair.what, states_of(broken), states_of(right)});
  }
  table.verbatim(interleave::find_failure([] { moving_with_two_locks(); }).picture);
  table.look_at(
      "the two columns of states: most broken forms reach the right one too, so a test "
      "that "
      "runs them once may well pass");
}

// --- P7 -------------------------------------------------------------------------------

struct Grain {
  int steps;  // of each job
  int jobs;   // of each worker
};

// The seconds for the jobs of `grain`, `percent` of each done under one lock.
double seconds_with_lock_share(unsigned workers, Grain grain, int percent) {
  const int locked_steps = grain.steps / 100 * percent;
  std::mutex mutex;
  std::atomic<std::uint64_t> sink = 0;
  return typical_seconds(workers, [&](unsigned worker) {
    std::uint64_t value = worker + 1;
    for (int job = 0; job < grain.jobs; ++job) {
      value = course::busywork(value, grain.steps - locked_steps);
      if (locked_steps == 0) continue;
      const std::scoped_lock lock(mutex);
      value = course::busywork(value, locked_steps);
    }
    sink += value;
  });
}

MEASURED("P7", "How much faster many workers are than one, by what they do under a lock",
         table) {
  const int divide = course::quick() ? 100 : 1;
  const std::array<Grain, 2> grains{{{4'000, 8'000 / divide}, {600'000, 200 / divide}}};
  const unsigned workers = std::max(2U, course::usable_cores());
  table.columns({"of each job, under the lock", "workers", "jobs of 5 us", "jobs of 1 ms",
                 "at best"});
  for (const int percent : {0, 10, 25, 50, 75, 100}) {
    std::vector<std::string> cells = {std::to_string(percent) + " %",
                                      std::to_string(workers)};
    for (const Grain& grain : grains) {
      const double alone = seconds_with_lock_share(1, grain, 0) * workers;
      cells.push_back(
          course::number(alone / seconds_with_lock_share(workers, grain, percent)));
    }
    // The locked parts of all jobs form one line, however many workers there are.
    const double best = percent == 0 ? workers : std::min(1.0 * workers, 100.0 / percent);
    cells.push_back(course::number(best));
    table.row(cells);
  }
  table.look_at(
      "the long jobs beside the last column, and at the short ones, which fall below 1 "
      "as that share grows: there falling asleep and waking takes longer than the work "
      "under the lock");
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

EXPLORED("P8", "Two jobs, each whole under the lock: the final states", table) {
  table.columns({"jobs on a total of 1", "states", "which", "is that everything?"});
  const auto add_row = [&](const char* jobs, std::string (*body)()) {
    const auto found = interleave::outcomes(body);
    std::string states;
    for (const auto& entry : found.seen)
      states += (states.empty() ? "" : " or ") + entry.first;
    table.row({jobs, std::to_string(found.seen.size()), states,
               found.exhaustive ? "yes" : "not shown"});
  };
  add_row("add 10, double", total_after_both);
  add_row("add 10, add 2", total_after_additions);
  table.look_at("the first line: no race, no deadlock, and still two results");
}

}  // namespace
