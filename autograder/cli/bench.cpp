#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"
#include "cli/commands.hpp"
#include "experiments/machine_words.hpp"
#include "experiments/measurements.hpp"
#include "experiments/program.hpp"
#include "experiments/progress.hpp"
#include "experiments/tables.hpp"
#include "page/page.hpp"
#include "process/process.hpp"

namespace course::cli {
namespace {

using namespace experiments;
namespace fs = std::filesystem;

struct BenchOptions {
  std::string lesson;  // empty: every lesson; "interleave": the explorer's own speed
  Destination html;    // empty: .course/bench.html
  Destination json;
  bool quick = false;
  bool record = false;
};

constexpr int repetitions = 3;
constexpr double longest_seconds = 1800;

// The explorer's speed is measured like a lesson's claims, and recorded like a demo.
constexpr std::string_view explorer = "interleave";

// What is measured together: programs of the bench tree.
struct Benchmarks {
  std::string heading;
  std::string short_name;  // of its files in .course/
  fs::path folder;         // of the programs, in the tree
  fs::path sources;
  std::vector<std::string> targets;
  std::map<std::string, std::string> environment;
};

Benchmarks benchmarks_of(const Lesson& lesson) {
  return {
      lesson.heading(), lesson.number,    fs::path("lessons") / lesson.folder.filename(),
      lesson.folder,    {lesson.bench()}, {}};
}

// The second is as on a machine on which only the kernel may set the thread pointer.
std::vector<Benchmarks> benchmarks_of_explorer(const Common& common) {
  const fs::path folder = fs::path("bench") / explorer;
  const std::string name(explorer);
  const std::string schedules = "interleave-schedules-bench";
  std::vector<Benchmarks> all{{name,
                               name,
                               folder,
                               common.root / folder,
                               {schedules, "interleave-memory-bench"},
                               {}}};
#ifdef __x86_64__
  all.push_back({name + " without FSGSBASE",
                 name + "-without-fsgsbase",
                 folder,
                 common.root / folder,
                 {schedules},
                 {{"INTERLEAVE_FSGSBASE", "0"}}});
#endif
  return all;
}

std::vector<Benchmarks> benchmarks_for(const Common& common,
                                       const BenchOptions& options) {
  if (options.lesson == explorer) return benchmarks_of_explorer(common);
  if (!options.lesson.empty()) {
    return {benchmarks_of(find_lesson(common.root, options.lesson))};
  }
  std::vector<Benchmarks> all;
  for (const Lesson& lesson : lessons_in(common.root)) {
    all.push_back(benchmarks_of(lesson));
  }
  return all;
}

// Runs a benchmark program and returns its results as JSON. Blocks, and shows progress.
std::string measure(const Benchmarks& benchmarks, const fs::path& program,
                    const fs::path& results, bool quick) {
  Progress progress("Benchmarking " + benchmarks.heading);
  process::Command command;
  command.words = {program.string(), "--benchmark_out=" + results.string(),
                   "--benchmark_out_format=json",
                   fmt::format("--benchmark_repetitions={}", quick ? 1 : repetitions)};
  if (quick) command.words.push_back("--benchmark_min_time=0.001");
  command.environment = benchmarks.environment;
  command.seconds = longest_seconds;
  std::size_t lines = 0;
  command.on_output = [&](std::string_view text) {
    lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    progress.note(fmt::format("{} line{} of results", lines, lines == 1 ? "" : "s"));
  };
  const process::Outcome outcome = process::run(command);
  if (!outcome.exited_with(0)) {
    throw std::runtime_error(fmt::format("{}\nthe benchmarks of {} failed: {}",
                                         outcome.output, benchmarks.heading,
                                         process::words_for(outcome)));
  }
  return read_file(results);
}

page::Origin origin_of(const Common& common, const BenchOptions& options) {
  const grader::Trees trees(common.root, common.compiler);
  std::string command = "autograder/course bench";
  if (!options.lesson.empty()) command += " " + options.lesson;
  if (options.quick) command += " --quick";
  if (options.record) command += " --record";
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
void write_out(const std::string& destination, const std::string& text) {
  if (destination == "-") {
    std::cout << text << '\n';
  } else {
    course::write_to(destination, text);
  }
}

std::string tables_of(const page::Section& section) {
  std::string text;
  for (const auto& chart : section.charts) text += table(chart) + '\n';
  return text;
}

std::string tables_of(const std::vector<page::Section>& sections) {
  std::string text;
  for (const auto& section : sections) text += tables_of(section);
  return text;
}

// -- The explorer -----------------------------------------------------------------------

// Time to the first failure beside stress: prints its table as it grows, and returns it.
std::string race_with_stress(const Common& common, bool quick) {
  process::Command command;
  command.words = {build_program(grader::Trees(common.root, common.compiler), "bench",
                                 fs::path("bench") / explorer,
                                 common.root / "bench" / explorer,
                                 "interleave-first-failure")
                       .string()};
  if (quick) {
    command.words.insert(command.words.end(), {"--seconds", "0.05", "--times", "1"});
  }
  command.seconds = longest_seconds;
  command.on_output = [](std::string_view text) { std::cout << text << std::flush; };
  const process::Outcome outcome = process::run(command);
  if (!outcome.exited_with(0)) {
    throw std::runtime_error("interleave-first-failure: " + process::words_for(outcome));
  }
  return outcome.output;
}

// Writes bench/interleave/NAME.txt, which the explorer's README quotes.
void record(const Common& common, const std::string& name, const page::Origin& origin,
            const std::string& tables) {
  const fs::path file = common.root / "bench" / explorer / (name + ".txt");
  write_file(file, fmt::format("command   {}\nmachine   {}\ndate      {}\n\n{}",
                               origin.command, origin.machine, origin.date, tables));
  std::cerr << "wrote " << file.string() << '\n';
}

void measure_explorer(const Common& common, const BenchOptions& options,
                      const page::Origin& origin,
                      const std::vector<page::Section>& sections) {
  const auto record_speed = [&](const std::string& name, const page::Section& section) {
    record(common, name, origin, tables_of(section) + origin.runs + ".\n");
  };
  if (options.record) {  // now: the race takes ten minutes
    record_speed("speed", sections.front());
    if (sections.size() > 1) record_speed("speed_without_fsgsbase", sections.back());
  }
  const std::string first_failures = race_with_stress(common, options.quick);
  if (!options.record) return;
  record(common, "first_failure", origin, first_failures);
  std::cerr << "next: autograder/course author weave\n";
}

// -- Everything -------------------------------------------------------------------------

int run(const Common& common, const BenchOptions& options) {
  const fs::path memory = common.root / ".course";
  const grader::Trees trees(common.root, common.compiler);
  std::vector<page::Section> sections;
  std::vector<std::string> failures;
  for (const Benchmarks& benchmarks : benchmarks_for(common, options)) {
    page::Section section{benchmarks.heading, {}};
    for (const std::string& target : benchmarks.targets) {
      const auto program =
          build_program(trees, "bench", benchmarks.folder, benchmarks.sources, target);
      const auto results = memory / ("bench-" + benchmarks.short_name + ".json");
      make_way_for(results);
      const auto measured =
          read_measurements(measure(benchmarks, program, results, options.quick));
      section.charts.insert(section.charts.end(), measured.charts.begin(),
                            measured.charts.end());
      failures.insert(failures.end(), measured.failures.begin(), measured.failures.end());
    }
    sections.push_back(std::move(section));
  }
  const page::Origin origin = origin_of(common, options);
  const std::string html = options.html.value_or((memory / "bench.html").string());
  if (!options.html) make_way_for(html);
  const bool as_tables = options.json != "-" && html != "-";
  if (options.json) write_out(*options.json, to_json(sections, origin).dump(2));
  if (as_tables) {
    fmt::print("{}{}, {}. {}.\n", tables_of(sections), origin.machine, origin.date,
               origin.runs);
    std::fflush(stdout);
  }
  write_out(html, page::html(sections, origin));
  if (html != "-") std::cerr << "plots: " << html << '\n';
  if (as_tables && options.lesson == explorer) {
    measure_explorer(common, options, origin, sections);
  }
  for (const auto& failure : failures) std::cerr << "failed: " << failure << '\n';
  return failures.empty() ? all_passed : something_failed;
}

int bench(const Common& common, const BenchOptions& options) {
  if (options.record && (options.quick || options.lesson != explorer)) {
    std::cerr << "course: --record is for `bench interleave`, measured in full; what a "
                 "lesson's text quotes is written by `demo --record`\n";
    return usage_error;
  }
  try {
    return run(common, options);
  } catch (const UnknownId& unknown) {
    std::cerr << "course: " << unknown.what() << '\n';
    return usage_error;
  } catch (const BuildFailed& failure) {
    std::cerr << failure.what() << "\ncourse: the benchmarks could not be built\n";
    return environment_error;
  }
}

}  // namespace

void add_bench(const CommandLine& line) {
  static BenchOptions options;
  auto* command = line.app.add_subcommand("bench", "Run benchmarks, print and plot them");
  command->add_option("LESSON", options.lesson,
                      "Its number or name; `interleave`: the explorer");
  add_json_option(*command, options.json);
  command->add_option("--html", options.html, "Write the page to FILE")
      ->type_name("FILE");
  command->add_flag("--quick", options.quick, "Prove that it runs; no real numbers");
  command->add_flag("--record", options.record,
                    "Write what the explorer's README quotes");
  command->callback([=] { line.action = [=] { return bench(line.common, options); }; });
}

}  // namespace course::cli
