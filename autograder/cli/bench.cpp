#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "author/files.hpp"
#include "cli/commands.hpp"
#include "experiments/machine_words.hpp"
#include "experiments/measurements.hpp"
#include "experiments/program.hpp"
#include "experiments/progress.hpp"
#include "experiments/tables.hpp"
#include "grader/manifest.hpp"
#include "grader/process.hpp"
#include "page/page.hpp"

namespace course::cli {
namespace {

using namespace experiments;
namespace fs = std::filesystem;

constexpr int repetitions = 3;
constexpr double longest_seconds = 1800;

std::vector<Lesson> lessons_for(const Common& common, const BenchOptions& options) {
  if (!options.lesson.empty()) return {find_lesson(common.root, options.lesson)};
  return lessons_in(common.root);
}

// Runs a benchmark program and returns its results as JSON. Blocks, and shows progress.
std::string measure(const Lesson& lesson, const fs::path& program,
                    const fs::path& results, bool quick) {
  Progress progress("Benchmarking lesson " + lesson.heading());
  grader::Command command;
  command.words = {program.string(), "--benchmark_out=" + results.string(),
                   "--benchmark_out_format=json",
                   fmt::format("--benchmark_repetitions={}", quick ? 1 : repetitions)};
  if (quick) command.words.push_back("--benchmark_min_time=0.001");
  command.seconds = longest_seconds;
  std::size_t lines = 0;
  command.on_output = [&](std::string_view text) {
    lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    progress.note(fmt::format("{} lines of results", lines));
  };
  const grader::Outcome outcome = grader::run(command);
  if (!outcome.exited_with(0)) {
    throw std::runtime_error(fmt::format("{}\nthe benchmarks of lesson {} failed: {}",
                                         outcome.output, lesson.short_number(),
                                         grader::words_for(outcome)));
  }
  return author::read_file(results);
}

page::Origin origin_of(const Common& common, const BenchOptions& options) {
  const grader::Trees trees(common.root, common.compiler);
  std::string command = "autograder/course bench";
  if (!options.lesson.empty()) command += " " + options.lesson;
  if (options.quick) command += " --quick";
  return {machine_words(trees.tree("bench")), today(), command,
          options.quick
              ? "One short run: these numbers mean nothing"
              : fmt::format("Median of {} runs; the bands reach from the slowest "
                            "to the fastest",
                            repetitions)};
}

nlohmann::json to_json(const std::vector<page::Section>& sections,
                       const page::Origin& origin) {
  nlohmann::json lessons = nlohmann::json::array();
  for (const auto& section : sections) {
    nlohmann::json charts = nlohmann::json::array();
    for (const auto& chart : section.charts)
      charts.push_back(experiments::to_json(chart));
    lessons.push_back({{"lesson", section.heading}, {"charts", std::move(charts)}});
  }
  return {{"machine", origin.machine},
          {"date", origin.date},
          {"command", origin.command},
          {"runs", origin.runs},
          {"lessons", std::move(lessons)}};
}

// To the file, or to standard output for "-".
void write_to(const std::string& destination, const std::string& text) {
  if (destination == "-") {
    std::cout << text << '\n';
  } else {
    author::write_file(fs::absolute(destination), text);
  }
}

void print_tables(const std::vector<page::Section>& sections,
                  const page::Origin& origin) {
  for (const auto& section : sections) {
    for (const auto& chart : section.charts) fmt::print("{}\n", table(chart));
  }
  fmt::print("{}, {}. {}.\n", origin.machine, origin.date, origin.runs);
}

int run(const Common& common, const BenchOptions& options) {
  const fs::path memory = common.root / ".course";
  fs::create_directories(memory);
  std::vector<page::Section> sections;
  std::vector<std::string> failures;
  for (const Lesson& lesson : lessons_for(common, options)) {
    const auto program =
        build_program({common.root, common.compiler}, "bench", lesson, lesson.bench());
    const auto results = memory / ("bench-" + lesson.number + ".json");
    auto measured = read_measurements(measure(lesson, program, results, options.quick));
    sections.push_back({lesson.heading(), std::move(measured.charts)});
    failures.insert(failures.end(), measured.failures.begin(), measured.failures.end());
  }
  const page::Origin origin = origin_of(common, options);
  const std::string html = options.html.value_or((memory / "bench.html").string());
  if (options.json) write_to(*options.json, to_json(sections, origin).dump(2));
  if (options.json != "-" && html != "-") print_tables(sections, origin);
  write_to(html, page::html(sections, origin));
  if (html != "-") std::cerr << "plots: " << html << '\n';
  for (const auto& failure : failures) std::cerr << "failed: " << failure << '\n';
  return failures.empty() ? all_passed : something_failed;
}

}  // namespace

int bench(const Common& common, const BenchOptions& options) {
  try {
    return run(common, options);
  } catch (const grader::UnknownId& unknown) {
    std::cerr << "course: " << unknown.what() << '\n';
    return usage_error;
  } catch (const BuildFailed& failure) {
    std::cerr << failure.what() << "\ncourse: the benchmarks could not be built\n";
    return environment_error;
  }
}

}  // namespace course::cli
