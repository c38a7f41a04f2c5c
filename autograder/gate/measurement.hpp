// One run of a gate program: what is asked of it, and what came back.
//
//      Run { program, iterations, threads, … } --Runner--> Measurement { seconds, … }
//
// The judging is written against `Runner` alone, so that tests can put a simulated machine
// in the place of processes; what `program_runner` makes (program.hpp) is the real one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace course::gate {

struct Run {
  std::filesystem::path program;
  std::string benchmark;  // the name in its Google Benchmark program
  std::uint64_t iterations = 1;
  unsigned threads = 0;  // 0: as many as the program likes
  bool twice = false;    // do the work of each iteration twice
  std::uint64_t seed = 0;
  double seconds_allowed = 60;  // by our clock; then it is stopped
};

enum class End {
  measured,     // ran, and its answer was right
  stopped,      // by us, at `seconds_allowed`
  not_started,  // reached a step that is still to be written
  broken,      // crashed, gave a wrong answer, or reported something other than was asked
  impossible,  // reported a time that cannot be
  limited,  // could not start, or a limit of the shell ended it: no fault of the program
};

struct Measurement {
  End end = End::broken;
  double seconds = 0;    // of the measured work, as the program reports it
  double our_clock = 0;  // seconds from the start of the process to its end
  std::string words;     // what happened, unless it was measured
};

using Runner = std::function<Measurement(const Run&)>;

}  // namespace course::gate
