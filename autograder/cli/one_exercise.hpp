// The commands that are about one exercise: hint, reset, diff, watch.
#pragma once

#include <functional>
#include <string>

#include "catalogue/manifest.hpp"
#include "cli/commands.hpp"

namespace course::cli {

// Calls `act` with the exercise that `id` names. Prints why and returns usage_error when it
// names none, or a whole lesson.
int with_exercise(const Common& common, const std::string& id,
                  const std::function<int(const Exercise&)>& act);

// Adds a command about the exercise that it is given.
void add_for_exercise(const CommandLine& line, const char* name, const char* about,
                      int (*command)(const Common&, const std::string& id));

// A path as the person at the terminal would write it, from the course's folder.
[[nodiscard]] std::string shown(const Common& common, const std::filesystem::path& file);

}  // namespace course::cli
