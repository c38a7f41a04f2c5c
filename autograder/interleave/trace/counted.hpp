// A number with what it counts: "1 schedule", "12 schedules".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace interleave {

[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view thing) {
  std::string words = std::to_string(count) + " ";
  words += thing;
  if (count != 1) words += 's';
  return words;
}

}  // namespace interleave
