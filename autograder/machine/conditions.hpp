// What about this machine disturbs measurements of speed. Shown to a person who asks why a
// verdict was inconclusive; never used to decide one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace course::machine {

struct Condition {
  std::string name;    // "power"
  std::string value;   // "battery"
  std::string advice;  // what to do about it; empty where all is well
};

// Power source, frequency governor, time stolen by other virtual machines, pressure on the
// processors, the quota of the control group; each only where the machine tells it. Does not block.
// `root` stands before every path, for tests.
[[nodiscard]] std::vector<Condition> conditions(const std::filesystem::path& root = "/");

// How late this thread wakes from sleeps of 1 ms, and how much longer the worst one of equal
// pieces of work takes. Blocks for about 0.1 s.
[[nodiscard]] Condition timer_noise();

}  // namespace course::machine
