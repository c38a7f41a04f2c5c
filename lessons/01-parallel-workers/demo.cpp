// Lesson 1's experiments: one for each claim about parallel workers.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "course/busywork.hpp"
#include "interleave/interleave.hpp"
#include "parallel_workers.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// --- P1: who does which part of a job -------------------------------------------------

// A job of three parts, and the thread that did each.
using DoneBy = std::array<std::thread::id, 3>;

DoneBy do_three_parts() {
  DoneBy done_by;
  for (auto& part : done_by) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    part = std::this_thread::get_id();
  }
  return done_by;
}

MEASURED("P1", "A leader hands out jobs; each worker completes a full job", table) {
  const int jobs = course::quick() ? 30 : 3000;
  ParallelWorkers<DoneBy> workers(3);
  std::vector<std::future<DoneBy>> results;
  for (int job = 0; job < jobs; ++job) results.push_back(workers.submit(do_three_parts));

  std::map<std::thread::id, std::array<int, 3>> parts_of;
  int by_one_worker = 0;
  for (auto& result : results) {
    const DoneBy done_by = result.get();
    for (std::size_t part = 0; part < 3; ++part) ++parts_of[done_by[part]][part];
    by_one_worker += done_by[0] == done_by[1] && done_by[1] == done_by[2];
  }
  table.columns({"worker", "first part", "second part", "third part"});
  int worker = 0;
  for (const auto& [id, parts] : parts_of) {
    table.row({std::to_string(++worker), std::to_string(parts[0]),
               std::to_string(parts[1]), std::to_string(parts[2])});
  }
  table.verbatim("  " + std::to_string(by_one_worker) + " of " + std::to_string(jobs) +
                 " jobs were done from the first part to the last by one worker.");
  table.look_at("any row: the three counts are equal, because no job changes hands");
}

// --- P2: how much there is to understand ----------------------------------------------

struct SourceCounts {
  int lines = 0;
  int code = 0;  // lines that are neither empty nor only a comment
  int locks = 0;
  int waits = 0;
};

SourceCounts count_source(const std::filesystem::path& file) {
  std::ifstream source(file);
  if (!source) throw std::runtime_error("cannot read " + file.string());
  SourceCounts counts;
  for (std::string line; std::getline(source, line);) {
    ++counts.lines;
    const std::size_t first = line.find_first_not_of(' ');
    if (first == line.npos || line.compare(first, 2, "//") == 0) continue;
    ++counts.code;
    counts.locks += line.find("_lock lock(") != line.npos;
    counts.waits += line.find(".wait(") != line.npos;
  }
  return counts;
}

MEASURED("P2", "The model is easy to understand: all of it, counted", table) {
  const std::filesystem::path here = std::filesystem::path(__FILE__).parent_path();
  const SourceCounts counts = count_source(here / "parallel_workers.hpp");
  table.columns({"in parallel_workers.hpp", "count"});
  table.row({"lines, comments included", std::to_string(counts.lines)});
  table.row({"lines of code", std::to_string(counts.code)});
  table.row({"places that take the lock", std::to_string(counts.locks)});
  table.row({"places that wait", std::to_string(counts.waits)});
  table.look_at("the last two rows: these are all the places where threads meet");
}

// --- P3: speed-up by workers ----------------------------------------------------------

struct Grain {
  int steps;
  int jobs;
};

double seconds_of(const std::function<void()>& work) {
  double least = 1e9;
  for (int repetition = 0; repetition < (course::quick() ? 1 : 40); ++repetition) {
    const auto start = Clock::now();
    work();
    least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return least;
}

double jobs_per_second_alone(const Grain& grain) {
  std::uint64_t sum = 0;
  const double seconds = seconds_of([&] {
    for (int job = 0; job < grain.jobs; ++job)
      sum += course::busywork(1, grain.steps + job % 2);
  });
  if (sum == 0) throw std::logic_error("the jobs were not done");
  return grain.jobs / seconds;
}

double jobs_per_second(const Grain& grain, unsigned count) {
  ParallelWorkers<std::uint64_t> workers(count);
  const double seconds = seconds_of([&] {
    std::vector<std::future<std::uint64_t>> results;
    for (int job = 0; job < grain.jobs; ++job) {
      results.push_back(
          workers.submit([&grain] { return course::busywork(1, grain.steps); }));
    }
    for (auto& result : results) result.get();
  });
  return grain.jobs / seconds;
}

MEASURED("P3", "To go faster, add workers: the speed of one thread is 1.0", table) {
  const int divide = course::quick() ? 20 : 1;
  const Grain coarse{600'000 / divide, 16};
  const Grain fine{600, 10'000 / divide};
  const double coarse_alone = jobs_per_second_alone(coarse);
  const double fine_alone = jobs_per_second_alone(fine);

  table.columns({"workers", "long jobs/s", "speed-up", "short jobs/s", "speed-up"});
  table.row({"none, a loop", course::number(coarse_alone), "1.0",
             course::number(fine_alone), "1.0"});
  for (unsigned count = 1; count <= 2 * course::usable_cores(); count *= 2) {
    const double coarse_speed = jobs_per_second(coarse, count);
    const double fine_speed = jobs_per_second(fine, count);
    table.row({std::to_string(count), course::number(coarse_speed),
               course::number(coarse_speed / coarse_alone), course::number(fine_speed),
               course::number(fine_speed / fine_alone)});
  }
  table.look_at(
      "the two columns of speed-ups: the workers are the same, the jobs are not");
}

// --- P8: which final states can be reached --------------------------------------------

// The jobs of the mix, each changing the one shared value.
struct Change {
  std::string name;
  int (*apply)(int);
};
const std::array<Change, 3> mix{{{"add 1", [](int x) { return x + 1; }},
                                 {"double", [](int x) { return 2 * x; }},
                                 {"square", [](int x) { return x * x; }}}};

// Hands the mix to `count` workers, in the order in which it stands there, and says in
// which order it was done. Every change holds the lock: nothing here is a data race.
std::string order_and_state(unsigned count) {
  std::mutex mutex;
  int state = 3;
  std::string order;
  {
    ParallelWorkers<int> workers(count);
    std::vector<std::future<int>> results;
    for (const Change& change : mix) {
      results.push_back(workers.submit([&] {
        const std::scoped_lock lock(mutex);
        state = change.apply(state);
        order += change.name + ", ";
        return state;
      }));
    }
  }
  return order + "so 3 becomes " + std::to_string(state);
}

EXPLORED("P8", "The same three jobs, handed out in the same order", table) {
  interleave::Options options;
  options.schedules = course::quick() ? 500 : 20'000;
  options.memory = interleave::Memory::kSequential;
  std::map<std::string, std::array<bool, 3>> reached;
  for (unsigned count = 1; count <= 3; ++count) {
    const auto outcomes =
        interleave::outcomes([count] { return order_and_state(count); }, options);
    for (const auto& [outcome, schedules] : outcomes.seen) {
      reached[outcome][count - 1] = true;
    }
    table.verbatim("  workers: " + std::to_string(count) +
                   "   outcomes: " + std::to_string(outcomes.seen.size()) +
                   "   schedules: " + std::to_string(outcomes.schedules) + "\n");
  }
  table.columns({"what happened", "1 worker", "2 workers", "3 workers"});
  for (const auto& [outcome, by_workers] : reached) {
    table.row({outcome, by_workers[0] ? "reached" : "-", by_workers[1] ? "reached" : "-",
               by_workers[2] ? "reached" : "-"});
  }
  table.look_at(
      "the columns: with one worker the order is the leader's; with each worker more "
      "there are more final states, and nothing in the program says which");
}

}  // namespace
