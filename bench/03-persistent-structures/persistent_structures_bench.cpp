// Lesson 3's benchmarks: the persistent vector beside the containers that a C++ programmer
// would otherwise use, by their number of elements, and the root beside other ways to share
// the newest version, by readers.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>
#include <version>

#include "atomic_root.hpp"
#include "persistent_structures.hpp"

namespace {

// The next of indices that jump about, the same for every structure.
std::size_t next_index(std::size_t index, std::size_t elements) {
  return (index + 611'953) % elements;
}

std::size_t elements_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

PersistentVector<int> persistent_of(std::size_t elements) {
  PersistentVector<int> vector;
  for (std::size_t i = 0; i < elements; ++i) vector = vector.push_back(1);
  return vector;
}

std::map<std::size_t, int> map_of(std::size_t elements) {
  std::map<std::size_t, int> map;
  for (std::size_t i = 0; i < elements; ++i) map.emplace_hint(map.end(), i, 1);
  return map;
}

template <typename Operation>
void repeat(benchmark::State& state, Operation operation) {
  std::size_t index = 0;
  for (auto _ : state) {
    index = next_index(index, elements_of(state));
    operation(index);
  }
  state.SetItemsProcessed(state.iterations());
}

void read_vector(benchmark::State& state) {
  const std::vector<int> vector(elements_of(state), 1);
  repeat(state, [&](std::size_t i) { benchmark::DoNotOptimize(vector[i]); });
}
void read_map(benchmark::State& state) {
  const auto map = map_of(elements_of(state));
  repeat(state, [&](std::size_t i) { benchmark::DoNotOptimize(map.find(i)->second); });
}
void read_persistent(benchmark::State& state) {
  const auto vector = persistent_of(elements_of(state));
  repeat(state, [&](std::size_t i) { benchmark::DoNotOptimize(vector[i]); });
}

void update_vector(benchmark::State& state) {
  std::vector<int> vector(elements_of(state), 1);
  repeat(state, [&](std::size_t i) {
    vector[i] = 2;
    benchmark::ClobberMemory();
  });
}
void update_map(benchmark::State& state) {
  auto map = map_of(elements_of(state));
  repeat(state, [&](std::size_t i) {
    map.find(i)->second = 2;
    benchmark::ClobberMemory();
  });
}
void copy_vector(benchmark::State& state) {
  std::vector<int> vector(elements_of(state), 1);
  repeat(state, [&](std::size_t i) {
    std::vector<int> next = vector;
    next[i] = 2;
    vector.swap(next);
    benchmark::ClobberMemory();
  });
}
void update_persistent(benchmark::State& state) {
  auto vector = persistent_of(elements_of(state));
  repeat(state, [&](std::size_t i) { vector = vector.set(i, 2); });
}

void by_size(benchmark::internal::Benchmark* plot) {
  plot->ArgName("elements")->RangeMultiplier(10)->Range(10, 1'000'000);
}

BENCHMARK(read_vector)->Name("Reads/std::vector")->Apply(by_size);
BENCHMARK(read_map)->Name("Reads/std::map")->Apply(by_size);
BENCHMARK(read_persistent)->Name("Reads/reference")->Apply(by_size);

BENCHMARK(update_vector)->Name("Updates/std::vector, in place")->Apply(by_size);
BENCHMARK(update_map)->Name("Updates/std::map, in place")->Apply(by_size);
BENCHMARK(copy_vector)->Name("Updates/std::vector, copied")->Apply(by_size);
BENCHMARK(update_persistent)->Name("Updates/reference")->Apply(by_size);

// --- Taking the newest version --------------------------------------------------------

using Pointer = std::shared_ptr<const int>;

class LockedPointer {
 public:
  explicit LockedPointer(Pointer first) : pointer_(std::move(first)) {}
  [[nodiscard]] Pointer load() const {
    const std::scoped_lock lock(mutex_);
    return pointer_;
  }
  template <typename Look>
  auto read(Look look) const {
    const std::scoped_lock lock(mutex_);
    return look(*pointer_);
  }

 private:
  mutable std::mutex mutex_;
  Pointer pointer_;
};

// What a reader does with the newest version: looks at it, or takes a share of it home.
template <typename Root>
void take_a_share(benchmark::State& state) {
  static const Root root(std::make_shared<const int>(1));
  for (auto _ : state) benchmark::DoNotOptimize(*root.load());
  state.SetItemsProcessed(state.iterations());
  state.SetLabel("reads per second");
}

void look(benchmark::State& state) {
  static const AtomicRoot<int> root(std::make_shared<const int>(1));
  AtomicRoot<int>::Reader reader(root);
  for (auto _ : state)
    benchmark::DoNotOptimize(reader.read([](int version) { return version; }));
  state.SetItemsProcessed(state.iterations());
  state.SetLabel("reads per second");
}

void look_under_a_lock(benchmark::State& state) {
  static const LockedPointer root(std::make_shared<const int>(1));
  for (auto _ : state)
    benchmark::DoNotOptimize(root.read([](int version) { return version; }));
  state.SetItemsProcessed(state.iterations());
  state.SetLabel("reads per second");
}

void by_readers(benchmark::internal::Benchmark* plot) {
  plot->ThreadRange(1, 4)->UseRealTime();
}

BENCHMARK(look)->Name("Reading the newest version/reference, a look")->Apply(by_readers);
BENCHMARK(look_under_a_lock)
    ->Name("Reading the newest version/under a mutex")
    ->Apply(by_readers);
BENCHMARK(take_a_share<AtomicRoot<int>>)
    ->Name("Reading the newest version/reference, a share")
    ->Apply(by_readers);
BENCHMARK(take_a_share<LockedPointer>)
    ->Name("Reading the newest version/shared_ptr and mutex, a share")
    ->Apply(by_readers);
#if __cpp_lib_atomic_shared_ptr
BENCHMARK(take_a_share<std::atomic<Pointer>>)
    ->Name("Reading the newest version/std::atomic<shared_ptr>, a share")
    ->Apply(by_readers);
#endif

}  // namespace
