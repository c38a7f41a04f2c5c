#include "author/demo_record.hpp"

#include <gtest/gtest.h>

#include "author/tests/course_folder.hpp"
#include "catalogue/files.hpp"

namespace course::author {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view output = R"(P2  Easy to understand

  lines
  80

P3  Adding workers adds speed

  workers   jobs/s
  1         81,000

  Look at the last column.

)";

class DemoRecordTest : public testing::Test {
 protected:
  void SetUp() override {
    course_.add("lessons/01-parallel-workers/demo.cpp", "int demo;\n");
    course_.add("lessons/01-parallel-workers/parallel_workers.hpp", "int reference;\n");
    folder_ = course_.root() / "lessons/01-parallel-workers";
  }

  void record() {
    const DemoRecord head{
        "autograder/course demo 1 --record", "a machine", "2026-11-24", "", {}};
    write_file(folder_ / "demo.txt", record_text(folder_, head, output));
  }

  std::string mistake() {
    try {
      (void)read_demo_record(folder_);
    } catch (const Mistake& error) {
      return error.what();
    }
    return "";
  }

  CourseFolder course_;
  fs::path folder_;
};

TEST_F(DemoRecordTest, WhatWasRecordedIsReadBackClaimByClaim) {
  record();
  const DemoRecord read = read_demo_record(folder_);
  EXPECT_EQ(read.machine, "a machine");
  EXPECT_EQ(read.date, "2026-11-24");
  ASSERT_EQ(read.claims.size(), 2U);
  EXPECT_EQ(read.claims.at("P2"), "P2  Easy to understand\n\n  lines\n  80");
  EXPECT_TRUE(read.claims.at("P3").ends_with("Look at the last column."));
}

TEST_F(DemoRecordTest, ChangedReferenceMakesItStale) {
  record();
  course_.add("lessons/01-parallel-workers/parallel_workers.hpp", "int reference = 1;\n");
  EXPECT_EQ(mistake(),
            (folder_ / "demo.txt").string() +
                ":4: demo.cpp or the reference changed since this was measured; run "
                "`autograder/course demo 1 --record`");
}

TEST_F(DemoRecordTest, ChangedDemoMakesItStale) {
  record();
  course_.add("lessons/01-parallel-workers/demo.cpp", "int demo = 1;\n");
  EXPECT_NE(mistake().find("demo 1 --record"), std::string::npos);
}

TEST_F(DemoRecordTest, MissingRecordNamesTheCommand) {
  EXPECT_NE(mistake().find("is missing; run `autograder/course demo 1 --record`"),
            std::string::npos);
}

TEST_F(DemoRecordTest, MisshapenHeadNamesTheLine) {
  course_.add("lessons/01-parallel-workers/demo.txt", "command   x\nmachine\n");
  EXPECT_NE(mistake().find("demo.txt:2: the line `machine` is expected here"),
            std::string::npos);
}

}  // namespace
}  // namespace course::author
