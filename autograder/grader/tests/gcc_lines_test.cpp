// Property: each failure is one line as a compiler writes it, at a line of the student's file.
#include "grader/gcc_lines.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace course::grader {
namespace {

namespace fs = std::filesystem;

class GccLines : public testing::Test {
 protected:
  void SetUp() override {
    file_ = fs::temp_directory_path() / ("queue-" + std::to_string(::getpid()) + ".hpp");
    std::ofstream(file_) << "struct Queue {\n    void pop();\n};\n";
    exercise_.file = file_;
    exercise_.name = "queue";
    result_.subject = {&exercise_, "student"};
  }
  void TearDown() override { fs::remove(file_); }

  void add(Stage stage, Finding finding) {
    StageResult one;
    one.stage = stage;
    one.verdict = finding.verdict;
    one.findings.push_back(std::move(finding));
    result_.stages.push_back(std::move(one));
  }

  static Finding finding(const std::string& test, const std::string& what,
                         const std::string& file, int line) {
    Finding made;
    made.test = test;
    made.what = what;
    made.file = file;
    made.line = line;
    return made;
  }

  fs::path file_;
  Exercise exercise_;
  ExerciseResult result_;
};

TEST_F(GccLines, NameFileLineColumnConceptAndTest) {
  Finding lost = finding("Queue.Pop", "pop gave nothing", file_.string(), 2);
  lost.concept_name = "lost wake-up";
  add(Stage::interleave, lost);
  EXPECT_EQ(gcc_lines(result_),
            file_.string() + ":2:5: error: lost wake-up: pop gave nothing [Queue.Pop]\n");
}

// As a terminal tells it: a race says more than what became of it.
TEST_F(GccLines, TellAFailureOnce) {
  add(Stage::unit, finding("Queue.Pop", "it hangs", file_.string(), 2));
  add(Stage::tsan, finding("Queue.Pop", "a race", file_.string(), 2));
  const std::string lines = gcc_lines(result_);
  EXPECT_NE(lines.find("a race"), std::string::npos);
  EXPECT_EQ(lines.find("it hangs"), std::string::npos);
}

TEST_F(GccLines, PutWhatHasNoLineOfItsOwnAtTheTopOfTheFile) {
  add(Stage::cost, finding("push", "takes two locks", "", 0));
  EXPECT_EQ(gcc_lines(result_),
            file_.string() + ":1:1: error: failed: takes two locks [push]\n");
}

TEST_F(GccLines, WarnOfAStepThatIsToBeWritten) {
  result_.subject.unwritten = {{3, 2}};
  EXPECT_EQ(gcc_lines(result_),
            file_.string() + ":2:5: warning: step 3 is still to be written\n");
}

TEST_F(GccLines, SayNothingOfTheMachine) {
  Finding full = finding("", "the disk is full", "", 0);
  full.verdict = Verdict::environment;
  add(Stage::build, full);
  EXPECT_EQ(gcc_lines(result_), "");
}

}  // namespace
}  // namespace course::grader
