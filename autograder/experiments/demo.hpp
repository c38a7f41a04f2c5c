// A lesson's experiments: which there are, and running them one by one.
//
// A lesson's demo is built twice from one source: in the bench tree, where what is MEASURED
// runs, and in the interleave tree, where what is EXPLORED runs.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

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

// Runs one experiment in `folder`, the course's, so that what it prints of paths is the
// same on every machine, and hands on its output as it arrives. Blocks.
[[nodiscard]] process::Outcome run_experiment(
    const std::filesystem::path& program, const std::filesystem::path& folder,
    const Experiment& experiment, bool quick,
    const std::function<void(std::string_view)>& on_output);

}  // namespace course::experiments
