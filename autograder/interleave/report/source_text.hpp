// What a line of source says: the object that an operation on it works on.
//
//   "std::unique_lock lock(mutex_);"         a lock   -->  "mutex_"
//   "not_empty_.notify_one();"               a notify -->  "not_empty_"
//   "head_->next.store(node, release);"      a store  -->  "head_->next"
//
// It reads text, not C++: an answer is a name for people, and no answer is a good answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace interleave {

// Of an operation in a line: its column, from 0, and which of one call's locks it takes, from 0.
struct PlaceInLine {
  std::size_t column =
      std::string_view::npos;  // not known: the first operation of its kind
  std::size_t lock = 0;
};

// The expression in `line` that an operation of this kind works on; empty if unsure.
[[nodiscard]] std::string object_in(std::string_view line, OperationKind kind,
                                    const PlaceInLine& place = {});

// X in "X[…]", of several the one whose bracket is nearest to the column.
[[nodiscard]] std::string indexed_in(std::string_view line, std::size_t column);

// X in "….member(X, …)": what a container's new element is made of; empty if there is none.
[[nodiscard]] std::string argument_of_call(std::string_view line,
                                           std::string_view member);

// X in "X.member(…)" or "X->member(…)"; empty if the line has no such call.
[[nodiscard]] std::string receiver_of_call(std::string_view line,
                                           std::string_view member);

// Lines of source files, read once. A file that cannot be read has no lines.
class SourceText {
 public:
  // The line without the white space and comment around it; empty if there is none.
  [[nodiscard]] std::string line(const std::string& file, std::uint32_t number);
  // How wide the white space before it is.
  [[nodiscard]] std::size_t indent(const std::string& file, std::uint32_t number);

 private:
  [[nodiscard]] std::string_view whole_line(const std::string& file,
                                            std::uint32_t number);

  std::map<std::string, std::vector<std::string>> files_;
};

}  // namespace interleave
