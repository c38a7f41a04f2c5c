#include "gate/program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "process/limits.hpp"
#include "process/process.hpp"

extern char** environ;

namespace course::gate {
namespace {

using nlohmann::json;
using process::Command;
using process::Outcome;

constexpr int status_of_todo = 75;

// What would change the measured program's behaviour behind the grader's back.
std::vector<std::string> inherited_settings() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (variable.starts_with("COURSE_") || variable.starts_with("BENCHMARK_")) {
      names.emplace_back(variable.substr(0, variable.find('=')));
    }
  }
  return names;
}

Command command_for(const Run& run, const std::vector<unsigned>& cores) {
  Command command;
  command.words = {run.program.string(),
                   fmt::format("--benchmark_filter=^{}(/|$)", run.benchmark)};
  command.without = inherited_settings();
  command.environment["COURSE_ITERATIONS"] = std::to_string(run.iterations);
  command.environment["COURSE_SEED"] = std::to_string(run.seed);
  if (run.threads > 0)
    command.environment["COURSE_THREADS"] = std::to_string(run.threads);
  if (run.twice) command.environment["COURSE_TWICE"] = "1";
  if (!cores.empty()) {
    command.environment["COURSE_CORES"] = fmt::format("{}", fmt::join(cores, ","));
  }
  command.seconds = run.seconds_allowed;
  command.records = true;
  command.stacks = false;
  return command;
}

// The records of one run, by kind; a line that is no record is not evidence of anything.
struct Records {
  std::vector<json> measured;
  std::vector<json> todo;
  bool ended = false;
};

Records read(const std::vector<std::string>& lines) {
  Records records;
  for (const std::string& line : lines) {
    const json record = json::parse(line, nullptr, false);
    if (!record.is_object()) continue;
    const std::string kind = record.value("record", "");
    if (kind == "measured") records.measured.push_back(record);
    if (kind == "todo") records.todo.push_back(record);
    if (kind == "end") records.ended = true;
  }
  return records;
}

Measurement with_words(End end, const Outcome& outcome, std::string words) {
  Measurement measurement;
  measurement.end = end;
  measurement.our_clock = outcome.seconds;
  measurement.words = std::move(words);
  return measurement;
}

// Exactly what was asked must have been reported: one measurement, of this benchmark, with
// this many iterations.
Measurement measurement_of(const Run& run, const Outcome& outcome,
                           const Records& records) {
  if (!records.ended || records.measured.size() != 1) {
    return with_words(End::broken, outcome,
                      fmt::format("reported {} measurements of {}, not 1",
                                  records.measured.size(), run.benchmark));
  }
  const json& record = records.measured.front();
  if (record.contains("error")) {
    return with_words(End::broken, outcome, record.value("error", "wrong answer"));
  }
  if (record.value("name", "") != run.benchmark ||
      record.value("iterations", std::uint64_t{0}) != run.iterations) {
    return with_words(
        End::broken, outcome,
        fmt::format("measured something other than {} iteration{} of {}", run.iterations,
                    run.iterations == 1 ? "" : "s", run.benchmark));
  }
  Measurement measurement = with_words(End::measured, outcome, "");
  measurement.seconds = record.value("seconds", std::nan(""));
  const bool possible = measurement.seconds > 0 && measurement.seconds <= outcome.seconds;
  if (!possible) {
    measurement.end = End::impossible;
    measurement.words =
        fmt::format("reports {} s of work in a process that lasted {:.6f} s",
                    measurement.seconds, outcome.seconds);
  }
  return measurement;
}

std::string last_lines(const std::string& output) {
  constexpr std::size_t most = 400;
  const std::size_t from = output.size() > most ? output.size() - most : 0;
  return output.empty() ? "" : ": " + output.substr(from);
}

Measurement read_run(const Run& run, const Outcome& outcome) {
  const Records records = read(outcome.records);
  if (outcome.end == process::End::timed_out) {
    return with_words(End::stopped, outcome,
                      fmt::format("did not finish in {:.3g} s", run.seconds_allowed));
  }
  if (outcome.exited_with(status_of_todo) && !records.todo.empty()) {
    const json& step = records.todo.front();
    return with_words(
        End::not_started, outcome,
        fmt::format("step {} is still to be written ({}:{})", step.value("step", 0),
                    step.value("file", ""), step.value("line", 0)));
  }
  if (const std::string limit = limit_that_ended(outcome); !limit.empty()) {
    return with_words(End::limited, outcome, limit);
  }
  if (outcome.end == process::End::could_not_start) {
    return with_words(End::limited, outcome, words_for(outcome));
  }
  if (!outcome.exited_with(0)) {
    return with_words(End::broken, outcome,
                      words_for(outcome) + last_lines(outcome.output));
  }
  return measurement_of(run, outcome, records);
}

}  // namespace

Runner program_runner(std::vector<unsigned> cores) {
  return [cores = std::move(cores)](const Run& run) {
    return read_run(run, process::run(command_for(run, cores)));
  };
}

}  // namespace course::gate
