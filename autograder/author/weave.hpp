// Weaving: what a text quotes is written into it from the files that the tests build, the
// experiments write and the grader reads.
//
//   <!-- weave code FILE -->          a whole file, without its marks
//   <!-- weave code FILE#REGION -->   a region of it (see marks.hpp)
//   <!-- weave output CLAIM -->       that claim's lines in the lesson's demo.txt
//   <!-- weave steps EXERCISE -->     a table of what that exercise promises, with its points
//   <!-- weave claims all -->         a table of what the course claims, and what shows it
//   <!-- weave map COUNT -->          the map of a fresh clone: its first COUNT lessons
//   … replaced …
//   <!-- /weave -->
//
// FILE is looked for beside the text, else from the course's folder. Inside a fenced
// block these lines are text like any other.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace course::author {

// A text as it should be.
struct Woven {
  std::string text;                   // blocks that could not be woven stand as they were
  std::vector<std::string> mistakes;  // FILE:LINE: what is wrong and how to fix it
};

// `file` is where `text` stands or will stand; its folder decides what it may quote.
[[nodiscard]] Woven weave(const std::filesystem::path& root,
                          const std::filesystem::path& file, std::string_view text);

}  // namespace course::author
