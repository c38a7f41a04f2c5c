#include "experiments/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "catalogue/manifest.hpp"
#include "experiments/progress.hpp"

namespace course::experiments {
namespace {

constexpr double longest_seconds = 600;

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

process::Outcome run_experiment(const std::filesystem::path& program,
                                const std::filesystem::path& folder,
                                const Experiment& experiment, bool quick,
                                const std::function<void(std::string_view)>& on_output) {
  Progress progress(fmt::format("{}  {}", experiment.claim, experiment.title));
  process::Command command;
  command.words = {program.string(), experiment.claim};
  command.folder = folder;
  if (quick) command.words.push_back("--quick");
  command.seconds = longest_seconds;
  command.on_output = on_output;
  return process::run(command);
}

}  // namespace course::experiments
