// Speed gate of exercise 4.2: what a job needs of the store, one read and one compare and
// set. The file is in memory, so that the disk is not measured, and one thread does all.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>

#include "course/gate.hpp"
#include "sqlite_store.hpp"
#include "temporary_folder.hpp"

namespace {

constexpr int jobs = 100;
constexpr int keys = 10;

void ReadAndReplace(benchmark::State& state) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  SqliteStore store(folder.file("state.db"));
  const auto session = store.connect();
  std::uint64_t rounds = 0;
  for (auto _ : state) {
    for (int job = 0; job < jobs; ++job) {
      const std::string key = "account " + std::to_string(job % keys);
      const Versioned seen = session->read(key);
      if (!session->compare_and_set(key, seen.version, std::to_string(rounds + 1))) {
        return state.SkipWithError("nobody else writes, and yet somebody was faster");
      }
    }
    ++rounds;
  }
  const Versioned last = session->read("account 0");
  if (last.value != std::to_string(rounds) || last.version != rounds * (jobs / keys)) {
    state.SkipWithError("a replacement was lost");
  }
}
BENCHMARK(ReadAndReplace)->Apply(course::gate);

}  // namespace
