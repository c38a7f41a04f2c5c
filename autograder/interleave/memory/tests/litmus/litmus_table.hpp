// Litmus programs with what is known of them: the published numbers, and more of our own.
#pragma once

#include <string>
#include <vector>

#include "interleave/memory/tests/litmus/program.hpp"

namespace litmus {

struct Litmus {
  Program program;
  std::uint64_t sequential = 0;         // distinct executions
  std::uint64_t rc11 = 0;               // the same
  std::vector<std::string> weak = {};   // outcomes of RC11 alone (the text begins so)
  std::vector<std::string> never = {};  // outcomes of neither
  bool race = false;
};

[[nodiscard]] const std::vector<Litmus>& litmus_table();

}  // namespace litmus
