// What a sanitizer printed, put in words: which thread, which member, which line of the
// student's file, and what would have ordered them. Reads ThreadSanitizer's,
// AddressSanitizer's, LeakSanitizer's and UndefinedBehaviorSanitizer's reports, GCC's and
// Clang's.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace course::reading {

struct SanitizerReport {
  std::string concept_name;  // "data race", "lock order", "lifetime", "leak", "misuse"
  bool general = false;      // the report alone cannot say which edge is missing: an
                             // exercise may know the concept better
  std::string what;          // one line
  std::string detail;        // the accesses, each with its thread, its line and its code
  std::string file;
  int line = 0;
};

// The first report in `output`, cut to the lines of `student_file`; none if there is none.
// The file is read for the code at those lines.
[[nodiscard]] std::optional<SanitizerReport> read_sanitizer_report(
    const std::string& output, const std::filesystem::path& student_file);

// Why a sanitizer could not even start, and the one command that fixes it; empty if
// `output` does not say so.
[[nodiscard]] std::string start_up_death(const std::string& output);

}  // namespace course::reading
