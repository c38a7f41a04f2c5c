// lessons/NN-name/demo.txt: what a lesson's experiments printed, and where, so that the
// text can quote it.
//
//   command   autograder/course demo 1 --record
//   machine   AMD EPYC 7B13, 2 cores, g++ 12.2.0
//   date      2026-11-24
//   sources   9ae16a3b2f90404f
//                                            <- an empty line, then the demo's own
//                                            output:
//   P3  Adding workers adds speed            <- a claim begins at the edge, with its id
//
//     workers     jobs/s
//     1           81,000
//
//     Look at how far the last column stays from the first.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace course::author {

struct DemoRecord {
  std::string command;
  std::string machine;
  std::string date;
  std::string sources;  // sources_of() when it was recorded
  // "P3" -> its lines, from its title to the next.
  std::map<std::string, std::string> claims;
};

// 16 hexadecimal digits that change with demo.cpp or the reference header (NAME.hpp) of
// the lesson in `folder`. FNV-1a, 64 bit: against forgetfulness, not against malice.
// Throws Mistake when either cannot be read.
[[nodiscard]] std::string sources_of(const std::filesystem::path& folder);

// The text of demo.txt for `output`, which the demo printed. Fills in `sources` itself;
// record.claims is not read.
[[nodiscard]] std::string record_text(const std::filesystem::path& folder,
                                      const DemoRecord& record, std::string_view output);

// Reads demo.txt in `folder`. Throws Mistake, naming the command that writes it, when it
// is missing, misshapen, or older than the sources.
[[nodiscard]] DemoRecord read_demo_record(const std::filesystem::path& folder);

}  // namespace course::author
