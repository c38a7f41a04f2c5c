// Lesson 4's benchmarks: updates a second over each store, on many keys and on one. The
// peer is what a C++ programmer would otherwise use: a map under one lock, which is held
// from the read to the write.
#include <benchmark/benchmark.h>

#include <barrier>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../../solutions/04-stateless-workers/optimistic_update.hpp"
#include "../../solutions/04-stateless-workers/sqlite_store.hpp"
#include "memory_store.hpp"
#include "temporary_folder.hpp"

#if __has_include(<hiredis/hiredis.h>)
#include "redis_server.hpp"
#include "redis_store.hpp"
#endif

namespace {

constexpr int updates = 4'096;

std::optional<std::string> one_more(const std::string& value) {
  return std::to_string(value.empty() ? 1 : std::stoll(value) + 1);
}

std::string key_of(int update, std::int64_t keys) {
  return "account " + std::to_string(update % keys);
}

// Has the workers make a batch of updates together, again and again; `make_worker()` gives
// what one of them does with a key. They are started before the clock.
template <typename MakeWorker>
void run_batches(benchmark::State& state, std::int64_t keys, MakeWorker make_worker) {
  const int workers = static_cast<int>(state.range(0));
  std::barrier meet(workers + 1);
  bool more = true;  // written while all workers wait at the barrier
  std::vector<std::jthread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      auto update = make_worker();
      for (meet.arrive_and_wait(); more; meet.arrive_and_wait()) {
        for (int i = worker; i < updates; i += workers) update(key_of(i, keys));
        meet.arrive_and_wait();
      }
    });
  }
  for (auto _ : state) {
    meet.arrive_and_wait();  // begin
    meet.arrive_and_wait();  // all have ended
  }
  more = false;
  meet.arrive_and_wait();
  state.SetItemsProcessed(state.iterations() * updates);
  state.SetLabel("updates per second");
}

void over(benchmark::State& state, std::int64_t keys, Store& store) {
  run_batches(state, keys, [&store] {
    return [session = store.connect()](const std::string& key) {
      optimistic_update(*session, key, one_more);
    };
  });
}

void one_lock(benchmark::State& state, std::int64_t keys) {
  std::mutex mutex;
  std::unordered_map<std::string, std::string> values;
  run_batches(state, keys, [&] {
    return [&](const std::string& key) {
      const std::scoped_lock lock(mutex);
      std::string& value = values[key];
      value = *one_more(value);
    };
  });
}

void shared_memory(benchmark::State& state, std::int64_t keys) {
  MemoryStore store;
  over(state, keys, store);
}

void sqlite_file(benchmark::State& state, std::int64_t keys) {
  const TemporaryFolder folder;
  SqliteStore store(folder.file("state.db"));
  over(state, keys, store);
}

#if __has_include(<hiredis/hiredis.h>)
void redis_server(benchmark::State& state, std::int64_t keys) {
  if (!RedisServer::is_installed()) {
    state.SkipWithError("redis-server is not installed");
    return;
  }
  const RedisServer server;
  RedisStore store(server.port());
  over(state, keys, store);
}
#endif

void for_workers(benchmark::internal::Benchmark* plot) {
  plot->ArgName("workers")->Arg(1)->Arg(2)->Arg(4)->UseRealTime();
}

BENCHMARK_CAPTURE(one_lock, many, 100)
    ->Name("Updates of 100 keys/a map, one lock")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(shared_memory, many, 100)
    ->Name("Updates of 100 keys/shared memory")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(sqlite_file, many, 100)
    ->Name("Updates of 100 keys/SQLite")
    ->Apply(for_workers);
#if __has_include(<hiredis/hiredis.h>)
BENCHMARK_CAPTURE(redis_server, many, 100)
    ->Name("Updates of 100 keys/Redis")
    ->Apply(for_workers);
#endif

BENCHMARK_CAPTURE(one_lock, one, 1)
    ->Name("Updates of one key/a map, one lock")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(shared_memory, one, 1)
    ->Name("Updates of one key/shared memory")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(sqlite_file, one, 1)
    ->Name("Updates of one key/SQLite")
    ->Apply(for_workers);
#if __has_include(<hiredis/hiredis.h>)
BENCHMARK_CAPTURE(redis_server, one, 1)
    ->Name("Updates of one key/Redis")
    ->Apply(for_workers);
#endif

}  // namespace
