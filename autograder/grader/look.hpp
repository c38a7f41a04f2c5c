// What a submission may not do to the program that grades it, seen before the program runs: in
// its file, in what the preprocessor makes of it, in what it includes, in its object's symbols.
//
//      file --+-- as written --> #line, a question for the stage
//             +-- -E -------> attributes, assembly, names of the grader's, macros, pragmas
//             +-- includes --> the standard library, the system, the lesson, the course
//             +-- nm -------> nothing of the sanitizers', the clock's, the grader's
//
// What has an honest use `failed` and says what to do instead; what has none but to silence
// tests is `tampered`. An exercise may allow a name: [[allowed]] in its exercise.toml.
//
// Threads     Any.
#pragma once

#include <string>
#include <vector>

#include "grader/result.hpp"

namespace course::grader {

// Of `subject` as it was compiled last in the tree of `preset`. Each finding names its line.
[[nodiscard]] std::vector<Finding> look_at(const Subject& subject, const Trees& trees,
                                           std::string_view preset);

// Whether the last compile of `subject` in that tree came to its end.
[[nodiscard]] bool was_compiled(const Subject& subject, const Trees& trees,
                                std::string_view preset);

// The same of texts.
struct Look {
  std::string file;          // as written
  std::string preprocessed;  // see reading/preprocessed.hpp
  std::string symbols;       // of `nm -P`
};
[[nodiscard]] std::vector<Finding> look_at(const Look& look, const Subject& subject,
                                           const Trees& trees, std::string_view preset);

}  // namespace course::grader
