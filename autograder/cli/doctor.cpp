#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "grader/build.hpp"
#include "grader/sanitizers.hpp"
#include "machine/conditions.hpp"
#include "machine/usable_cores.hpp"
#include "process/process.hpp"

namespace course::cli {
namespace {

using namespace course::grader;
namespace fs = std::filesystem;

struct DoctorOptions {
  bool json = false;
};

enum class Health { good, poor, broken };

// One thing that was looked at.
struct Examined {
  std::string name;
  Health health;
  std::string found;
  std::string advice;  // what fixes it; empty where all is well
};

// "g++ (Debian 12.2.0-14) 12.2.0" -> {12, 2}.
std::pair<int, int> version_in(const std::string& text) {
  static const std::regex form(R"((\d+)\.(\d+))");
  std::smatch match;
  if (!std::regex_search(text, match, form)) return {0, 0};
  return {std::stoi(match[1]), std::stoi(match[2])};
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Examined examine_tool(const std::string& name, const std::string& program,
                      std::pair<int, int> least, Health if_missing,
                      const std::string& package) {
  process::Command version;
  version.words = {program, "--version"};
  version.seconds = 10;
  const process::Outcome outcome = run(version);
  const std::string fix = "sudo apt-get install " + package;
  if (!outcome.exited_with(0)) return {name, if_missing, program + " is missing", fix};
  const std::string found = first_line(outcome.output);
  if (version_in(found) < least) {
    return {name, Health::broken,
            fmt::format("{}, but {}.{} is needed", found, least.first, least.second),
            fix};
  }
  return {name, Health::good, found, ""};
}

// The oldest and the newest version of `program`, g++ or clang++, that the course supports.
std::pair<int, int> supported(const fs::path& root, const std::string& program) {
  std::ifstream in(root / "autograder/compilers");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string family, name;
    std::pair<int, int> versions;
    if (words >> family >> name >> versions.first >> versions.second && name == program)
      return versions;
  }
  throw std::runtime_error("autograder/compilers does not name " + program);
}

Examined examine_compiler(const Trees& trees) {
  const std::string compiler = trees.compiler_program();
  const bool clang = compiler.find("clang") != compiler.npos;
  const auto [oldest, newest] = supported(trees.root(), clang ? "clang++" : "g++");
  Examined examined = examine_tool("compiler", compiler, {oldest, 0}, Health::broken,
                                   clang ? "clang" : "g++");
  if (examined.health == Health::good && version_in(examined.found).first > newest) {
    examined.health = Health::poor;
    examined.advice = fmt::format("the course was tested with versions up to {}", newest);
  }
  return examined;
}

Examined examine_sanitizer(const std::string& name, Stage stage, Sanitizers& sanitizers) {
  const SanitizerHealth& health = sanitizers.health(stage);
  if (!health.works) return {name, Health::broken, "does not work", health.trouble};
  if (health.fixed_addresses) {
    return {name, Health::good,
            "works with address randomisation off, as the grader runs it", ""};
  }
  return {name, Health::good, "finds what it must and nothing else", ""};
}

std::vector<Examined> examine_cores() {
  const unsigned usable = machine::usable_cores();
  const std::size_t measured = machine::gate_cores().size();
  std::vector<Examined> all{
      {"cores", Health::good,
       fmt::format("{} may be used, speed is measured on {}", usable, measured), ""}};
  if (measured < 2) {
    all[0].health = Health::poor;
    all[0].advice = "scaling cannot be measured on one core: its gates are skipped";
  }
  return all;
}

void examine_conditions(std::vector<Examined>& all) {
  std::vector<machine::Condition> conditions = machine::conditions();
  conditions.push_back(machine::timer_noise());
  for (const auto& condition : conditions) {
    all.push_back({condition.name, condition.advice.empty() ? Health::good : Health::poor,
                   condition.value, condition.advice});
  }
}

std::vector<Examined> examine(const Common& common) {
  const Trees trees(common.root, common.compiler);
  Sanitizers sanitizers(trees);
  std::vector<Examined> all{
      examine_compiler(trees),
      examine_tool("cmake", "cmake", {3, 25}, Health::broken, "cmake"),
      examine_tool("ninja", "ninja", {1, 8}, Health::broken, "ninja-build"),
      examine_tool("debugger", "gdb", {0, 0}, Health::poor, "gdb"),
      examine_sanitizer("ThreadSanitizer", Stage::tsan, sanitizers),
      examine_sanitizer("AddressSanitizer", Stage::asan, sanitizers)};
  for (auto& examined : examine_cores()) all.push_back(std::move(examined));
  examine_conditions(all);
  return all;
}

const char* name_of(Health health) {
  switch (health) {
    case Health::good:
      return "good";
    case Health::poor:
      return "poor";
    case Health::broken:
      return "broken";
  }
  return "broken";
}

void print(const std::vector<Examined>& all, bool colour) {
  for (const Examined& examined : all) {
    const std::string health = fmt::format("{:<7}", name_of(examined.health));
    const char* paint = examined.health == Health::good   ? "\033[32m"
                        : examined.health == Health::poor ? "\033[33m"
                                                          : "\033[31m";
    fmt::print("  {:<17} {} {}\n", examined.name,
               colour ? paint + health + "\033[0m" : health, examined.found);
    if (!examined.advice.empty())
      fmt::print("  {:<17}         {}\n", "", examined.advice);
  }
}

void print_json(const std::vector<Examined>& all) {
  nlohmann::json out = nlohmann::json::array();
  for (const Examined& examined : all) {
    out.push_back({{"name", examined.name},
                   {"health", name_of(examined.health)},
                   {"found", examined.found},
                   {"advice", examined.advice}});
  }
  fmt::print("{}\n", out.dump(2));
}

int doctor(const Common& common, const DoctorOptions& options) {
  const std::vector<Examined> all = examine(common);
  if (options.json) {
    print_json(all);
  } else {
    print(all, coloured(common.colour));
  }
  bool broken = false;
  for (const Examined& examined : all)
    broken = broken || examined.health == Health::broken;
  if (!options.json) {
    fmt::print("\nnext: {}\n",
               broken ? "fix what is broken above, then autograder/course doctor"
                      : "autograder/course");
  }
  return broken ? environment_error : all_passed;
}

}  // namespace

void add_doctor(const CommandLine& line) {
  static DoctorOptions options;
  auto* command = line.app.add_subcommand("doctor", "Check this machine");
  command->add_flag("--json", options.json, "Print JSON");
  command->callback([=] { line.action = [=] { return doctor(line.common, options); }; });
}

}  // namespace course::cli
