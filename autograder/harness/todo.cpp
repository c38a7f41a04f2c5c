#include "course/todo.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "course/records.hpp"

namespace course {

void end_at(const Step& step) noexcept {
  report(R"({"record":"todo","step":)" + std::to_string(step.number) + R"(,"file":)" +
         json_string(step.file) + R"(,"line":)" + std::to_string(step.line) + "}");
  if (!graded()) {
    std::fprintf(stderr, "%s:%d: step %d is still to be written\n", step.file, step.line,
                 step.number);
  }
  ::_exit(75);
}

}  // namespace course
