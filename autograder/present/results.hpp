// What a program of a lesson has printed so far, as what a screen draws.
//
//   a demo with --follow        -->  {"columns": […], "rows": [[…], …], "looks": […], "text": "…"}
//   a benchmark's JSON          -->  {"wide": SVG, "narrow": SVG, "unit": "…", "points": […]}
//
// Both may be read while the program is still running: what has not arrived whole is left for
// the next time.
//
// Threads     Any; pure functions of their arguments.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace course::present {

[[nodiscard]] nlohmann::json table_so_far(std::string_view output);

// null while nothing was measured.
[[nodiscard]] nlohmann::json plot_so_far(std::string_view output);

// Columns and rows of a table as a demo prints it for people: what it will measure, before it
// has.
[[nodiscard]] nlohmann::json table_of_record(std::string_view printed);

// The token of the first schedule that an experiment shows; empty if it shows none.
[[nodiscard]] std::string token_in(std::string_view text);

}  // namespace course::present
