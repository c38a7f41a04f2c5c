// Runs a litmus program through the memory model in every order of its instructions, with
// every choice that the model offers: no threads, no hooks.
//
//   script  [ 0 2 0 1 ]   which thread, which store, which thread, which place ...
//           the last number that can grow grows; what follows is decided anew, with 0
#pragma once

#include "interleave/memory/memory_model.hpp"
#include "interleave/memory/tests/litmus/program.hpp"

namespace litmus {

// kMerged gives a run up when it comes to a state (who reads from whom, modification
// orders, how far each thread is) that an earlier run had: much faster, and right only if
// such states are alike whatever came before. kEvery does not rely on that.
enum class Runs : std::uint8_t { kEvery, kMerged };

// `tidy_after` as in MemoryModel.
[[nodiscard]] Executions enumerate(const Program& program, interleave::MemoryMode mode,
                                   Runs runs, std::size_t tidy_after = 8);

}  // namespace litmus
