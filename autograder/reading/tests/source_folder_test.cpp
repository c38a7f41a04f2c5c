#include "reading/source_folder.hpp"

#include <gtest/gtest.h>

namespace course::reading {
namespace {

const std::filesystem::path program =
    "/home/s/a [b] $c/.build/g++/tsan/graded/slot-student";

TEST(SourceFolder, IsAboveTheTrees) {
  EXPECT_EQ(real_folder(program), "/home/s/a [b] $c/");
}

TEST(SourceFolder, IsPutBackWhereverItIsNamed) {
  std::string text =
      "#1 Slot::put /course-sources/exercises/slot.hpp:41\n"
      "#2 main (/usr/lib/course.so) /course-sources/autograder/harness/test_main.cpp:3";
  name_real_folder(text, program);
  EXPECT_EQ(text,
            "#1 Slot::put /home/s/a [b] $c/exercises/slot.hpp:41\n"
            "#2 main (/usr/lib/course.so) "
            "/home/s/a [b] $c/autograder/harness/test_main.cpp:3");
}

}  // namespace
}  // namespace course::reading
