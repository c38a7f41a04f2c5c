// Where a debugger stops: `break interleave_at_step`.
//
// Called in a replay, by the thread whose step INTERLEAVE_STOP_AT names, right after that
// step (or in it, if the thread cannot continue). Of its callers the first that is the
// program's own stands at the line of that step.
#pragma once

extern "C" void interleave_at_step();
