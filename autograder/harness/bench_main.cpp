// The main of every benchmark: Google Benchmark's own, in a process that has had a second
// thread.
#include <benchmark/benchmark.h>

#include "course/atomic_counts.hpp"

int main(int argc, char** argv) {
  course::count_owners_atomically();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
