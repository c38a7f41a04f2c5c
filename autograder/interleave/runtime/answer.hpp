// What the explorer wants to know about one schedule, wherever it was run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interleave/trace/failure.hpp"

namespace interleave {

struct Answer {
  FailureKind kind = FailureKind::kNone;
  std::string message;
  std::string place;    // tells failures of a kind apart when a schedule is minimised
  std::string outcome;  // what the body returned, for outcomes
  std::vector<std::uint32_t> choices;
  std::uint32_t steps = 0;
  bool pruned = false;
  std::uint64_t fingerprint = 0;  // of the sequence of operations
  std::uint64_t execution = 0;    // MemoryModel::execution_hash
};

struct RunResult;

[[nodiscard]] Answer answer_of(RunResult&& run);

}  // namespace interleave
