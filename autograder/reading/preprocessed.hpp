// What the preprocessor made of one file of a program.
//
//      # 12 "job_queue.hpp"            a marker: where the next line stands
//      # 1 "/usr/include/time.h" 1 3   … of a file that is entered (1), one of the system's (3)
//      #define now later               with -dD, every definition where it was made
//
// autograder/cmake/compile_and_look keeps it, without the lines of the system's headers.
// A marker that was written into the file itself would deceive the reader: see
// grader/look.cpp, which refuses such a file first.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace course::reading {

// A word, a number, a text between quotes, or a sign; "::" is one sign.
struct Token {
  std::string text;
  int line;
};

struct Include {
  std::filesystem::path file;  // that was entered
  std::filesystem::path from;  // that names it
  int line;                    // where
  bool system;                 // found among the system's headers
};

// All lines are the file's own, from 1.
struct Preprocessed {
  std::vector<Token> tokens;   // also of its macros' bodies
  std::vector<Token> macros;   // the names that it defines, or takes a definition from
  std::vector<Token> pragmas;  // what follows the word
  std::vector<Include>
      includes;  // of all files of the program that are no system headers
};

// Gives a file that the compiler named its whole path.
using Resolve = std::function<std::filesystem::path(const std::string&)>;

[[nodiscard]] Preprocessed read_preprocessed(std::string_view output,
                                             const std::filesystem::path& file,
                                             const Resolve& resolve);

// The tokens of `text`, which begins on `line`. Comments must be gone.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text, int line = 1);

}  // namespace course::reading
