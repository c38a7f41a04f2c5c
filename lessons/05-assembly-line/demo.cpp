// Lesson 5's experiments: one for each claim about assembly lines, and the law of a line.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../01-parallel-workers/parallel_workers.hpp"
#include "assembly_line.hpp"
#include "course/busywork.hpp"
#include "course/stay_on.hpp"
#include "interleave/interleave.hpp"
#include "machine/usable_cores.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

// --- A1: who does which part of a job ----------------------------------------------------

// A job of three parts, and the thread that did each.
using DoneBy = std::array<std::thread::id, 3>;

auto do_part(std::size_t part) {
  return [part](DoneBy done_by) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    done_by[part] = std::this_thread::get_id();
    return done_by;
  };
}

MEASURED("A1", "Each worker does one part of every job and hands it on", table) {
  const int jobs = course::quick() ? 30 : 3000;
  auto line = AssemblyLine<DoneBy>(8).then(do_part(0)).then(do_part(1)).then(do_part(2));
  std::jthread source([&] {
    for (int job = 0; job < jobs; ++job) line.put({});
    line.finish();
  });
  std::map<std::thread::id, std::array<int, 3>> parts_of;
  int by_three_workers = 0;
  while (const auto done_by = line.take()) {
    for (std::size_t part = 0; part < 3; ++part) ++parts_of[(*done_by)[part]][part];
    by_three_workers += std::set(done_by->begin(), done_by->end()).size() == 3;
  }
  table.columns({"worker", "first part", "second part", "third part"});
  // By the part they do: thread ids come in any order.
  for (std::size_t part = 0; part < 3; ++part) {
    for (const auto& [id, parts] : parts_of) {
      if (parts[part] == 0) continue;
      table.row({std::to_string(part + 1), std::to_string(parts[0]),
                 std::to_string(parts[1]), std::to_string(parts[2])});
    }
  }
  table.verbatim("  " + std::to_string(by_three_workers) + " of " + std::to_string(jobs) +
                 " jobs were done by three workers, a part each.");
  table.look_at("the diagonal: this is the table of P1, cut the other way");
}

// --- A2 and A7: what is shared -------------------------------------------------------------

// How many results there are, and which.
std::string which_of(const interleave::Outcomes& outcomes) {
  std::string which;
  for (const auto& entry : outcomes.seen)
    which += (which.empty() ? "" : " or ") + entry.first;
  return which;
}

std::string everything(const interleave::Outcomes& outcomes) {
  return outcomes.exhaustive
             ? "yes, " + std::to_string(outcomes.executions) + " executions"
             : "not shown";
}

// Every behaviour of a small body, by partial-order reduction alone. Without wake-ups for no
// reason: all waits here look again in a loop, and each of those only adds a look.
interleave::Options to_the_end() {
  interleave::Options options;
  options.strategy = "reduced";
  options.schedules = course::quick() ? 500 : 10'000'000;
  options.seconds = 120;
  options.spurious = false;
  return options;
}

const char* const left_out =
    "  Every behaviour but those in which a wait returns for no reason.";

//> region touched
// A stage's state: it notes which threads touch it. It cannot be copied, so no thread but
// the stage's own can have it.
struct State {
  State() = default;
  State(State&&) = default;
  State(const State&) = delete;

  int touch() {
    touched_by.insert(std::this_thread::get_id());
    return static_cast<int>(touched_by.size());
  }

  std::set<std::thread::id> touched_by;
};
//<

static_assert(!std::is_copy_constructible_v<State>);

// Sends two items through a stage; how many threads touched its state.
std::string touched_in_a_stage() {
  std::string threads;
  auto line = AssemblyLine<int>(1).then(
      [state = State()](int) mutable { return std::to_string(state.touch()); });
  line.put(1);
  line.put(2);
  line.finish();
  while (const auto touched = line.take()) threads = *touched;
  return threads;
}

// Sends an item through two stages; how many threads touched each stage's state.
std::string touched_in_a_line() {
  std::string threads;
  auto line =
      AssemblyLine<int>(1)
          .then([state = State()](int) mutable { return state.touch(); })
          .then([state = State()](int of_first) mutable {
            return std::to_string(of_first) + " and " + std::to_string(state.touch());
          });
  line.put(1);
  line.finish();
  while (const auto both = line.take()) threads = *both;
  return threads;
}

// Two items as jobs for two workers, with one state for all and a lock before it.
std::string touched_by_workers() {
  const auto state = std::make_unique<State>();
  std::mutex mutex;
  int threads = 0;
  {
    ParallelWorkers<int> workers(2);
    const auto job = [&] {
      const std::scoped_lock lock(mutex);
      return threads = state->touch();
    };
    static_cast<void>(workers.submit(job));
    static_cast<void>(workers.submit(job));
  }
  return std::to_string(threads);
}

EXPLORED("A2", "From the first item to the last: the threads that touch a state", table) {
  struct Case {
    const char* what;
    const char* locks;
    std::string (*body)();
  };
  constexpr std::array<Case, 3> cases = {
      {{"a stage, two items", "none", touched_in_a_stage},
       {"each of two stages, one item", "none", touched_in_a_line},
       {"two workers with one queue, two jobs", "one", touched_by_workers}}};
  table.columns({"the state of", "threads", "locks before it", "is that everything?"});
  for (const Case& one : cases) {
    const auto found = interleave::outcomes(one.body, to_the_end());
    table.row({one.what, which_of(found), one.locks, everything(found)});
  }
  table.verbatim(left_out);
  table.look_at(
      "the first two rows: a stage's state meets one thread and has no lock; had a "
      "second "
      "thread met it, the explorer would have reported a race");
}

// A job on a total: its name, and what it does.
struct Change {
  const char* name;
  int (*apply)(int);
};
constexpr Change add_one{"add 1", [](int total) { return total + 1; }};
constexpr Change add_ten{"add 10", [](int total) { return total + 10; }};
constexpr Change twice{"double", [](int total) { return 2 * total; }};

// The two jobs through a line whose one stage owns the total, which starts at 1. Returns
// the order in which they came, and the total.
std::string total_after(Change first, Change second, int sources) {
  auto line = AssemblyLine<Change>(2).then(
      [total = 1, order = std::string()](Change change) mutable {
        total = change.apply(total);
        order += (order.empty() ? "" : ", ") + std::string(change.name);
        return order + ": " + std::to_string(total);
      });
  if (sources == 1) {
    line.put(first);
    line.put(second);
  } else {
    std::jthread one([&] { line.put(first); });
    std::jthread two([&] { line.put(second); });
  }
  line.finish();
  std::string total;
  while (const auto after = line.take()) total = *after;
  return total;
}

EXPLORED("A7", "No shared state, so no shared-state bugs: lesson 2's jobs as a line",
         table) {
  struct Case {
    Change first;
    Change second;
    int sources;
  };
  table.columns({"jobs on a total of 1", "sources", "races", "what is reached",
                 "is that everything?"});
  for (const Case& one :
       {Case{add_one, add_one, 1}, Case{add_ten, twice, 1}, Case{add_ten, twice, 2}}) {
    const auto found = interleave::outcomes(
        [one] { return total_after(one.first, one.second, one.sources); }, to_the_end());
    const bool raced = found.seen.contains("<data race>");
    table.row({std::string(one.first.name) + ", " + one.second.name,
               std::to_string(one.sources), raced ? "found" : "none", which_of(found),
               everything(found)});
  }
  table.verbatim(left_out);
  table.look_at(
      "the last column but one: with one source there is one result; with two there are "
      "as many as orders of arrival, and each order has one");
}

// --- A9: what fits the hardware --------------------------------------------------------------

// Keeps the calling thread on one core; different numbers, different cores, while there are.
void stay_on(std::size_t which) {
  static const std::vector<unsigned> cores = course::machine::allowed_cores();
  course::stay_on(cores[which % cores.size()]);
}

// Returns when both threads are here for the `turn`-th time, without sleeping.
void meet(std::atomic<int>& here, int turn) {
  here.fetch_add(1, std::memory_order_acq_rel);
  for (int looks = 1; here.load(std::memory_order_acquire) < 2 * turn; ++looks) {
    if (looks % 10'000 == 0) std::this_thread::yield();
  }
}

// One number in each cache line of 64 bytes.
struct Line {
  alignas(64) std::uint64_t number = 0;
};

// Two threads on two cores do a job each, meet, and do the next. A job changes every line of
// a state of `lines` lines: the same one each time, or the one that the other thread had.
// Returns the seconds a job takes, meeting included.
double seconds_a_job(std::size_t lines, bool moves) {
  const int jobs = course::quick()
                       ? 20
                       : static_cast<int>(std::max<std::size_t>(200, 2'000'000 / lines));
  std::array<std::vector<Line>, 2> states{std::vector<Line>(lines),
                                          std::vector<Line>(lines)};
  std::atomic<int> here = 0;
  double seconds = 0;
  const auto work = [&](std::size_t thread) {
    stay_on(thread);
    meet(here, 1);
    const auto start = Clock::now();
    for (int job = 1; job <= jobs; ++job) {
      const std::size_t mine =
          moves ? (thread + static_cast<std::size_t>(job)) % 2 : thread;
      for (Line& line : states[mine]) ++line.number;
      meet(here, job + 1);
    }
    if (thread == 0) seconds = seconds_since(start);
  };
  {
    std::jthread other(work, 1);
    std::jthread one(work, 0);
  }
  expect(states[0].front().number == static_cast<std::uint64_t>(jobs), "a job was lost");
  return seconds / jobs;
}

// The middle one of several runs.
template <typename Run>
double typical(Run run) {
  std::array<double, 5> all{};
  for (double& one : all) one = run();
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

MEASURED("A9", "State that stays with its core, and state that any worker touches",
         table) {
  table.columns({"state", "stays: us a job", "moves: us a job", "times as long"});
  for (const std::size_t kib : {1, 4, 16, 64, 256, 1024}) {
    const std::size_t lines = kib * 1024 / sizeof(Line);
    const double stays = typical([&] { return seconds_a_job(lines, false); });
    const double moves = typical([&] { return seconds_a_job(lines, true); });
    table.row({std::to_string(kib) + " KiB", course::number(1e6 * stays),
               course::number(1e6 * moves), course::number(moves / stays)});
  }
  if (course::usable_cores() < 2) table.verbatim("  One core here: nothing moves.");
  table.look_at(
      "the last column: the work is the same, the cache lines come from the other core");
}

using Batch = std::vector<std::uint64_t>;

// Numbers a second through a line of one stage, which adds them up, by `size` in a batch.
double numbers_per_second(std::size_t size) {
  const std::size_t batches = std::max<std::size_t>(
      course::quick() ? 10 : 20'000, (course::quick() ? 256 : 400'000) / size);
  auto line = AssemblyLine<Batch>(16).then([sum = std::uint64_t{0}](Batch batch) mutable {
    return sum = std::accumulate(batch.begin(), batch.end(), sum);
  });
  const auto start = Clock::now();
  std::jthread source([&] {
    for (std::size_t i = 0; i < batches; ++i) line.put(Batch(size, 1));
    line.finish();
  });
  std::uint64_t sum = 0;
  while (const auto so_far = line.take()) sum = *so_far;
  expect(sum == batches * size, "a batch was lost");
  return static_cast<double>(batches * size) / seconds_since(start);
}

MEASURED("A9b", "Items that travel together: throughput by the size of a batch", table) {
  table.columns({"items in a batch", "items/s", "us a batch", "times as fast"});
  double single = 0;
  for (const std::size_t size : {1, 4, 16, 64, 256}) {
    const double speed = typical([&] { return numbers_per_second(size); });
    if (size == 1) single = speed;
    table.row({std::to_string(size), course::number(speed),
               course::number(1e6 * static_cast<double>(size) / speed),
               course::number(speed / single)});
  }
  table.look_at("the column us a batch: a hand-over costs the same whatever it carries");
}

// --- The law of a line -------------------------------------------------------------------------

enum class Kind { waits, computes };

// One unit of a part: it waits for something, or it computes.
void do_units(Kind kind, int units) {
  if (kind == Kind::waits) {
    std::this_thread::sleep_for(units * std::chrono::microseconds(250));
  } else {
    // Each from the one before: else the compiler computes it once for all.
    thread_local std::uint64_t value = 1;
    value = course::busywork(value, units * 60'000);
    expect(value != 0, "the work was not done");
  }
}

// The seconds a part of so many units takes where nothing else runs.
double seconds_of_part(Kind kind, int units) {
  return typical([&] {
    constexpr int kTimes = 10;
    const auto start = Clock::now();
    for (int i = 0; i < kTimes; ++i) do_units(kind, units);
    return seconds_since(start) / kTimes;
  });
}

// Three parts, in units.
using Parts = std::array<int, 3>;

template <typename Item>
auto line_of(Kind kind, const Parts& parts, std::size_t capacity) {
  const auto stage = [kind](int units) {
    return [kind, units](Item item) {
      do_units(kind, units);
      return item;
    };
  };
  return AssemblyLine<Item>(capacity)
      .then(stage(parts[0]))
      .then(stage(parts[1]))
      .then(stage(parts[2]));
}

// Items a second, from the first that comes out to the last.
double throughput(Kind kind, const Parts& parts) {
  const int items = course::quick() ? 10 : 400;
  auto line = line_of<int>(kind, parts, 8);
  std::jthread source([&] {
    for (int item = 0; item < items; ++item) line.put(item);
    line.finish();
  });
  static_cast<void>(line.take());
  const auto start = Clock::now();
  while (line.take()) continue;
  return (items - 1) / seconds_since(start);
}

MEASURED("A1b", "A line is as fast as its slowest stage, and as its cores allow", table) {
  table.columns({"parts", "each part", "1 / slowest", "cores / sum", "predicted",
                 "measured", "of it"});
  for (const Kind kind : {Kind::waits, Kind::computes}) {
    for (const Parts& parts : {Parts{1, 1, 1}, Parts{1, 4, 1}}) {
      double slowest = 0;
      double sum = 0;
      for (const int units : parts) {
        const double seconds = seconds_of_part(kind, units);
        slowest = std::max(slowest, seconds);
        sum += seconds;
      }
      // What waits needs no core.
      const double by_cores =
          kind == Kind::waits ? HUGE_VAL : course::usable_cores() / sum;
      const double predicted = std::min(1 / slowest, by_cores);
      const double measured = throughput(kind, parts);
      table.row({std::to_string(parts[0]) + ":" + std::to_string(parts[1]) + ":" +
                     std::to_string(parts[2]),
                 kind == Kind::waits ? "waits" : "computes", course::number(1 / slowest),
                 kind == Kind::waits ? "-" : course::number(by_cores),
                 course::number(predicted), course::number(measured),
                 course::number(100 * measured / predicted) + " %"});
    }
  }
  table.verbatim("  Items per second, on " + std::to_string(course::usable_cores()) +
                 " cores.");
  table.look_at("which of the two bounds is the smaller one in each row");
}

// What became of the items of one load: how long each took, and how many it met inside.
struct Journey {
  std::vector<double> seconds;  // from the moment at which the item was due
  double inside = 0;            // mean, as the items found it
  double per_second = 0;

  [[nodiscard]] double mean() const {
    return std::accumulate(seconds.begin(), seconds.end(), 0.0) /
           static_cast<double>(seconds.size());
  }
  [[nodiscard]] double share(double of_them) const {
    return seconds[static_cast<std::size_t>(of_them *
                                            static_cast<double>(seconds.size() - 1))];
  }
};

// When items are due, at random, `per_second` on average; all at once if that is 0.
std::vector<double> due_times(double per_second, int items) {
  std::vector<double> due;
  std::uint64_t random = 1;
  double now = 0;
  for (int item = 0; item < items; ++item) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const double draw = static_cast<double>((random >> 11) + 1) / 9007199254740993.0;
    if (per_second > 0) now += -std::log(draw) / per_second;
    due.push_back(now);
  }
  return due;
}

// Puts each item when it is due, whether or not those before it have come out. Where all are
// due at once an item's journey begins when the source takes it in hand.
Journey journey_of(const Parts& parts, std::size_t capacity, double per_second,
                   int items) {
  auto line = line_of<double>(Kind::waits, parts, capacity);
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
  double met = 0;
  const auto start = Clock::now();
  std::jthread source([&] {
    for (const double due : due_times(per_second, items)) {
      std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(
                                                std::chrono::duration<double>(due)));
      // The others; where it comes at once, itself too: it waits at the door.
      met += begun++ - ended + (per_second > 0 ? 0 : 1);
      line.put(per_second > 0 ? due : seconds_since(start));
    }
    line.finish();
  });
  Journey journey;
  while (const auto due = line.take()) {
    journey.seconds.push_back(seconds_since(start) - *due);
    ++ended;
  }
  journey.per_second = items / seconds_since(start);
  source.join();
  journey.inside = met / items;
  std::sort(journey.seconds.begin(), journey.seconds.end());
  return journey;
}

MEASURED("A1c", "How long an item is under way: the parts, and the queues before them",
         table) {
  constexpr Parts kParts{1, 4, 1};
  constexpr std::size_t kCapacity = 16;
  double sum = 0;
  for (const int units : kParts) sum += seconds_of_part(Kind::waits, units);
  const double bound = 1 / seconds_of_part(Kind::waits, 4);
  table.columns({"load", "items/s", "p50 ms", "p99 ms", "max ms", "mean ms", "inside",
                 "inside / rate"});
  for (const int percent : {10, 50, 90, 0}) {
    const double rate = bound * percent / 100;
    const int items = course::quick() ? 10
                      : percent == 0  ? 2000
                                      : static_cast<int>(4 * rate);
    const Journey journey = journey_of(kParts, kCapacity, rate, items);
    table.row({percent == 0 ? "all at once" : std::to_string(percent) + " %",
               course::number(journey.per_second),
               course::number(1e3 * journey.share(0.5)),
               course::number(1e3 * journey.share(0.99)),
               course::number(1e3 * journey.share(1)),
               course::number(1e3 * journey.mean()), course::number(journey.inside),
               course::number(1e3 * journey.inside / journey.per_second)});
  }
  table.verbatim("  Parts of 1:4:1 that wait; the three together take " +
                 course::number(1e3 * sum) + " ms. Belts for " +
                 std::to_string(kCapacity) + " items.");
  table.look_at(
      "the first row, which is the sum of the parts, and the last: the line does no "
      "more, and "
      "every item takes many times as long");
}

}  // namespace
