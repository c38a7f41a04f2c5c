// What the explorer tells of losing_programs.cpp: real records, found and replayed here.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace course::page {

// Of the replay of the schedule in which `test`, such as "Loses.Deadlock", fails; null if none
// was found.
[[nodiscard]] nlohmann::json replayed(const std::string& test);

[[nodiscard]] std::filesystem::path losing_source();

}  // namespace course::page
