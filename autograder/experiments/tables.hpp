// A chart as a table for the terminal, and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "page/chart.hpp"

namespace course::experiments {

// A line for each series, a column for each x, the name of the unit above.
[[nodiscard]] std::string table(const page::Chart& chart);

[[nodiscard]] nlohmann::json to_json(const page::Chart& chart);

}  // namespace course::experiments
