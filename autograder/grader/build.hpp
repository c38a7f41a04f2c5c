// Builds graded programs in the trees of one compiler.
//
//      .build/PRESET/graded/EXERCISE-VARIANT                the default compiler's
//      .build/COMPILER/PRESET/graded/EXERCISE-VARIANT       another's
//
// Threads     Any thread may build; two builds of one tree wait for each other, also when
//             they are in two processes.
// Progress    Blocks until the compiler is done.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "catalogue/stage.hpp"
#include "catalogue/unwritten.hpp"
#include "reading/compiler_output.hpp"

namespace course::grader {

// Where one compiler's trees are.
class Trees {
 public:
  // `compiler` is empty for the default one, else a name such as clang++.
  Trees(std::filesystem::path root, std::string compiler);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] const std::string& compiler() const { return compiler_; }
  [[nodiscard]] std::filesystem::path tree(std::string_view preset) const;

  // The compiler's program: the one that was named, else the one the student tree was
  // configured with, else c++.
  [[nodiscard]] std::string compiler_program() const;

 private:
  std::filesystem::path root_;
  std::string compiler_;
};

// What is graded: one variant of one exercise.
struct Subject {
  const Exercise* exercise;
  std::string variant;            // "student", "solution" or a mutant's name
  UnwrittenSteps unwritten = {};  // as its file stood when its grading began

  [[nodiscard]] std::string target() const { return exercise->name + "-" + variant; }

  // The file to open: a mutant is edited in its solution's place, which is the student's.
  [[nodiscard]] const std::filesystem::path& edited_file() const {
    return variant == "solution" ? exercise->solution : exercise->file;
  }

  // The file that is judged, as the compiler sees it in `tree`.
  [[nodiscard]] std::filesystem::path file(const std::filesystem::path& tree) const;
};

// The same with its unwritten steps, as its file in `tree` stands now.
[[nodiscard]] Subject with_unwritten_steps(const Subject& subject,
                                           const std::filesystem::path& tree);

struct BuildResult {
  bool built = false;
  reading::BuildError error;  // when it was not
  std::string output;         // the compiler's, whole
  double seconds = 0;
};

// Builds `targets` in the tree of `preset`, which is configured first where it is missing, and
// made anew where what it holds was cut short or is something else. Where the compiler reaches a
// limit, the course's own solution, built under the same one, tells whose fault it is.
// `student_file` is where errors are looked for first. What CMake and the compiler print is
// handed to `on_output` as it arrives, by the calling thread.
[[nodiscard]] BuildResult build(
    const Trees& trees, std::string_view preset, const std::vector<std::string>& targets,
    const std::filesystem::path& student_file, unsigned jobs, std::stop_token stop = {},
    const std::function<void(std::string_view)>& on_output = {});

// Whether the file is a program from its first byte to its last: one that was cut short, or has
// become something else, is not.
[[nodiscard]] bool is_whole_program(const std::filesystem::path& file);

// Takes away what is no whole program, so that the next build makes it again.
void remove_unless_whole(const std::filesystem::path& program);

// The program that `stage` runs for `subject`.
[[nodiscard]] std::filesystem::path program_of(const Trees& trees, Stage stage,
                                               const Subject& subject);

}  // namespace course::grader
