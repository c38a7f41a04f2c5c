// An exercise in a temporary course, whose solution has one step.
#pragma once

#include <string_view>

#include "author/tests/course_folder.hpp"
#include "catalogue/manifest.hpp"

namespace course::student {

class ExerciseFolder {
 public:
  static constexpr std::string_view solution_text =
      "#pragma once\n\n#include <mutex>\n\nint f() {\n  //> step 1(): return 1\n  return "
      "1;\n"
      "  //<\n}\n";
  static constexpr std::string_view starter_text =
      "#pragma once\n\n#include <mutex>\n\n#include \"course/todo.hpp\"\n\nint f() {\n"
      "  // TODO 1: return 1\n  course::todo(1);\n}\n";

  ExerciseFolder() {
    exercise.id = "1.1";
    exercise.name = "queue";
    exercise.hints = {"a nudge", "more", "nearly the answer"};
    exercise.solution = course.add("solutions/01-a/queue.hpp", solution_text);
    exercise.file = course.add("exercises/01-a/queue/queue.hpp", "mine\n");
  }

  author::CourseFolder course;
  Exercise exercise;
};

}  // namespace course::student
