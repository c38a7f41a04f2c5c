// Speed gate of exercise 4.2: jobs that read ten accounts and replace one. The file is in
// memory, so that the disk is not measured, and one thread does all.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "course/gate.hpp"
#include "sqlite_store.hpp"
#include "temporary_folder.hpp"

namespace {

constexpr int jobs = 50;
constexpr int accounts = 10;

// Reads every account, then replaces `account`; false if that was refused.
bool do_job(Session& session, int account) {
  std::array<Versioned, accounts> all;
  for (int i = 0; i < accounts; ++i) {
    all[static_cast<std::size_t>(i)] = session.read("account " + std::to_string(i));
  }
  const Versioned& seen = all[static_cast<std::size_t>(account)];
  return session.compare_and_set("account " + std::to_string(account), seen.version,
                                 std::to_string(seen.version + 1));
}

void ReadsAndReplacements(benchmark::State& state) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  SqliteStore store(folder.file("state.db"));
  const auto session = store.connect();
  std::uint64_t rounds = 0;
  for (auto _ : state) {
    for (int job = 0; job < jobs; ++job) {
      if (!do_job(*session, job % accounts)) {
        return state.SkipWithError("no other session writes, and yet one was faster");
      }
    }
    ++rounds;
  }
  const Versioned last = session->read("account 0");
  if (last.version != rounds * (jobs / accounts) ||
      last.value != std::to_string(last.version)) {
    state.SkipWithError("a replacement was lost");
  }
}
BENCHMARK(ReadsAndReplacements)->Apply(course::gate);

}  // namespace
