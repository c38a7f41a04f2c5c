#include "author/weave.hpp"

#include <gtest/gtest.h>

#include "author/demo_record.hpp"
#include "author/tests/course_folder.hpp"

namespace course::author {
namespace {

class WeaveTest : public testing::Test {
 protected:
  void SetUp() override {
    course_.add("lessons/01-a/a.hpp", "{\n  //> region push\n  x;\n  //<\n}\n");
    course_.add("lessons/01-a/demo.cpp", "demo\n");
  }

  void record() {
    const DemoRecord head{
        "autograder/course demo 1 --record", "2 cores", "2026-11-24", "", {}};
    course_.add("lessons/01-a/demo.txt", record_text(course_.root() / "lessons/01-a",
                                                     head, "P3  Title\n\n  1\n\n"));
  }

  Woven woven(const std::string& text,
              const std::string& file = "lessons/01-a/README.md") {
    return weave(course_.root(), course_.root() / file, text);
  }

  std::string mistake(const std::string& text,
                      const std::string& file = "lessons/01-a/README.md") {
    const Woven result = woven(text, file);
    EXPECT_EQ(result.text, text) << "a block that cannot be woven stays as it is";
    return result.mistakes.size() == 1 ? result.mistakes[0] : "not one mistake";
  }

  CourseFolder course_;
};

TEST_F(WeaveTest, WholeFileIsWovenWithoutItsMarks) {
  EXPECT_EQ(
      woven("a\n<!-- weave code a.hpp -->\nold\n<!-- /weave -->\nb\n").text,
      "a\n<!-- weave code a.hpp -->\n```cpp\n{\n  x;\n}\n```\n<!-- /weave -->\nb\n");
}

TEST_F(WeaveTest, RegionIsWovenFromTheCoursesFolderToo) {
  EXPECT_EQ(
      woven("<!-- weave code lessons/01-a/a.hpp#push -->\n<!-- /weave -->\n", "README.md")
          .text,
      "<!-- weave code lessons/01-a/a.hpp#push -->\n```cpp\nx;\n```\n<!-- /weave -->\n");
}

TEST_F(WeaveTest, OutputIsWovenWithItsCommandAndItsMachine) {
  record();
  for (const std::string file : {"lessons/01-a/README.md", "exercises/01-a/README.md"}) {
    EXPECT_EQ(woven("<!-- weave output P3 -->\n<!-- /weave -->\n", file).text,
              "<!-- weave output P3 -->\n```text\nP3  Title\n\n  1\n```\n\n"
              "`autograder/course demo 1 P3` on 2 cores, 2026-11-24.\n<!-- /weave -->\n");
  }
}

TEST_F(WeaveTest, StepsAreWovenFromTheirManifest) {
  const std::string folder = "exercises/01-a/queue/";
  course_.add(folder + "exercise.toml",
              "id = \"1.1\"\ntitle = \"A queue\"\nhints = [\"a\", \"b\", \"c\"]\n"
              "otherwise = \"It is shorter.\"\n"
              "[[step]]\ntitle = \"in order\"\npoints = 80\n"
              "[[gate]]\nname = \"Push\"\nkind = \"ratio\"\npoints = 20\n"
              "concept = \"x\"\nreason = \"y\"\n");
  course_.add(folder + "queue_test.cpp", "STEP_TEST(1, Queue, Order) {}\n");
  EXPECT_EQ(woven("<!-- weave steps queue -->\n<!-- /weave -->\n").text,
            "<!-- weave steps queue -->\n| | promise | points |\n|---|---|---|\n"
            "| step 1 | in order | 80 |\n"
            "| gate | `Push` is about as fast as the solution | 20 |\n<!-- /weave -->\n");
  EXPECT_NE(mistake("<!-- weave steps stack -->\n<!-- /weave -->\n")
                .find("stack/exercise.toml"),
            std::string::npos);
}

TEST_F(WeaveTest, WeavingTwiceChangesNothing) {
  record();
  const std::string once = woven(
                               "<!-- weave code a.hpp -->\n<!-- /weave -->\n\n<!-- weave "
                               "output P3 -->\n<!-- /weave -->\n")
                               .text;
  EXPECT_EQ(woven(once).text, once);
}

TEST_F(WeaveTest, CodeThatHoldsAFenceGetsALongerOne) {
  course_.add("lessons/01-a/b.md", "```\nx\n```\n");
  const std::string text = woven("<!-- weave code b.md -->\n<!-- /weave -->\n").text;
  EXPECT_NE(text.find("````markdown\n```\nx\n```\n````\n"), std::string::npos);
  EXPECT_EQ(woven(text).text, text);
}

TEST_F(WeaveTest, InsideAFenceNothingIsWoven) {
  const std::string text = "```\n<!-- weave code a.hpp -->\n```\n";
  EXPECT_EQ(woven(text).text, text);
  EXPECT_TRUE(woven(text).mistakes.empty());
}

TEST_F(WeaveTest, StaleOutputNamesTheCommandThatMeasuresAgain) {
  record();
  course_.add("lessons/01-a/demo.cpp", "changed\n");
  EXPECT_NE(mistake("\n<!-- weave output P3 -->\nold\n<!-- /weave -->\n")
                .find("run `autograder/course demo 1 --record`"),
            std::string::npos);
}

TEST_F(WeaveTest, MistakesNameTheLineAndTheRemedy) {
  record();
  EXPECT_EQ(mistake("\n<!-- weave code b.hpp -->\n<!-- /weave -->\n"),
            "lessons/01-a/README.md:2: there is no b.hpp, neither beside this text "
            "nor from the course's folder");
  EXPECT_EQ(
      mistake("<!-- weave code a.hpp#pop -->\n<!-- /weave -->\n"),
      "lessons/01-a/README.md:1: lessons/01-a/a.hpp: has no region `pop`; it has push");
  EXPECT_EQ(mistake("<!-- weave output P9 -->\n<!-- /weave -->\n"),
            "lessons/01-a/README.md:1: demo.txt has no claim P9; it has P3");
  EXPECT_EQ(mistake("<!-- weave cod a.hpp -->\n<!-- /weave -->\n"),
            "lessons/01-a/README.md:1: `cod` cannot be woven; `code`, `output`, "
            "`steps`, `map` and `claims` can");
  EXPECT_EQ(mistake("<!-- weave code a.hpp -->\nnever closed\n"),
            "lessons/01-a/README.md:1: this is never closed; add `<!-- /weave -->` "
            "after what it holds");
  EXPECT_NE(mistake("<!-- weave a.hpp -->\n").find("this is no weave"),
            std::string::npos);
}

TEST_F(WeaveTest, OutputOutsideOfALessonIsAMistake) {
  EXPECT_EQ(mistake("<!-- weave output P3 -->\n<!-- /weave -->\n", "README.md"),
            "README.md:1: output and steps are woven into the texts of a lesson, and "
            "this is none");
}

}  // namespace
}  // namespace course::author
