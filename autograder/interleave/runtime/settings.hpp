// What INTERLEAVE_* variables say about an exploration.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "interleave/interleave.hpp"
#include "interleave/runtime/token.hpp"

namespace interleave {

// `options` with what the environment says instead.
[[nodiscard]] Options with_environment(Options options);

// INTERLEAVE_TEST: what explorations outside a test are called. Whether there is such a name.
[[nodiscard]] bool is_experiment();

// INTERLEAVE_REPLAY: run this schedule, and nothing else. Stops the program if it is not a token.
[[nodiscard]] std::optional<Token> token_to_replay();

// Cores for one exploration: those that this process may use, but at most INTERLEAVE_CORES.
[[nodiscard]] std::size_t usable_cores();

// INTERLEAVE_STEPS: a replay prints each step.
[[nodiscard]] bool prints_steps();

// INTERLEAVE_STOP_AT: the number of the step at which a replay calls interleave_at_step.
[[nodiscard]] std::uint32_t step_to_stop_at();

// How to run a token again, as a command for a person.
[[nodiscard]] std::string replay_command(const std::string& token,
                                         const std::string& test);

}  // namespace interleave
