// RC11 as it is written down: every execution graph of a program, each judged by the axioms.
//
//   1. guess, for each read, the write it reads from; compute the values
//   2. guess, for each location, the order of its writes
//   3. keep the graph if it is consistent
//
// Nothing here is shared with the memory model under test, nor written for speed. After
// Lahav, Vafeiadis, Kang, Hur and Dreyer, "Repairing Sequential Consistency in C/C++11",
// PLDI 2017, with C++20's release sequences (a thread's own later stores left out).
#pragma once

#include "interleave/memory/tests/litmus/program.hpp"

namespace litmus {

// kStandard: RC11's, and what C++20 asks of the order of seq_cst operations beyond it.
enum class Axioms : std::uint8_t { kSequential, kRc11, kStandard };

[[nodiscard]] Executions judge(const Program& program, Axioms axioms);

}  // namespace litmus
