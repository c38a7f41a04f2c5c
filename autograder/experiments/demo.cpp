#include "experiments/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"
#include "experiments/progress.hpp"

namespace course::experiments {
namespace {

constexpr double longest_seconds = 600;
constexpr std::string_view called_first = "demo.";

// Whether `experiment` shows `claim`: P5 is shown by P5, P5a, P5b, …
bool shows(const Experiment& experiment, const std::string& claim) {
  if (!experiment.claim.starts_with(claim)) return false;
  const std::string rest = experiment.claim.substr(claim.size());
  return rest.empty() || (rest.size() == 1 && rest[0] >= 'a' && rest[0] <= 'z');
}

void require_claim(const std::vector<Experiment>& experiments, const std::string& claim) {
  std::string known;
  for (const Experiment& experiment : experiments) {
    if (shows(experiment, claim)) return;
    known += fmt::format("\n  {}  {}", experiment.claim, experiment.title);
  }
  throw UnknownId(
      fmt::format("this lesson shows no claim \"{}\". It shows:{}", claim, known));
}

}  // namespace

std::string Experiment::preset() const {
  return kind == "explored" ? "interleave" : "bench";
}

std::vector<Experiment> parse_list(std::string_view output) {
  std::istringstream lines{std::string(output)};
  std::vector<Experiment> experiments;
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      throw std::runtime_error("a demo listed \"" + line +
                               "\", not claim, kind and title");
    }
    experiments.push_back({line.substr(0, first),
                           line.substr(first + 1, second - first - 1),
                           line.substr(second + 1)});
  }
  return experiments;
}

std::vector<Experiment> select(const std::vector<Experiment>& experiments,
                               const std::vector<std::string>& claims) {
  for (const std::string& claim : claims) require_claim(experiments, claim);
  std::vector<Experiment> selected;
  for (const Experiment& experiment : experiments) {
    const auto wanted = [&](const auto& claim) { return shows(experiment, claim); };
    if (claims.empty() || std::any_of(claims.begin(), claims.end(), wanted)) {
      selected.push_back(experiment);
    }
  }
  return selected;
}

process::Command experiment_command(const std::filesystem::path& program,
                                    const Lesson& lesson, const std::string& claim) {
  process::Command command;
  command.words = {program.string(), claim};
  command.folder = lesson.folder.parent_path().parent_path();
  command.environment = {{"INTERLEAVE_TEST", fmt::format("{}{}.{}", called_first,
                                                         lesson.short_number(), claim)}};
  return command;
}

std::optional<Called> experiment_called(std::string_view name) {
  if (!name.starts_with(called_first)) return std::nullopt;
  name.remove_prefix(called_first.size());
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return Called{std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

process::Outcome run_experiment(process::Command command, const Experiment& experiment,
                                const std::function<void(std::string_view)>& on_output) {
  Progress progress(fmt::format("{}  {}", experiment.claim, experiment.title));
  command.seconds = longest_seconds;
  command.on_output = on_output;
  return process::run(command);
}

nlohmann::json replayed_record(process::Command command, const std::string& token,
                               const std::stop_token& stop) {
  command.environment.insert({{"INTERLEAVE_REPLAY", token}, {"INTERLEAVE_RESULTS", "1"}});
  command.seconds = longest_seconds;
  command.output_kept = 16 << 20;
  const process::Outcome outcome = process::run(command, stop);
  for (const std::string& line : lines_of(outcome.output)) {
    if (!line.starts_with("{\"record\":\"explored\"")) continue;
    nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
    if (record.is_object() && record.contains("same_steps")) return record;
  }
  return nullptr;
}

}  // namespace course::experiments
