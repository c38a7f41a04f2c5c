// Lesson 5's benchmarks: the ring of exercise 5.1 beside its peers, and whole lines.
//
// Two threads, each on a core of its own where there are two. The producer pushes a batch and
// waits until the consumer has taken all of it: a batch of one item is a hand-over each time,
// a batch of many lets both sides work at once. Who waits looks again and again, but for the
// locked queue, which sleeps: that is what it is.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../../solutions/01-parallel-workers/job_queue.hpp"
#include "../../solutions/05-assembly-line/spsc_ring.hpp"
#include "assembly_line.hpp"
#include "course/busywork.hpp"
#include "course/stay_on.hpp"
#include "machine/usable_cores.hpp"

#if COURSE_HAS_BOOST_LOCKFREE
#include <boost/lockfree/spsc_queue.hpp>
#endif
#if COURSE_HAS_READERWRITERQUEUE
#include <readerwriterqueue/readerwriterqueue.h>
#endif
#if COURSE_HAS_TBB
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>
#endif

namespace {

constexpr std::size_t capacity = 1024;

// Keeps the calling thread on one core; different numbers, different cores, while there are.
void stay_on(std::size_t which) {
  static const std::vector<unsigned> cores = course::machine::allowed_cores();
  course::stay_on(cores[which % cores.size()]);
}

// Looks again; where both sides share a core, lets the other have it now and then.
template <typename Look>
void until(Look look) {
  for (unsigned looks = 1; !look(); ++looks) {
    if (looks % 1024 == 0) std::this_thread::yield();
  }
}

// --- The queues, each with the same two functions ---------------------------------------

class Ring {
 public:
  void push(std::uint64_t item) {
    until([&] { return ring_.try_push(std::uint64_t{item}); });
  }
  std::uint64_t pop() {
    std::optional<std::uint64_t> item;
    until([&] { return (item = ring_.try_pop()).has_value(); });
    return *item;
  }

 private:
  SpscRing<std::uint64_t> ring_{capacity};
};

class LockedQueue {
 public:
  void push(std::uint64_t item) { queue_.push(item); }
  std::uint64_t pop() { return *queue_.pop(); }

 private:
  JobQueue<std::uint64_t> queue_{capacity};
};

#if COURSE_HAS_READERWRITERQUEUE
class ReaderWriterQueue {
 public:
  void push(std::uint64_t item) {
    until([&] { return queue_.try_enqueue(item); });
  }
  std::uint64_t pop() {
    std::uint64_t item = 0;
    until([&] { return queue_.try_dequeue(item); });
    return item;
  }

 private:
  moodycamel::ReaderWriterQueue<std::uint64_t> queue_{capacity};
};
#endif

#if COURSE_HAS_BOOST_LOCKFREE
class BoostQueue {
 public:
  void push(std::uint64_t item) {
    until([&] { return queue_.push(item); });
  }
  std::uint64_t pop() {
    std::uint64_t item = 0;
    until([&] { return queue_.pop(item); });
    return item;
  }

 private:
  boost::lockfree::spsc_queue<std::uint64_t> queue_{capacity};
};
#endif

// --- Items per second, by batch ------------------------------------------------------------

// The speeds of the ring and the best of its peers, by batch, for the ratio at the end.
struct Speeds {
  double ring = 0;
  double best_peer = 0;
};
std::map<std::int64_t, Speeds> speeds;

template <typename Queue>
double seconds_of_stream(std::uint64_t items, std::uint64_t batch) {
  Queue queue;
  alignas(64) std::atomic<std::uint64_t> taken = 0;
  std::atomic<bool> ready = false;
  std::jthread consumer([&] {
    stay_on(1);
    ready = true;
    for (std::uint64_t item = 1; item <= items; ++item) {
      benchmark::DoNotOptimize(queue.pop());
      if (item % batch == 0) taken.store(item, std::memory_order_release);
    }
  });
  stay_on(0);
  until([&] { return ready.load(); });
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t item = 1; item <= items; ++item) {
    queue.push(item);
    if (item % batch == 0) {
      until([&] { return taken.load(std::memory_order_acquire) == item; });
    }
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <typename Queue>
void stream(benchmark::State& state) {
  const std::int64_t batch = state.range(0);
  const std::int64_t items = std::is_same_v<Queue, LockedQueue> ? 8'192 : 262'144;
  double least = 1e9;
  for (auto _ : state) {
    const double seconds = seconds_of_stream<Queue>(static_cast<std::uint64_t>(items),
                                                    static_cast<std::uint64_t>(batch));
    state.SetIterationTime(seconds);
    least = std::min(least, seconds);
  }
  state.SetItemsProcessed(state.iterations() * items);
  state.SetLabel("items per second");
  double& speed =
      std::is_same_v<Queue, Ring> ? speeds[batch].ring : speeds[batch].best_peer;
  speed = std::max(speed, static_cast<double>(items) / least);
}

// The fastest run of each, so that a neighbour's noise does not count.
void ratio(benchmark::State& state) {
  const Speeds& both = speeds[state.range(0)];
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  state.counters["items_per_second"] = both.ring / std::max(both.best_peer, 1.0);
  state.SetLabel("times the best peer");
}

void by_batch(benchmark::internal::Benchmark* plot) {
  plot->ArgName("batch")->Arg(1)->Arg(4)->Arg(16)->Arg(64)->Arg(256)->Arg(1024);
}
void streamed(benchmark::internal::Benchmark* plot) {
  plot->Apply(by_batch)->UseManualTime()->MinTime(0.2);
}

BENCHMARK(stream<Ring>)->Name("Items through a queue/spsc_ring")->Apply(streamed);
#if COURSE_HAS_READERWRITERQUEUE
BENCHMARK(stream<ReaderWriterQueue>)
    ->Name("Items through a queue/ReaderWriterQueue")
    ->Apply(streamed);
#endif
#if COURSE_HAS_BOOST_LOCKFREE
BENCHMARK(stream<BoostQueue>)
    ->Name("Items through a queue/Boost spsc_queue")
    ->Apply(streamed);
#endif
BENCHMARK(stream<LockedQueue>)
    ->Name("Items through a queue/locked queue")
    ->Apply(streamed);
BENCHMARK(ratio)
    ->Name("The ring beside its best peer/items per second")
    ->Apply(by_batch)
    ->Iterations(1);

// --- The way there and back ------------------------------------------------------------------

template <typename Queue>
void round_trip(benchmark::State& state) {
  Queue there;
  Queue back;
  std::jthread echo([&] {
    stay_on(1);
    while (const std::uint64_t item = there.pop()) back.push(item);
  });
  stay_on(0);
  for (auto _ : state) {
    there.push(1);
    benchmark::DoNotOptimize(back.pop());
  }
  there.push(0);
}

void one_item(benchmark::internal::Benchmark* plot) {
  plot->ArgName("items")->Arg(1)->UseRealTime()->MinTime(0.3);
}

BENCHMARK(round_trip<Ring>)->Name("There and back, one item/spsc_ring")->Apply(one_item);
#if COURSE_HAS_READERWRITERQUEUE
BENCHMARK(round_trip<ReaderWriterQueue>)
    ->Name("There and back, one item/ReaderWriterQueue")
    ->Apply(one_item);
#endif
#if COURSE_HAS_BOOST_LOCKFREE
BENCHMARK(round_trip<BoostQueue>)
    ->Name("There and back, one item/Boost spsc_queue")
    ->Apply(one_item);
#endif
BENCHMARK(round_trip<LockedQueue>)
    ->Name("There and back, one item/locked queue")
    ->Apply(one_item);

// --- Whole lines -------------------------------------------------------------------------------

constexpr std::uint64_t line_items = 4'000;

std::uint64_t part(std::uint64_t item, int steps) {
  return course::busywork(item | 1, steps);
}

void one_thread(benchmark::State& state) {
  const int steps = static_cast<int>(state.range(0));
  for (auto _ : state) {
    for (std::uint64_t item = 0; item < line_items; ++item) {
      benchmark::DoNotOptimize(part(part(part(item, steps), steps), steps));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(line_items));
  state.SetLabel("items per second");
}

void reference(benchmark::State& state) {
  const int steps = static_cast<int>(state.range(0));
  const auto stage = [steps](std::uint64_t item) { return part(item, steps); };
  for (auto _ : state) {
    auto line = AssemblyLine<std::uint64_t>(64).then(stage).then(stage).then(stage);
    std::jthread source([&] {
      for (std::uint64_t item = 0; item < line_items; ++item) line.put(item);
      line.finish();
    });
    while (const auto item = line.take()) benchmark::DoNotOptimize(*item);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(line_items));
  state.SetLabel("items per second");
}

#if COURSE_HAS_TBB
// Another model: one thread carries an item through all stages, and takes the next. The
// stages keep the order, but have no thread and no memory of their own.
void tbb_pipeline(benchmark::State& state) {
  const int steps = static_cast<int>(state.range(0));
  const auto stage = [steps](std::uint64_t item) { return part(item, steps); };
  constexpr auto in_order = tbb::filter_mode::serial_in_order;
  for (auto _ : state) {
    std::uint64_t next = 0;
    tbb::parallel_pipeline(
        64, tbb::make_filter<void, std::uint64_t>(in_order,
                                                  [&](tbb::flow_control& flow) {
                                                    if (next == line_items) flow.stop();
                                                    return next++;
                                                  }) &
                tbb::make_filter<std::uint64_t, std::uint64_t>(in_order, stage) &
                tbb::make_filter<std::uint64_t, std::uint64_t>(in_order, stage) &
                tbb::make_filter<std::uint64_t, std::uint64_t>(in_order, stage) &
                tbb::make_filter<std::uint64_t, void>(in_order, [](std::uint64_t item) {
                  benchmark::DoNotOptimize(item);
                }));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(line_items));
  state.SetLabel("items per second");
}
#endif

// Steps of about two nanoseconds in each of three stages.
void by_work(benchmark::internal::Benchmark* plot) {
  plot->ArgName("steps")->Arg(10)->Arg(500)->Arg(5000)->UseRealTime();
}

BENCHMARK(one_thread)
    ->Name("Items through three stages/one thread, no line")
    ->Apply(by_work);
BENCHMARK(reference)->Name("Items through three stages/reference")->Apply(by_work);
#if COURSE_HAS_TBB
BENCHMARK(tbb_pipeline)
    ->Name("Items through three stages/oneTBB parallel_pipeline, another model")
    ->Apply(by_work);
#endif

}  // namespace
