// Speed gate of exercise 9.1: the time in which one thread writes many groups of records, and
// opens the journal again. The file is in memory, so that the disk is not measured.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "../../lessons/04-stateless-workers/temporary_folder.hpp"
#include "course/gate.hpp"
#include "journal.hpp"

namespace {

constexpr std::uint64_t groups = 1'000;
constexpr std::uint64_t records = 8;  // in each

void GroupsAndRecovery(benchmark::State& state) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  const std::string record(100, 'x');
  for (auto _ : state) {
    const std::filesystem::path file = folder.fresh_file("journal");
    {
      Journal journal(file, [](std::uint64_t, std::string_view) {});
      for (std::uint64_t group = 1; group <= groups; ++group) {
        for (std::uint64_t i = 0; i < records; ++i) journal.append(record);
        journal.commit(group * records);
      }
    }
    std::uint64_t found = 0;
    const Journal again(file, [&](std::uint64_t number, std::string_view bytes) {
      if (number == found + 1 && bytes == record) ++found;
    });
    if (found != groups * records) return state.SkipWithError("a record was lost");
  }
}
BENCHMARK(GroupsAndRecovery)->Apply(course::gate);

}  // namespace
