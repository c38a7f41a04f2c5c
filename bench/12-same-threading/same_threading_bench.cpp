// Benchmarks of lesson 12: one map for all cores, in five forms, by the share of keys that are
// a core's own. Every form runs on the same cores, with the same keys in the same order.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "../../solutions/12-same-threading/core_mesh.hpp"
#include "../../solutions/12-same-threading/sharded_map.hpp"
#include "pinning.hpp"
#include "shard_of.hpp"

#if COURSE_HAS_TBB
#include <oneapi/tbb/concurrent_hash_map.h>
#endif

namespace {

constexpr std::size_t keys_a_core = 10'000;

// The cores that there are; two where there is one, which then take turns.
std::size_t cores() { return std::max<std::size_t>(2, cores_allowed().size()); }

// The keys of each core: those that its shard owns.
const std::vector<std::vector<std::uint64_t>>& keys() {
  static const auto all = [] {
    std::vector<std::vector<std::uint64_t>> of(cores());
    std::size_t full = 0;
    for (std::uint64_t key = 0; full < of.size(); ++key) {
      std::vector<std::uint64_t>& some = of[shard_by_jump(key, of.size())];
      if (some.size() == keys_a_core) continue;
      some.push_back(key);
      full += some.size() == keys_a_core ? 1 : 0;
    }
    return of;
  }();
  return all;
}

// The keys that one core uses, in order: of 100 `own` are its own.
class Stream {
 public:
  Stream(std::size_t self, std::int64_t own)
      : self_(self), own_(static_cast<std::uint64_t>(own)), state_(2 * self + 1) {}

  struct Use {
    std::size_t owner;
    std::uint64_t key;
  };
  Use next() {
    const std::uint64_t draw = random();
    std::size_t owner = self_;
    if (draw % 100 >= own_) {
      owner = (self_ + 1 + (draw / 100) % (keys().size() - 1)) % keys().size();
    }
    return {owner, keys()[owner][random() % keys_a_core]};
  }

 private:
  std::uint64_t random() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }

  std::size_t self_;
  std::uint64_t own_;
  std::uint64_t state_;
};

// --- The maps, each with `run`, the operations of one core, and `sum`, when all are over -----

using Plain = std::unordered_map<std::uint64_t, std::uint64_t>;

std::uint64_t sum_of(const Plain& map) {
  std::uint64_t sum = 0;
  for (const auto& entry : map) sum += entry.second;
  return sum;
}

class OneLock {
 public:
  void run(std::size_t, Stream& stream, std::int64_t operations) {
    for (std::int64_t i = 0; i < operations; ++i) {
      const std::uint64_t key = stream.next().key;
      const std::scoped_lock lock(mutex_);
      ++map_[key];
    }
  }
  [[nodiscard]] std::uint64_t sum() const { return sum_of(map_); }

 private:
  std::mutex mutex_;
  Plain map_;
};

class Stripes {
 public:
  void run(std::size_t, Stream& stream, std::int64_t operations) {
    for (std::int64_t i = 0; i < operations; ++i) {
      const std::uint64_t key = stream.next().key;
      Stripe& stripe = stripes_[stirred(key) % stripes_.size()];
      const std::scoped_lock lock(stripe.mutex);
      ++stripe.map[key];
    }
  }
  [[nodiscard]] std::uint64_t sum() const {
    std::uint64_t sum = 0;
    for (const Stripe& stripe : stripes_) sum += sum_of(stripe.map);
    return sum;
  }

 private:
  struct alignas(64) Stripe {
    std::mutex mutex;
    Plain map;
  };
  std::vector<Stripe> stripes_{64};
};

#if COURSE_HAS_TBB
class Tbb {
 public:
  void run(std::size_t, Stream& stream, std::int64_t operations) {
    for (std::int64_t i = 0; i < operations; ++i) {
      Map::accessor entry;
      map_.insert(entry, stream.next().key);
      ++entry->second;
    }
  }
  [[nodiscard]] std::uint64_t sum() const {
    std::uint64_t sum = 0;
    for (const auto& entry : map_) sum += entry.second;
    return sum;
  }

 private:
  using Map = tbb::concurrent_hash_map<std::uint64_t, std::uint64_t>;
  Map map_;
};
#endif

// Exercise 12.1: a shard that asks waits.
class Sharded {
 public:
  void run(std::size_t self, Stream& stream, std::int64_t operations) {
    for (std::int64_t i = 0; i < operations; ++i) {
      map_.update(self, stream.next().key, [](std::uint64_t& value) { ++value; });
      if (i % 16 == 0) map_.serve(self);
    }
    map_.leave(self);
  }
  [[nodiscard]] std::uint64_t sum() {
    std::uint64_t sum = 0;
    for (std::size_t self = 0; self < cores(); ++self) {
      for (const std::uint64_t key : keys()[self])
        sum += map_.find(self, key).value_or(0);
    }
    return sum;
  }

 private:
  ShardedMap<std::uint64_t, std::uint64_t> map_{cores()};
};

// Exercise 12.2: a plain map for each core, and up to `limit` calls under way at once.
class Mesh {
 public:
  void run(std::size_t self, Stream& stream, std::int64_t operations) {
    std::vector<AddOne> calls(limit);
    std::vector<AddOne*> free;
    for (AddOne& call : calls) free.push_back(&call);
    Plain& own = maps_[self]->map;
    for (std::int64_t i = 0; i < operations; ++i) {
      const Stream::Use use = stream.next();
      if (use.owner == self) {
        ++own[use.key];
      } else {
        mesh_.serve_until(self, [&] { return !free.empty(); });
        AddOne& call = *free.back();
        free.pop_back();
        call.map = &maps_[use.owner]->map;
        call.key = use.key;
        call.free = &free;
        if (!mesh_.submit_to(self, use.owner, call)) return;
      }
      // Others wait for this core: it looks whether they have asked.
      if (i % 16 == 0) mesh_.poll(self);
    }
    mesh_.leave(self);
  }
  [[nodiscard]] std::uint64_t sum() const {
    std::uint64_t sum = 0;
    for (const auto& one : maps_) sum += sum_of(one->map);
    return sum;
  }

 private:
  static constexpr std::size_t limit = 256;

  class alignas(64) AddOne final : public Call {
   public:
    void serve() noexcept override { ++(*map)[key]; }
    void answered() noexcept override { free->push_back(this); }

    Plain* map = nullptr;  // the other core's
    std::uint64_t key = 0;
    std::vector<AddOne*>* free = nullptr;  // its home's
  };
  struct alignas(64) Owned {
    Plain map;
  };

  static std::vector<std::unique_ptr<Owned>> maps() {
    std::vector<std::unique_ptr<Owned>> all;
    for (std::size_t self = 0; self < cores(); ++self) {
      all.push_back(std::make_unique<Owned>());
    }
    return all;
  }

  CoreMesh mesh_{cores(), limit};
  std::vector<std::unique_ptr<Owned>> maps_ = maps();
};

// --- Operations per second ----------------------------------------------------------------------

// The speeds of the mesh and of the best of its peers, by the share of own keys.
struct Speeds {
  double mesh = 0;
  double best_peer = 0;
};
std::map<std::int64_t, Speeds> speeds;

// From the first thread that begins to the last that ends.
template <typename Map>
double seconds_of(Map& map, std::int64_t own, std::int64_t operations) {
  using Clock = std::chrono::steady_clock;
  const std::vector<unsigned> allowed = cores_allowed();
  std::latch ready(static_cast<std::ptrdiff_t>(cores()));
  std::vector<Clock::time_point> began(cores());
  {
    std::vector<std::jthread> threads;
    for (std::size_t self = 0; self < cores(); ++self) {
      threads.emplace_back([&, self] {
        if (!allowed.empty()) static_cast<void>(pin_to(allowed[self % allowed.size()]));
        Stream stream(self, own);
        ready.arrive_and_wait();
        began[self] = Clock::now();
        map.run(self, stream, operations);
      });
    }
  }
  const Clock::time_point first = *std::min_element(began.begin(), began.end());
  return std::chrono::duration<double>(Clock::now() - first).count();
}

template <typename Map>
void operations(benchmark::State& state) {
  const std::int64_t own = state.range(0);
  const std::int64_t each = std::is_same_v<Map, Sharded> && own < 100 ? 10'000 : 500'000;
  const std::int64_t all = each * static_cast<std::int64_t>(cores());
  static_cast<void>(keys());
  double least = 1e9;
  for (auto _ : state) {
    const auto map = std::make_unique<Map>();
    const double seconds = seconds_of(*map, own, each);
    if (map->sum() != static_cast<std::uint64_t>(all)) {
      return state.SkipWithError("an operation was lost");
    }
    state.SetIterationTime(seconds);
    least = std::min(least, seconds);
  }
  state.SetItemsProcessed(state.iterations() * all);
  state.SetLabel(cores_allowed().size() > 1
                     ? "operations per second"
                     : "operations per second, two threads in turn");
  if (std::is_same_v<Map, Sharded>) return;
  double& speed = std::is_same_v<Map, Mesh> ? speeds[own].mesh : speeds[own].best_peer;
  speed = std::max(speed, static_cast<double>(all) / least);
}

// The fastest run of each, so that a neighbour's noise does not count.
void ratio(benchmark::State& state) {
  const Speeds& both = speeds[state.range(0)];
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  if (both.mesh == 0 || both.best_peer == 0)
    return state.SkipWithError("not measured here");
  state.counters["items_per_second"] = both.mesh / both.best_peer;
  state.SetLabel("times the best peer");
}

void by_share(benchmark::internal::Benchmark* plot) {
  plot->ArgName("% own keys")->Arg(100)->Arg(99)->Arg(90)->Arg(50);
}
void measured(benchmark::internal::Benchmark* plot) {
  plot->Apply(by_share)->UseManualTime()->MinTime(0.3);
}

BENCHMARK(operations<Mesh>)->Name("A map for all cores/core_mesh")->Apply(measured);
BENCHMARK(operations<Sharded>)->Name("A map for all cores/sharded_map")->Apply(measured);
#if COURSE_HAS_TBB
BENCHMARK(operations<Tbb>)
    ->Name("A map for all cores/tbb::concurrent_hash_map")
    ->Apply(measured);
#else
void not_here(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  state.SkipWithError("not installed here");
}
BENCHMARK(not_here)
    ->Name("A map for all cores/tbb::concurrent_hash_map")
    ->Apply(by_share)
    ->Iterations(1);
#endif
BENCHMARK(operations<OneLock>)
    ->Name("A map for all cores/one locked map")
    ->Apply(measured);
BENCHMARK(operations<Stripes>)
    ->Name("A map for all cores/a locked map for each of 64 stripes")
    ->Apply(measured);
BENCHMARK(ratio)
    ->Name("The mesh beside its best peer/operations per second")
    ->Apply(by_share)
    ->Iterations(1);

}  // namespace
