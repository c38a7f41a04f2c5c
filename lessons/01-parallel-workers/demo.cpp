// Lesson 1's experiments: one for each claim about parallel workers.
#include "course/demo.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"
#include "parallel_workers.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// --- P1
// ---------------------------------------------------------------------------------

// Where a job was when it began and when it ended.
struct Run {
  std::thread::id began_on;
  std::thread::id ended_on;
};

Run run_a_job() {
  Run run{std::this_thread::get_id(), {}};
  std::this_thread::sleep_for(std::chrono::microseconds(200));
  run.ended_on = std::this_thread::get_id();
  return run;
}

MEASURED("P1", "A leader hands out jobs; each worker completes a full job", table) {
  const int jobs = course::quick() ? 12 : 1200;
  ParallelWorkers<Run> workers(3);
  std::vector<std::future<Run>> results;
  for (int i = 0; i < jobs; ++i) results.push_back(workers.submit(run_a_job));

  std::map<std::thread::id, int> begun;
  int ended_elsewhere = 0;
  for (auto& result : results) {
    const Run run = result.get();
    ++begun[run.began_on];
    ended_elsewhere += run.began_on != run.ended_on;
  }
  table.columns({"worker", "jobs begun and ended"});
  int worker = 0;
  for (const auto& [id, count] : begun) {
    table.row({std::to_string(++worker), course::number(count)});
  }
  table.row({"begun here, ended there", course::number(ended_elsewhere)});
  table.look_at("the last row: no job ever changes hands");
}

}  // namespace
