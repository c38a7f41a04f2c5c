// Where records go: the harness that installed itself, else a file descriptor, else
// nowhere.
#pragma once

#include <string>
#include <string_view>

namespace interleave {

// Hands one JSON object (no newline) to the reporter, or to the descriptor in
// INTERLEAVE_RESULTS.
void publish(std::string_view json);

// Whether a harness, and not a person, runs the program.
[[nodiscard]] bool reporter_installed();

// `text` as a JSON string, quotes included.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace interleave
