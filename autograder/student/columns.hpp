// The picture of a replayed schedule for a terminal of any width.
//
//      leader                worker 1             Columns where they fit; else each row begins
//   1  lock left_                                 with its thread's name. What is longer than a
//   2                        lock right_          line folds, and keeps its column.
//
// Threads that do nothing in the schedule have no column, and are named in one line.
//
// Threads     Any, after construction.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace course::student {

class Columns {
 public:
  // `record` is the explorer's, of a replay that failed; `width` at least 40.
  Columns(const nlohmann::json& record, std::size_t width);

  // The threads' names, if they have columns; and who does nothing. Lines, each ended.
  [[nodiscard]] std::string header() const;

  // The row of that number, from 1, and below it the source that stands there.
  [[nodiscard]] std::string row(std::size_t number) const;

  // Each line of `text`, what stands above and below the rows, in the same width.
  [[nodiscard]] std::string lines(std::string_view text) const;

 private:
  [[nodiscard]] std::string name_of(std::size_t thread) const;
  [[nodiscard]] std::size_t indent_of(std::size_t thread) const;
  [[nodiscard]] std::string idle() const;
  [[nodiscard]] std::string folded(const std::string& text, std::size_t indent) const;

  const nlohmann::json& record_;
  const std::size_t width_;
  std::map<std::size_t, std::size_t> column_;  // of each thread that does something
  std::size_t longest_name_ = 0;
  std::size_t apart_ = 0;
  bool in_columns_ = false;
};

// Without what says nothing on its own, such as a brace.
[[nodiscard]] bool says_something(std::string_view source);

}  // namespace course::student
