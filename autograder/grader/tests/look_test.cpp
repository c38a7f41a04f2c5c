#include "grader/look.hpp"

#include <gtest/gtest.h>

namespace course::grader {
namespace {

class LookAt : public testing::Test {
 protected:
  LookAt() {
    exercise_.name = "slot";
    exercise_.lesson = "00-red-team";
    exercise_.manifest = root_ / "autograder/red_team/00-red-team/slot/exercise.toml";
    exercise_.file = root_ / "autograder/red_team/00-red-team/slot/slot.hpp";
  }

  // What is found in a file that is `text`, as written and preprocessed.
  std::vector<std::string> found(const std::string& text,
                                 const std::string& symbols = "") {
    Look look;
    look.file = text;
    look.preprocessed = "# 1 \"" + exercise_.file.string() + "\" 1\n" + text;
    look.symbols = symbols;
    std::vector<std::string> all;
    for (const Finding& finding :
         look_at(look, {&exercise_, "student"}, Trees(root_, ""), "student")) {
      all.push_back(std::to_string(finding.line) + " " + finding.what);
    }
    return all;
  }

  const std::filesystem::path root_ = COURSE_SOURCE_FOLDER;
  Exercise exercise_;
};

using Lines = std::vector<std::string>;

// Words that an honest file may well have, also as its own names.
TEST_F(LookAt, FindsNothingInHonestCode) {
  EXPECT_EQ(
      found("#pragma once\n"
            "#define SLOT_HPP_INCLUDED\n"
            "namespace shop { struct testing { int section, alias, weak; }; }\n"
            "[[nodiscard, gnu::noinline]] inline int line(int constructor) {\n"
            "  course::todo(1, constructor);\n"
            "  const char* text = \"asm(no_sanitize) testing::x\";\n"
            "  auto now = std::chrono::steady_clock::now();\n"
            "  return a[b[0]];\n"
            "}\n",
            "_ZN4SlotC2Ev W 0 10\n_ZNSt6vectorIiE4sizeEv W 0 10\nmain U\n"
            "clock_gettime U\nDW.ref.__gxx_personality_v0 V 0 8\n__tsan_write4 U\n"),
      Lines{});
}

TEST_F(LookAt, NamesEachLine) {
  EXPECT_EQ(
      found("int a;\nasm(\"nop\");\n\nusing namespace testing;\n"),
      (Lines{"2 uses inline assembly, into which no stage can look: write it in C++",
             "4 opens namespace `testing`, which is the grader's: take it out"}));
}

TEST_F(LookAt, FindsWhatTheObjectDefines) {
  EXPECT_EQ(found("\nint clock_gettime();\n", "clock_gettime W 0 10\n"),
            Lines{"2 defines `clock_gettime`, a name of the clock's: take it out"});
  EXPECT_EQ(
      found("", "_ZN10interleave5checkEb T 0 10\n"),
      Lines{"1 defines `interleave::check(bool)`, a name of the grader's: take it out"});
}

TEST_F(LookAt, FindsADirectiveThatMovesItsLines) {
  const std::string said =
      " gives its lines another file's name, or hides a directive in a comment: take "
      "this "
      "line out";
  for (const std::string text :
       {"#line 3", "  # 3 \"x\" 1 3", "%:line 3", "#li\\\nne 3", "/* */ # line 3",
        "# /* a */ line 3", "\xEF\xBB\xBF#line 3", "R\"(\n# 1 \"x\" 3\n)\""}) {
    const Lines lines = found(text + "\n");
    ASSERT_EQ(lines.size(), 1U) << text;
    EXPECT_TRUE(lines[0].ends_with(said)) << lines[0];
  }
  EXPECT_EQ(found("#include_next <a>\n# define A 1\n#\n// # lines\n"), Lines{});
}

TEST_F(LookAt, LeavesOutWhatTheExerciseAllows) {
  exercise_.allowed = {{"asm", "a fence is taught"}, {"section", "so is a layout"}};
  EXPECT_EQ(
      found("asm(\"\");\n__attribute__((section(\"x\"), weak)) int a;\n"),
      Lines{"2 the attribute `weak` changes what is linked, or what runs before the "
            "tests: take it out"});
}

TEST_F(LookAt, SaysWhatToDoWhereNothingWasKept) {
  const auto findings =
      look_at({&exercise_, "never_built"}, Trees(root_, "no-such-compiler"), "student");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::environment);
  EXPECT_NE(findings[0].what.find("run this again"), std::string::npos);
}

}  // namespace
}  // namespace course::grader
