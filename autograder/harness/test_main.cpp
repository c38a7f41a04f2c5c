// The main of every graded test program: GoogleTest, with each result told to the grader.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "controls.hpp"
#include "course/records.hpp"
#include "interleave/interleave.hpp"
#include "left_running.hpp"

namespace course {
namespace {

class Reporter : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    report(R"({"record":"started","test":)" + json_string(name_of(test)) + "}");
  }

  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (!part.failed()) return;
    report(R"({"record":"failure","file":)" +
           json_string(part.file_name() == nullptr ? "" : part.file_name()) +
           R"(,"line":)" + std::to_string(part.line_number()) + R"(,"message":)" +
           json_string(part.message()) + "}");
  }

  void OnTestEnd(const testing::TestInfo& test) override {
    const testing::TestResult& result = *test.result();
    const char* verdict = result.Skipped()  ? "skipped"
                          : result.Passed() ? "passed"
                                            : "failed";
    report(R"({"record":"test","name":)" + json_string(name_of(test)) + R"(,"result":")" +
           verdict + R"(","milliseconds":)" + std::to_string(result.elapsed_time()) +
           "}");
  }

  static std::string name_of(const testing::TestInfo& test) {
    return std::string(test.test_suite_name()) + "." + test.name();
  }
};

// Whether the tests ended all that they started; else the grader is told.
bool left_nothing() {
  const int left = end_what_is_left();
  if (left == 0) return true;
  report(R"({"record":"failure","file":"","line":0,"message":"left )" +
         std::to_string(left) + (left == 1 ? " process" : " processes") +
         R"( running when its test was over"})");
  return false;
}

}  // namespace
}  // namespace course

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new course::Reporter);
  testing::UnitTest::GetInstance()->listeners().Append(new course::Control);
  interleave::set_reporter(course::report);
  std::printf("seed %llu\n", static_cast<unsigned long long>(course::seed()));
  if (course::graded()) course::adopt_what_is_left();
  int status = RUN_ALL_TESTS();
  if (course::graded() && !course::left_nothing()) status = 1;
  course::report(R"({"record":"end","tests":)" +
                 std::to_string(testing::UnitTest::GetInstance()->test_to_run_count()) +
                 "}");
  return status;
}
