// Lesson 10's benchmarks: what it costs to leave one span, in each recorder. One thread, and
// two at the same time, each on a core of its own where there are two.
//
// A span is two times and a record. Ours read the clock twice; LTTng-UST is given the first
// time and stamps the event itself, which is the second.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../../solutions/10-tracing/trace_buffer.hpp"
#include "course/stay_on.hpp"
#include "machine/usable_cores.hpp"
#include "tracing.hpp"

#if COURSE_HAS_LTTNG
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_session.hpp"
#include "lttng_span.hpp"
#endif

namespace {

constexpr std::uint64_t spans = 100'000;

// Keeps the calling thread on one core; different numbers, different cores, while there are.
void stay_on(std::size_t which) {
  static const std::vector<unsigned> cores = course::machine::allowed_cores();
  course::stay_on(cores[which % cores.size()]);
}

// Runs work(0), work(1), … at the same time; the seconds that the slowest took.
template <typename Work>
double seconds_of(unsigned threads, Work work) {
  std::atomic<unsigned> here = 0;
  std::vector<double> seconds(threads);
  {
    std::vector<std::jthread> all;
    for (unsigned thread = 0; thread < threads; ++thread) {
      all.emplace_back([&, thread] {
        stay_on(thread);
        here.fetch_add(1);
        while (here.load() < threads) std::this_thread::yield();
        const auto start = std::chrono::steady_clock::now();
        work(thread);
        seconds[thread] =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
                .count();
      });
    }
  }
  return *std::max_element(seconds.begin(), seconds.end());
}

Span span_begun_now(std::uint64_t id) {
  Span span;
  span.job = 7;
  span.id = id;
  span.cause = id - 1;
  span.stage = "price";
  span.gave = 42;
  span.begin = now_in_nanoseconds();
  return span;
}

// --- The recorders, each with the same function: leaves `spans` spans in each thread ---------

// The clock alone: what is left of each of the others is its own.
double no_recorder(unsigned threads) {
  return seconds_of(threads, [](unsigned) {
    for (std::uint64_t id = 1; id <= spans; ++id) {
      Span span = span_begun_now(id);
      span.end = now_in_nanoseconds();
      benchmark::DoNotOptimize(span);
    }
  });
}

double one_lock(unsigned threads) {
  Recorder recorder;
  return seconds_of(threads, [&](unsigned) {
    for (std::uint64_t id = 1; id <= spans; ++id) {
      Span span = span_begun_now(id);
      span.end = now_in_nanoseconds();
      recorder.record(span);
    }
  });
}

double a_buffer_each(unsigned threads) {
  Trace trace(spans);
  std::vector<TraceBuffer> buffers;
  for (unsigned i = 0; i < threads; ++i) buffers.emplace_back(trace, "worker");
  return seconds_of(threads, [&](unsigned thread) {
    for (std::uint64_t id = 1; id <= spans; ++id) {
      Span span = span_begun_now(id);
      span.end = now_in_nanoseconds();
      buffers[thread].record(span);
    }
  });
}

#if COURSE_HAS_LTTNG
double lttng(unsigned threads) {
  return seconds_of(threads, [](unsigned) {
    for (std::uint64_t id = 1; id <= spans; ++id) {
      const Span span = span_begun_now(id);
      lttng_ust_tracepoint(course, span, span.job, span.id, span.cause,
                           reinterpret_cast<std::uintptr_t>(span.stage), span.attempt,
                           span.threw ? 1 : 0, span.gave, span.begin);
    }
  });
}
#endif

// --- Spans per second ----------------------------------------------------------------------------

// The fastest runs, for the ratio at the end.
struct Speeds {
  double ours = 0;
  double peer = 0;
};
std::map<std::int64_t, Speeds> speeds;

template <double (*Record)(unsigned)>
void record(benchmark::State& state) {
  const auto threads = static_cast<unsigned>(state.range(0));
  double least = 1e9;
  for (auto _ : state) {
    const double seconds = Record(threads);
    state.SetIterationTime(seconds);
    least = std::min(least, seconds);
  }
  const auto items = static_cast<std::int64_t>(threads * spans);
  state.SetItemsProcessed(state.iterations() * items);
  state.SetLabel("spans per second");
  const double speed = static_cast<double>(items) / least;
  if (Record == a_buffer_each) speeds[state.range(0)].ours = speed;
#if COURSE_HAS_LTTNG
  if (Record == lttng) speeds[state.range(0)].peer = speed;
#endif
}

void by_threads(benchmark::internal::Benchmark* plot) {
  plot->ArgName("threads")->Arg(1)->Arg(2);
}
void measured(benchmark::internal::Benchmark* plot) {
  plot->Apply(by_threads)->UseManualTime()->MinTime(0.3);
}

BENCHMARK(record<no_recorder>)->Name("Spans/the clock alone")->Apply(measured);
BENCHMARK(record<a_buffer_each>)->Name("Spans/trace_buffer")->Apply(measured);
BENCHMARK(record<one_lock>)->Name("Spans/reference, one lock")->Apply(measured);

#if COURSE_HAS_LTTNG
// The session is started with the first of its measurements, and stays until the end.
void record_by_lttng(benchmark::State& state) {
  static const auto session = std::make_unique<LttngSession>();
  for (int tries = 0; tries < 100 && !lttng_ust_tracepoint_enabled(course, span);
       ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (!session->records() || !lttng_ust_tracepoint_enabled(course, span)) {
    state.SkipWithError(
        "LTTng is installed, but its session daemon records nothing here");
    return;
  }
  record<lttng>(state);
}

// The fastest run of each, so that a neighbour's noise does not count.
void ratio(benchmark::State& state) {
  const Speeds& both = speeds[state.range(0)];
  if (both.peer == 0) return state.SkipWithError("LTTng-UST was not measured");
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  state.counters["items_per_second"] = both.ours / both.peer;
  state.SetLabel("times the peer");
}

// Without the daemon there is nothing to record for, and the plot has no line for it.
const bool lttng_is_measured = [] {
  if (!LttngSession::is_installed()) return false;
  benchmark::RegisterBenchmark("Spans/LTTng-UST", record_by_lttng)->Apply(measured);
  benchmark::RegisterBenchmark("The buffer beside LTTng-UST/spans per second", ratio)
      ->Apply(by_threads)
      ->Iterations(1);
  return true;
}();
#endif

}  // namespace
