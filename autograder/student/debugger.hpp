// gdb, stopped in the student's own line at one step of a replay.
//
//      look:  gdb -batch  run to the step, list its callers  -->  which frame is the line?
//      stop:  gdb         run to the step, select that frame -->  the student's
//
// A replay does the same each time, so what the first gdb saw holds for the second. Address
// randomisation is off in both.
//
// Threads     None: one caller.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "process/process.hpp"

namespace course::student {

// gdb's words up to the step at which `program` stops, as grader::process_of made it with
// `stop_at`.
[[nodiscard]] std::vector<std::string> words_to_look(const process::Command& program);
[[nodiscard]] std::vector<std::string> words_to_stop(
    const process::Command& program, std::size_t frame,
    const std::vector<std::string>& more);

// The number of the innermost frame at that line, in what the first gdb printed.
[[nodiscard]] std::optional<std::size_t> frame_at(const std::string& callers,
                                                  const std::string& file, int line);

// Becomes gdb, with the program's variables. Returns only if that fails: the error's number.
int become(const std::vector<std::string>& words, const process::Command& program);

}  // namespace course::student
