// What a graded program tells the grader: one JSON object a line, on a descriptor of its own.
//
//      graded program --[ SECRET {"record":"test",…} ]--> pipe --> grader
//
// Standard output is the student's; nothing printed there counts. The grader hands over
// descriptor and secret in COURSE_RECORDS, "3 SECRET t"; they are taken, and what stood in the
// environment is overwritten, before any code of the student's runs. A line without the secret
// is forged.
//
// Threads     Any thread may call `report`; a record is written by one write(2).
// Errors      With no grader listening `report` does nothing; a broken pipe is ignored.
// Left out    The secret stays in this process's memory, as `report` needs it: code that reads
//             all of its own memory can find it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace course {

// Writes one record. `json` is an object without a line break. Blocks while the pipe is full.
void report(std::string_view json) noexcept;

// Whether a grader is listening.
[[nodiscard]] bool graded() noexcept;

// Whether the grader wants to see this run fail, whatever its test does: see controls.hpp.
[[nodiscard]] bool is_control() noexcept;

// `text` as a JSON string, quotes included.
[[nodiscard]] std::string json_string(std::string_view text);

// The seed of this run: given by the grader, else drawn once. Printed with each failure.
[[nodiscard]] std::uint64_t seed() noexcept;

}  // namespace course
