// A failing schedule as text: everything that another process needs to run it again.
//
//   JobQueue.NothingIsLost@1@weak@pct3@12.1-15.2@5eed0a41
//   |                      | |    |    |         a fingerprint of the steps that it took
//   |                      | |    |    deviations: at decision 12 alternative 1, at 15, 2
//   |                      | |    the strategy that found it, for people
//   |                      | memory; "weak-calm" without spurious events
//   test                   which exploration of that test
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interleave/interleave.hpp"

namespace interleave {

// A decision at which another alternative than the default was taken.
struct Deviation {
  std::uint32_t decision = 0;     // its number in the schedule, from 0
  std::uint32_t alternative = 0;  // its index

  friend bool operator==(const Deviation&, const Deviation&) = default;
};
using Deviations = std::vector<Deviation>;  // in the order of the decisions

[[nodiscard]] Deviations deviations_of(const std::vector<std::uint32_t>& choices);

struct Token {
  std::string test;
  std::uint32_t exploration = 1;
  Memory memory = Memory::kWeak;
  bool spurious = true;
  std::string strategy;
  Deviations deviations;
  std::uint32_t steps = 0;  // RunResult::fingerprint, folded
};

// 64 bits as 32.
[[nodiscard]] constexpr std::uint32_t folded(std::uint64_t fingerprint) {
  return static_cast<std::uint32_t>(fingerprint ^ fingerprint >> 32U);
}

// Its word in tokens and settings, and back; nothing for a word that is none.
[[nodiscard]] std::string_view name_of(Memory memory);
[[nodiscard]] std::optional<Memory> memory_called(std::string_view name);

[[nodiscard]] std::string to_text(const Token& token);
// Nothing if the text is not a token.
[[nodiscard]] std::optional<Token> parse_token(std::string_view text);

}  // namespace interleave
