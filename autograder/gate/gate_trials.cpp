// Grades the same exercises again and again, each time with every gate, and counts verdicts:
// the proof that the gate holds its promise on the machine at hand.
//
//   gate_trials                 the solutions, with a bursty load beside them: none may fail
//   gate_trials --twice         a solution made twice as slow: none may pass
//   gate_trials --no-load       either, with the machine left to it
//
// Build first: cmake --preset bench, then the targets EXERCISE-solution of the exercises.
// Exit status: 0 the promise held; 1 it did not; 2 usage; 3 nothing could be measured.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "catalogue/manifest.hpp"
#include "gate/gate.hpp"
#include "gate/program.hpp"
#include "machine/usable_cores.hpp"
#include "process/keeper.hpp"

namespace {

using namespace course;
namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> ids;
  int gradings = 50;
  bool twice = false;
  bool no_load = false;
  fs::path root = COURSE_SOURCE_FOLDER;
};

// Keeps every core busy half of the time: on and off in turn, 30 ms each on average.
void burst_until(std::stop_token stop) {
  std::mt19937_64 draw(std::random_device{}());
  std::exponential_distribution<double> milliseconds(1 / 30.0);
  const auto span = [&] {
    return std::chrono::duration<double, std::milli>(milliseconds(draw));
  };
  while (!stop.stop_requested()) {
    const auto until = std::chrono::steady_clock::now() + span();
    while (std::chrono::steady_clock::now() < until) {
    }
    std::this_thread::sleep_for(span());
  }
}

// A copy of the solution that plays the student, so that the two are told apart by path.
class Student {
 public:
  Student() {
    std::string name = (fs::temp_directory_path() / "gate_trials-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  ~Student() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Student(const Student&) = delete;
  Student& operator=(const Student&) = delete;

  // The programs of `exercise`, the student's freshly copied.
  [[nodiscard]] gate::Programs programs(const Exercise& exercise, const fs::path& root) {
    const std::string name = exercise.name + "-solution";
    const fs::path reference = root / ".build/bench/graded" / name;
    fs::copy_file(reference, folder_ / name, fs::copy_options::overwrite_existing);
    return {folder_ / name, reference};
  }

  [[nodiscard]] bool owns(const fs::path& program) const {
    return program.parent_path() == folder_;
  }

 private:
  fs::path folder_;
};

const char* word_for(gate::Verdict verdict) {
  constexpr std::array words = {"passed",  "failed",      "not started", "inconclusive",
                                "skipped", "environment", "tampered"};
  return words.at(static_cast<std::size_t>(verdict));
}

using Count = std::map<gate::Verdict, int>;

class Trials {
 public:
  explicit Trials(const Options& options) : options_(options) {}

  void grade(const std::vector<const Exercise*>& exercises);

  // How many verdicts broke the promise, and how many of them said something.
  [[nodiscard]] int broken() const;
  [[nodiscard]] int settled() const;
  void print() const;

 private:
  void grade_once(gate::Judge& judge, const Exercise& exercise);

  const Options options_;
  Student student_;
  std::map<std::string, Count> counts_;  // by gate
};

void Trials::grade(const std::vector<const Exercise*>& exercises) {
  const std::vector<unsigned> cores = machine::gate_cores();
  const gate::Runner real = gate::program_runner(cores);
  const gate::Runner runner = [&](gate::Run run) {
    run.twice = run.twice || (options_.twice && student_.owns(run.program));
    return real(run);
  };
  for (int grading = 1; grading <= options_.gradings; ++grading) {
    gate::Judge judge(runner, static_cast<unsigned>(cores.size()));
    fmt::print("grading {} of {}\n", grading, options_.gradings);
    for (const Exercise* exercise : exercises) grade_once(judge, *exercise);
  }
}

void Trials::grade_once(gate::Judge& judge, const Exercise& exercise) {
  const gate::Programs programs = student_.programs(exercise, options_.root);
  for (const GateRule& rule : exercise.gates) {
    // Work done twice gains as much as work done once. A claim is not the program's.
    if (options_.twice && rule.kind != GateRule::Kind::ratio) continue;
    if (rule.kind == GateRule::Kind::claim) continue;
    const gate::Result result = judge.judge(gate::gate_of(rule), programs);
    ++counts_[exercise.id + " " + rule.name][result.verdict];
    fmt::print("  {:<12} {:>5.2f} s  {}: {}\n", word_for(result.verdict), result.seconds,
               rule.name, result.words);
    std::fflush(stdout);
  }
}

int Trials::broken() const {
  int broken = 0;
  for (const auto& [gate, count] : counts_) {
    for (const auto& [verdict, times] : count) {
      const bool bad = options_.twice ? verdict == gate::Verdict::passed
                                      : verdict == gate::Verdict::failed ||
                                            verdict == gate::Verdict::tampered;
      if (bad) broken += times;
    }
  }
  return broken;
}

int Trials::settled() const {
  int settled = 0;
  for (const auto& [gate, count] : counts_) {
    for (const auto& [verdict, times] : count) {
      if (verdict == gate::Verdict::passed || verdict == gate::Verdict::failed)
        settled += times;
    }
  }
  return settled;
}

void Trials::print() const {
  fmt::print("\n{} grading{} of {}, {}\n", options_.gradings,
             options_.gradings == 1 ? "" : "s",
             options_.twice ? "solutions made twice as slow" : "the solutions",
             options_.no_load ? "no load beside them" : "a bursty load beside them");
  for (const auto& [gate, count] : counts_) {
    fmt::print("  {:<20}", gate);
    for (const auto& [verdict, times] : count)
      fmt::print(" {} {}", word_for(verdict), times);
    fmt::print("\n");
  }
}

int run(const Options& options) {
  const Course course = load_course(options.root);
  Trials trials(options);
  {
    std::vector<std::jthread> load;
    const std::size_t bursts = options.no_load ? 0 : machine::allowed_cores().size();
    for (std::size_t i = 0; i < bursts; ++i) load.emplace_back(burst_until);
    trials.grade(course.select(options.ids));
  }
  trials.print();
  if (trials.settled() == 0) {
    fmt::print("no grading passed or failed: this machine cannot show anything\n");
    return 3;
  }
  fmt::print("{} of them against the promise\n", trials.broken());
  return trials.broken() == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Grades again and again, and counts verdicts.");
  app.add_option("ID", options.ids, "exercises; all of them if none is named");
  app.add_option("--gradings", options.gradings, "how many times")->capture_default_str();
  app.add_flag("--twice", options.twice, "make the solution do all of its work twice");
  app.add_flag("--no-load", options.no_load, "leave the machine alone");
  app.add_option("--root", options.root, "the course's folder")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto guarded = [&] {
    try {
      return run(options);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      return 3;
    }
  };
  return process::keep(guarded, 3);
}
