#include "losing_records.hpp"

#include <sstream>

#include "process/process.hpp"

namespace course::page {
namespace {

using nlohmann::json;

json record_of(const std::string& test, const std::string& token = {}) {
  process::Command command;
  command.words = {LOSING_PROGRAMS, "--gtest_filter=" + test};
  command.environment["INTERLEAVE_RESULTS"] = "1";
  if (!token.empty()) command.environment["INTERLEAVE_REPLAY"] = token;
  command.output_kept = 16 << 20;
  std::istringstream lines(process::run(command).output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("{\"record\":\"explored\"")) return json::parse(line);
  }
  return {};
}

}  // namespace

json replayed(const std::string& test) {
  const json found = record_of(test);
  return found.is_null() ? found : record_of(test, found.at("token"));
}

std::filesystem::path losing_source() { return LOSING_SOURCE; }

}  // namespace course::page
