// A chart as a table for the terminal, and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "page/chart.hpp"

namespace course::experiments {

// A line for each series, a column for each x, the name of the unit above. If a series is
// called "ours", the last line says how many times as good it is as the best of the others.
[[nodiscard]] std::string table(const page::Chart& chart);

[[nodiscard]] nlohmann::json to_json(const page::Chart& chart);

}  // namespace course::experiments
