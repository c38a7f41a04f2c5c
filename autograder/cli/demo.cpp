#include "experiments/demo.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "author/demo_record.hpp"
#include "catalogue/claims.hpp"
#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"
#include "cli/commands.hpp"
#include "experiments/machine_words.hpp"
#include "experiments/program.hpp"
#include "grader/wrapping.hpp"

namespace course::cli {
namespace {

using namespace experiments;
namespace fs = std::filesystem;

struct DemoOptions {
  std::string lesson;               // "1", "01" or "parallel-workers"
  std::vector<std::string> claims;  // empty: all of them
  bool list = false;
  bool json = false;    // with list
  bool quick = false;   // proves that it runs; the numbers mean nothing
  bool record = false;  // authors: write lessons/NN-name/demo.txt, which the text quotes
};

// The programs of one lesson's demo, each built when it is first asked for.
class Programs {
 public:
  Programs(const Common& common, const Lesson& lesson)
      : trees_(common.root, common.compiler), lesson_(lesson) {}

  const fs::path& of(const std::string& preset) {
    const auto found = built_.find(preset);
    if (found != built_.end()) return found->second;
    return built_[preset] = build_program(trees_, preset, lesson_, lesson_.demo());
  }

  [[nodiscard]] std::string machine() const {
    return machine_words(trees_.tree("bench"));
  }

 private:
  const grader::Trees trees_;
  const Lesson& lesson_;
  std::map<std::string, fs::path> built_;
};

// The program's own list. Claims are read from the source (catalogue/claims.hpp), which must say
// the same.
std::vector<Experiment> list(Programs& programs, const Lesson& lesson) {
  process::Command command;
  command.words = {programs.of("bench").string(), "--list"};
  const process::Outcome outcome = process::run(command);
  if (!outcome.exited_with(0)) {
    throw std::runtime_error("the demo cannot list its experiments: " +
                             process::words_for(outcome) + "\n" + outcome.output);
  }
  const std::vector<Experiment> experiments = parse_list(outcome.output);
  std::vector<std::string> listed;
  for (const Experiment& experiment : experiments) listed.push_back(experiment.claim);
  if (listed != experiments_in(lesson)) {
    throw std::runtime_error(
        "the demo lists other experiments than its source shows; write each as "
        "MEASURED(\"P3\", "
        "… or EXPLORED(\"P3\", … at the beginning of a line");
  }
  return experiments;
}

int print_claims(const fs::path& root) {
  for (const Claim& claim : load_claims(root)) {
    std::string says = grader::wrapped(claim.says, 5);
    says.replace(0, claim.id.size(), claim.id);
    fmt::print("{}", says);
    for (const std::string& command : claim.commands())
      fmt::print("       {}\n", command);
  }
  return all_passed;
}

void print_list(const std::vector<Experiment>& experiments, bool json) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& [claim, kind, title] : experiments) {
    if (json) {
      all.push_back({{"claim", claim}, {"kind", kind}, {"title", title}});
    } else {
      fmt::print("{:<4} {:<9} {}\n", claim, kind, title);
    }
  }
  if (json) fmt::print("{}\n", all.dump(2));
}

// Runs them all, prints as they go, and returns the whole output; nothing if one failed.
std::optional<std::string> run_all(Programs& programs, const Lesson& lesson,
                                   const std::vector<Experiment>& experiments,
                                   bool quick) {
  const auto print = [](std::string_view text) { std::cout << text << std::flush; };
  std::string output;
  bool good = true;
  for (const Experiment& experiment : experiments) {
    process::Command command =
        experiment_command(programs.of(experiment.preset()), lesson, experiment.claim);
    if (quick) command.words.emplace_back("--quick");
    const auto outcome = run_experiment(std::move(command), experiment, print);
    output += outcome.output;
    if (outcome.exited_with(0)) continue;
    std::cerr << "experiment " << experiment.claim
              << " failed: " << process::words_for(outcome) << "\n";
    good = false;
  }
  return good ? std::optional(output) : std::nullopt;
}

void record(const Programs& programs, const Lesson& lesson, const std::string& output) {
  author::DemoRecord record;
  record.command =
      fmt::format("autograder/course demo {} --record", lesson.short_number());
  record.machine = programs.machine();
  record.date = today();
  const fs::path file = lesson.folder / "demo.txt";
  write_file(file, author::record_text(lesson.folder, record, output));
  std::cerr << "wrote " << file.string() << "\nnext: autograder/course author weave\n";
}

int run(const Common& common, const DemoOptions& options) {
  const Lesson lesson = find_lesson(common.root, options.lesson);
  Programs programs(common, lesson);
  const auto experiments = select(list(programs, lesson), options.claims);
  if (options.list) {
    print_list(experiments, options.json);
    return all_passed;
  }
  if (!options.record) ::setenv("COURSE_COLUMNS", "80", 1);
  const auto output = run_all(programs, lesson, experiments, options.quick);
  if (!output) return something_failed;
  if (options.record) record(programs, lesson, *output);
  return all_passed;
}

int demo(const Common& common, const DemoOptions& options) {
  if (options.record && (options.quick || !options.claims.empty())) {
    std::cerr
        << "course: --record writes every claim, measured in full; leave out --quick "
           "and the claims\n";
    return usage_error;
  }
  try {
    if (options.lesson.empty()) return print_claims(common.root);
    return run(common, options);
  } catch (const UnknownId& unknown) {
    std::cerr << "course: " << unknown.what() << '\n';
    return usage_error;
  } catch (const BuildFailed& failure) {
    std::cerr << failure.what() << "\ncourse: the demo could not be built\n";
    return environment_error;
  }
}

}  // namespace

void add_demo(const CommandLine& line) {
  static DemoOptions options;
  auto* command = line.app.add_subcommand("demo", "Run a lesson's experiments");
  command->add_option("LESSON", options.lesson,
                      "Its number or name; none: what the course claims");
  command->add_option("CLAIM", options.claims, "Only these claims, such as P3");
  auto* list = command->add_flag("--list", options.list, "Only list the experiments");
  command->add_flag("--json", options.json, "List as JSON")->needs(list);
  command->add_flag("--quick", options.quick, "Prove that it runs; no real numbers");
  command->add_flag("--record", options.record, "Write what the lesson's text quotes");
  command->callback([=] { line.action = [=] { return demo(line.common, options); }; });
}

}  // namespace course::cli
