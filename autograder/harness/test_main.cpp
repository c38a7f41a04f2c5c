// The main of every graded test program: GoogleTest, with each result told to the grader.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "course/records.hpp"
#include "interleave/interleave.hpp"

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

}  // namespace
}  // namespace course

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new course::Reporter);
  interleave::set_reporter(course::report);
  std::printf("seed %llu\n", static_cast<unsigned long long>(course::seed()));
  const int status = RUN_ALL_TESTS();
  course::report(R"({"record":"end","tests":)" +
                 std::to_string(testing::UnitTest::GetInstance()->test_to_run_count()) +
                 "}");
  return status;
}
