// What interleave::Cost measured in the default schedule, kept until the exploration has ended.
#pragma once

#include <string>

#include "interleave/runtime/thread.hpp"

namespace interleave {

// Whether the costs of the schedule that comes next are wanted; forgets those of the last if so.
void keep_costs(bool wanted);

// Remembers where `self` does some work, while costs are wanted.
void note_work(Thread& self, Work work, ProgramCounter pc);

// Hands one record for each operation to the harness.
void publish_costs(const std::string& test);

}  // namespace interleave
