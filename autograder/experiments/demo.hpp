// A lesson's experiments: which there are, and running them one by one.
//
// A lesson's demo is built twice from one source: in the bench tree, where what is MEASURED
// runs, and in the interleave tree, where what is EXPLORED runs.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/lesson.hpp"
#include "process/process.hpp"

namespace course::experiments {

struct Experiment {
  std::string claim;  // "P3"
  std::string kind;   // "measured" or "explored"
  std::string title;

  // The preset of the tree whose program runs it.
  [[nodiscard]] std::string preset() const;
};

// Reads what a demo prints for --list: a line for each experiment, in the source's order.
// Throws std::runtime_error if it is anything else.
[[nodiscard]] std::vector<Experiment> parse_list(std::string_view output);

// The experiments that show `claims`, in their order; all for none. A claim may have
// several, P5, P5b, …: asked for by P5, or one by its own name. Throws UnknownId,
// with the claims that there are.
[[nodiscard]] std::vector<Experiment> select(const std::vector<Experiment>& experiments,
                                             const std::vector<std::string>& claims);

// Runs the experiments of a claim in the course's folder, so that what it prints of paths is the
// same on every machine. The explorer calls the claim "demo.7.A7b" in its tokens, as it calls a
// test by its name.
[[nodiscard]] process::Command experiment_command(const std::filesystem::path& program,
                                                  const Lesson& lesson,
                                                  const std::string& claim);

// What such a name says.
struct Called {
  std::string lesson;  // "7"
  std::string claim;   // "A7b"
};

// Nothing for the name of a test.
[[nodiscard]] std::optional<Called> experiment_called(std::string_view name);

// Runs `command`, which is one of `experiment`, shows progress, and hands on its output as it
// arrives. Blocks.
[[nodiscard]] process::Outcome run_experiment(
    process::Command command, const Experiment& experiment,
    const std::function<void(std::string_view)>& on_output);

// What the explorer records of the schedule that `token` names, run by such a command after the
// explorations that come before it; null where the experiment has none of that number any more.
// Blocks; `stop` ends it.
[[nodiscard]] nlohmann::json replayed_record(process::Command command,
                                             const std::string& token,
                                             const std::stop_token& stop = {});

}  // namespace course::experiments
