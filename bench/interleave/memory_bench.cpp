// What an operation of the memory model costs by itself: no threads, no scheduler, no hooks.
//
// One measurement is an execution: it begins, its threads are created, and then they take
// turns with 256 operations. The time is that of all of it, divided by 256. `threads` is the
// width of every vector clock.
//
//   valgrind --tool=callgrind .build/bench/bench/interleave/interleave-memory-bench
//
// tells the instructions; the runtime itself cannot run there (its addresses are fixed).
#include <benchmark/benchmark.h>

#include <string>

#include "interleave/memory/memory_model.hpp"

namespace {

using namespace interleave;

constexpr std::uint32_t kOperations = 256;
constexpr Address kPlain = 0x1000;
constexpr Address kAtomic = 0x2000;
constexpr Address kLock = 0x3000;

// Whose turn it is, and where it is in the program.
Site turn(std::uint32_t operation, std::uint32_t threads) {
  return {operation % threads, operation, 0x400000 + operation};
}

Value number(std::uint64_t low) { return {low, 0}; }

// -- Operations -------------------------------------------------------------------------
// Each leaves in `held` what real memory holds.

// Bytes of its own, again and again: the quickest there is.
void read_own(MemoryModel& model, const Site& site, Value&) {
  benchmark::DoNotOptimize(model.read(site, kPlain + 64 * site.thread, 8));
}
void write_own(MemoryModel& model, const Site& site, Value&) {
  benchmark::DoNotOptimize(model.write(site, kPlain + 64 * site.thread, 8));
}

// Every thread reads the same: one record for each thread.
void read_shared(MemoryModel& model, const Site& site, Value&) {
  benchmark::DoNotOptimize(model.read(site, kPlain, 8));
}

// A lock, a plain write of what it guards, and the lock given back.
void write_under_lock(MemoryModel& model, const Site& site, Value&) {
  model.acquire_from(site.thread, kLock);
  benchmark::DoNotOptimize(model.write(site, kPlain, 8));
  model.release_to(site.thread, kLock);
}

// 256 bytes at once: a copy of a page of shadow.
void write_range(MemoryModel& model, const Site& site, Value&) {
  benchmark::DoNotOptimize(model.write(site, kPlain + 1024 * site.thread, 256));
}

template <MemoryOrder order>
void load(MemoryModel& model, const Site& site, Value& held) {
  benchmark::DoNotOptimize(model.load_choices(site, kAtomic, 8, order, held).size());
  benchmark::DoNotOptimize(model.commit_load(0).read.low);
}

template <MemoryOrder order>
void store(MemoryModel& model, const Site& site, Value& held) {
  benchmark::DoNotOptimize(model.store_choices(site, kAtomic, 8, order, held));
  held = model.commit_store(0, number(site.step)).written;
}

template <MemoryOrder order>
void update(MemoryModel& model, const Site& site, Value& held) {
  benchmark::DoNotOptimize(model.update_choices(site, kAtomic, 8, order, held).size());
  held = model.commit_update(0, number(site.step)).written;
}

// One thread stores and no other ever synchronises with it: the others may read many old stores.
void load_among_many(MemoryModel& model, const Site& site, Value& held) {
  if (site.thread == 0) return store<MemoryOrder::kRelaxed>(model, site, held);
  const auto choices = model.load_choices(site, kAtomic, 8, MemoryOrder::kRelaxed, held);
  benchmark::DoNotOptimize(model.commit_load(choices.size() - 1).read.low);
}

// -- Measuring --------------------------------------------------------------------------

using Operation = void (*)(MemoryModel&, const Site&, Value&);

void begin(MemoryModel& model, std::uint32_t threads) {
  model.begin_execution();
  for (ThreadId thread = 1; thread < threads; ++thread) model.thread_created(0, thread);
}

void execute(benchmark::State& state, Operation operation, MemoryMode mode) {
  const auto threads = static_cast<std::uint32_t>(state.range(0));
  MemoryModel model(mode);
  Value held;
  std::uint32_t step = kOperations;
  for (auto _ : state) {
    if (step == kOperations) {
      begin(model, threads);
      held = Value{};
      step = 0;
    }
    operation(model, turn(step, threads), held);
    ++step;
  }
}

// An execution in which nothing happens but its end.
void begin_and_end(benchmark::State& state, Operation, MemoryMode mode) {
  MemoryModel model(mode);
  for (auto _ : state) {
    begin(model, static_cast<std::uint32_t>(state.range(0)));
    benchmark::DoNotOptimize(model.execution_hash());
  }
}

void measure(const std::string& name, Operation operation,
             MemoryMode mode = MemoryMode::kWeak, decltype(&execute) how = execute) {
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), how, operation, mode);
  registered->ArgName("threads");
  for (const int threads : {2, 3, 5}) registered->Arg(threads);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string plain = "Plain memory: races/";
  measure(plain + "read of one's own", read_own);
  measure(plain + "write of one's own", write_own);
  measure(plain + "read of what all read", read_shared);
  measure(plain + "lock, write, unlock", write_under_lock);
  measure(plain + "write of 256 bytes", write_range);
  const std::string atomic = "One atomic: stores and views/";
  measure(atomic + "relaxed load", load<MemoryOrder::kRelaxed>);
  measure(atomic + "relaxed load among old stores", load_among_many);
  measure(atomic + "release store", store<MemoryOrder::kRelease>);
  measure(atomic + "acq_rel update", update<MemoryOrder::kAcqRel>);
  measure(atomic + "seq_cst update", update<MemoryOrder::kSeqCst>);
  measure(atomic + "seq_cst update, sequential mode", update<MemoryOrder::kSeqCst>,
          MemoryMode::kSequential);
  measure("An execution/begins and ends", nullptr, MemoryMode::kWeak, begin_and_end);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
