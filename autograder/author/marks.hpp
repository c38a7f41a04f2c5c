// The marks in a source file that say what a starter leaves out and what a text may
// quote.
//
//   //> step 1(value): append, and wake a consumer     a TODO in the starter
//   //> hide                                           the starter leaves this out
//   //> region NAME                                    a text may quote this alone
//   //<                                                closes the innermost
//
// A mark stands alone on its line. Regions and steps may hold each other; nothing opens
// inside a hidden part.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace course::author {

enum class MarkKind { step, hide, region };

// One opened part of a file, its marks' own lines included in [first, last].
struct Mark {
  MarkKind kind = MarkKind::hide;
  int step = 0;           // of a step
  std::string arguments;  // of a step, as written between the parentheses
  std::string words;      // a step's title, a region's name
  std::size_t first = 0;  // the index, from 0, of the line that opens it
  std::size_t last = 0;   // the index of its `//<`
};

// A file's lines, and its marks in the order in which they open.
struct MarkedSource {
  std::filesystem::path file;
  std::vector<std::string> lines;
  std::vector<Mark> marks;
};

// Throws Mistake for a mark that is misspelt, left open, closed twice, or a step that
// skips a number. One step may have several parts, also after a later step's.
[[nodiscard]] MarkedSource read_marks(const std::filesystem::path& file,
                                      std::string_view text);

[[nodiscard]] bool is_mark(std::string_view line);

// All lines but the marks.
[[nodiscard]] std::string without_marks(std::string_view text);

// The lines of region `name`, without marks and without the indentation they share.
// Throws Mistake, naming the regions there are, if there is none of that name.
[[nodiscard]] std::string region_of(const MarkedSource& source, std::string_view name);

}  // namespace course::author
