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
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "course/busywork.hpp"
#include "course/source_file.hpp"
#include "interleave/interleave.hpp"
#include "parallel_workers.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// --- P1: who does which part of a job -------------------------------------------------

// What is known of a job when it has ended: the thread that did each of its three parts, and
// how long they took together.
struct Done {
  std::array<std::thread::id, 3> by;
  double milliseconds;
};

Done do_three_parts(int steps) {
  Done done;
  const auto start = Clock::now();
  for (auto& part : done.by) {
    if (course::busywork(1, steps) == 0) throw std::logic_error("the part was not done");
    part = std::this_thread::get_id();
  }
  done.milliseconds =
      std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  return done;
}

// The steps of each part of each job: every tenth job takes a hundred times as long as the
// others.
std::vector<int> unequal_jobs() {
  std::vector<int> jobs(100, 30'000);
  for (std::size_t job = 0; job < jobs.size(); job += 10) jobs[job] = 3'000'000;
  return jobs;
}

// Submits every job to what `workers_for` answers for it, and tells a row for each worker.
template <typename WorkersFor>
void add_rows(course::Table& table, const std::string& how, WorkersFor workers_for) {
  struct Share {
    int jobs = 0;
    int handed_on = 0;
    double milliseconds = 0;
  };
  std::vector<std::future<Done>> results;
  const auto start = Clock::now();
  for (const int steps : unequal_jobs()) {
    ParallelWorkers<Done>& workers = workers_for(results.size());
    results.push_back(workers.submit([steps] { return do_three_parts(steps); }));
  }
  std::map<std::thread::id, Share> shares;
  for (auto& result : results) {
    const Done done = result.get();
    Share& share = shares[done.by[0]];
    ++share.jobs;
    share.handed_on += done.by[1] != done.by[0] || done.by[2] != done.by[0];
    share.milliseconds += done.milliseconds;
  }
  const double all =
      std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  int worker = 0;
  for (const auto& [id, share] : shares) {
    table.row({how, std::to_string(++worker), std::to_string(share.jobs),
               std::to_string(share.handed_on), course::number(share.milliseconds),
               course::number(all)});
  }
}

MEASURED("P1", "A leader hands out unequal jobs; each worker completes full jobs",
         table) {
  table.columns({"the next job goes to", "worker", "jobs", "handed on", "ms at work",
                 "ms until all are done"});
  {
    ParallelWorkers<Done> workers(2);
    add_rows(table, "the first worker that is free",
             [&](std::size_t) -> ParallelWorkers<Done>& { return workers; });
  }
  {
    std::array<ParallelWorkers<Done>, 2> each{ParallelWorkers<Done>(1),
                                              ParallelWorkers<Done>(1)};
    add_rows(table, "each worker in turn",
             [&](std::size_t job) -> ParallelWorkers<Done>& {
               return each[job % each.size()];
             });
  }
  table.look_at(
      "the column \"ms at work\": the workers share the work, unless the leader deals "
      "the "
      "jobs out in turn");
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
  const std::filesystem::path here = course::source_file().parent_path();
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
  std::array<interleave::Outcomes, 3> found;
  std::set<std::string> reached;
  for (unsigned count = 1; count <= found.size(); ++count) {
    found[count - 1] =
        interleave::outcomes([count] { return order_and_state(count); }, options);
    for (const auto& entry : found[count - 1].seen) reached.insert(entry.first);
  }
  table.columns({"what happened", "1 worker", "2 workers", "3 workers"});
  const auto add_row = [&](const std::string& first, const auto& cell) {
    table.row({first, cell(found[0]), cell(found[1]), cell(found[2])});
  };
  for (const std::string& outcome : reached) {
    add_row(outcome, [&](const interleave::Outcomes& one) {
      return one.seen.contains(outcome) ? "reached" : "-";
    });
  }
  add_row("schedules run", [](const interleave::Outcomes& one) {
    return course::count(static_cast<std::int64_t>(one.schedules));
  });
  add_row("is that everything?", [](const interleave::Outcomes& one) {
    return one.exhaustive ? "yes" : "not shown";
  });
  table.look_at(
      "the columns: with one worker the order is the leader's; with each worker more "
      "there are more final states, and nothing in the program says which");
}

// --- P8b: a schedule, row by row ------------------------------------------------------

//> region two_jobs
// Two jobs on one total, each whole under the lock.
int double_then_add() {
  std::mutex mutex;
  int total = 1;
  std::jthread doubles([&] {
    const std::scoped_lock lock(mutex);
    total *= 2;
  });
  {
    const std::scoped_lock lock(mutex);
    total += 10;
  }
  doubles.join();
  return total;
}
//<

// The schedule in which the job that was started first is not done first.
void expects_the_order_of_starting() {
  interleave::check(double_then_add() == 12,
                    "the job that was started first came second");
}

EXPLORED("P8b", "A schedule in which the second job comes first", table) {
  table.verbatim(interleave::find_failure(expects_the_order_of_starting).picture);
  table.look_at("the rows from top to bottom: they are one run, one step at a time");
}

}  // namespace
