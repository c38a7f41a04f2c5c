// Speed gate of exercise 12.2: two cores, each of which asks the other, with as many calls
// under way as are allowed. Both threads stay on one core of the machine: there a hand-over
// costs the same in every process, and a call to the system for each message shows.
#include <benchmark/benchmark.h>

#include <core_mesh.hpp>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr std::size_t limit = 64;
constexpr std::uint64_t calls = 50'000;  // of each core

// Adds one where it is served, and is free again at home.
class AddOne final : public Call {
 public:
  void serve() noexcept override { ++*counter; }
  void answered() noexcept override { free->push_back(this); }

  std::uint64_t* counter = nullptr;      // the other core's
  std::vector<AddOne*>* free = nullptr;  // its home's
};

void ask(CoreMesh& mesh, std::size_t self, std::uint64_t& counter_of_other) {
  std::vector<AddOne> tasks(limit);
  std::vector<AddOne*> free;
  for (AddOne& task : tasks) {
    task.counter = &counter_of_other;
    task.free = &free;
    free.push_back(&task);
  }
  for (std::uint64_t i = 0; i < calls; ++i) {
    mesh.serve_until(self, [&] { return !free.empty(); });
    AddOne& task = *free.back();
    free.pop_back();
    if (!mesh.submit_to(self, 1 - self, task)) return;
  }
  mesh.leave(self);
}

void BothAsk(benchmark::State& state) {
  const course::OnOneCore while_measuring;
  for (auto _ : state) {
    CoreMesh mesh(2, limit);
    std::vector<std::uint64_t> counters(2);
    {
      std::jthread other([&] { ask(mesh, 1, counters[0]); });
      ask(mesh, 0, counters[1]);
    }
    if (counters[0] != calls || counters[1] != calls) {
      return state.SkipWithError("not every call was served once");
    }
  }
}
BENCHMARK(BothAsk)->Apply(course::gate);

}  // namespace
