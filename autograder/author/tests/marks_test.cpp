#include "author/marks.hpp"

#include <gtest/gtest.h>

#include "catalogue/files.hpp"

namespace course::author {
namespace {

std::string mistake_in(std::string_view text) {
  try {
    (void)read_marks("ring.hpp", text);
  } catch (const Mistake& error) {
    return error.what();
  }
  return "";
}

TEST(Marks, StepKeepsItsArgumentsAndItsTitle) {
  const auto source =
      read_marks("ring.hpp", "//> step 1(f(a, b), c): append (and wake)\n//<\n");
  ASSERT_EQ(source.marks.size(), 1U);
  EXPECT_EQ(source.marks[0].arguments, "f(a, b), c");
  EXPECT_EQ(source.marks[0].words, "append (and wake)");
}

TEST(Marks, RegionMayHoldSteps) {
  const auto source =
      read_marks("ring.hpp", "//> region push\n//> step 1(): x\na;\n//<\n//<\n");
  ASSERT_EQ(source.marks.size(), 2U);
  EXPECT_EQ(source.marks[0].last, 4U);
  EXPECT_EQ(source.marks[1].last, 3U);
}

TEST(Marks, AnOrdinaryCommentIsNoMark) {
  EXPECT_TRUE(read_marks("ring.hpp", "int a;  //< after code\n// > b\n").marks.empty());
}

TEST(Marks, MisspeltMarkNamesTheForms) {
  EXPECT_EQ(mistake_in("\n//> stpe 1(): x\n//<\n"),
            "ring.hpp:2: a mark is `//> step N(arguments): title`, `//> hide` or "
            "`//> region name`");
}

TEST(Marks, StepWithoutATitleIsAMistake) {
  EXPECT_NE(mistake_in("//> step 1():\n//<\n"), "");
  EXPECT_NE(mistake_in("//> step 1: x\n//<\n"), "");
  EXPECT_NE(mistake_in("//> step 1((): x\n//<\n"), "");
}

TEST(Marks, OpenMarkIsAMistakeAtItsOwnLine) {
  EXPECT_EQ(mistake_in("a;\n//> hide\nb;\n"),
            "ring.hpp:2: this is never closed; add `//<` where it ends");
}

TEST(Marks, CloseWithoutOpenIsAMistake) {
  EXPECT_EQ(mistake_in("a;\n//<\n"),
            "ring.hpp:2: nothing is open here; remove this `//<`");
}

TEST(Marks, StepsAreNumberedAsTheyFirstAppear) {
  EXPECT_NE(mistake_in("//> step 2(): x\n//<\n").find("step 2 comes after step 0"),
            std::string::npos);
  EXPECT_EQ(mistake_in("//> step 1(): x\n//<\n//> step 1(): y\n//<\n//> step 2(): "
                       "z\n//<\n//> step 1(): a\n//<\n"),
            "");
}

TEST(Marks, NothingOpensInAStepButARegion) {
  EXPECT_NE(
      mistake_in("//> step 1(): x\n//> hide\n//<\n//<\n").find("line 1 is still open"),
      std::string::npos);
  EXPECT_EQ(mistake_in("//> step 1(): x\n//> region r\n//<\n//<\n"), "");
}

TEST(Marks, TextWithoutMarksKeepsEverythingElse) {
  EXPECT_EQ(without_marks("a\n  //> hide\n  b\n  //<\nc\n"), "a\n  b\nc\n");
}

TEST(Marks, RegionLosesTheIndentationItShares) {
  const auto source = read_marks(
      "ring.hpp", "{\n  //> region push\n  if (a) {\n\n    b;\n  }\n  //<\n}\n");
  EXPECT_EQ(region_of(source, "push"), "if (a) {\n\n  b;\n}\n");
}

TEST(Marks, UnknownRegionNamesTheOnesThereAre) {
  const auto source = read_marks("ring.hpp", "//> region push\n//<\n");
  try {
    (void)region_of(source, "pop");
    FAIL();
  } catch (const Mistake& error) {
    EXPECT_STREQ(error.what(), "ring.hpp: has no region `pop`; it has push");
  }
}

}  // namespace
}  // namespace course::author
