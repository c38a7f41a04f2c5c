// What a compiler printed, cut to what its reader can act on: the first error, at a line of
// the student's own file, without the template flood. Reads GCC's and Clang's words.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace course::reading {

struct Diagnostic {
  std::string file;     // its whole name
  int line = 0;         // 0: none, as for the linker
  std::string message;  // one line
  std::string excerpt;  // the source line and the caret under it; may be empty
};

// What a compiler may have too little of.
enum class Shortage { none, memory, time, file_size, output };

// What stopped a build.
struct BuildError {
  // The machine's fault (a full disk, no memory, no compiler), told in `message`.
  bool environment = false;
  Diagnostic first;
  Shortage shortage = Shortage::none;  // then `first` says it as of the machine
  bool certain = false;                // nothing that is built anew could change it
};

// The first error of a failed build. An error inside a library header is placed at the line
// of `student_file` that led there, where the compiler says which. The compiler ran in `folder`.
[[nodiscard]] BuildError first_error(const std::string& output,
                                     const std::filesystem::path& student_file,
                                     const std::filesystem::path& folder);

// What the compiler had too little of, as it, or the shell that started it, says.
[[nodiscard]] Shortage shortage_in(const std::string& output);

// The machine's fault at a shortage, and what lifts it.
[[nodiscard]] std::string words_for(Shortage shortage);

// The warnings at lines of `student_file`, each once. The compiler ran in `folder`.
[[nodiscard]] std::vector<Diagnostic> warnings_in(
    const std::string& output, const std::filesystem::path& student_file,
    const std::filesystem::path& folder);

}  // namespace course::reading
