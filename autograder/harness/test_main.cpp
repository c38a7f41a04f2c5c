// The main of every graded test program: GoogleTest, with each result told to the grader.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "course/records.hpp"
#include "course/todo.hpp"
#include "interleave/interleave.hpp"

namespace course {

void end_at(const Step& step) noexcept {
  report(R"({"record":"todo","step":)" + std::to_string(step.number) + R"(,"file":)" +
         json_string(step.file) + R"(,"line":)" +
         std::to_string(step.line) + "}");
  if (!graded()) {
    std::fprintf(stderr, "%s:%d: step %d is still to be written\n", step.file, step.line,
                 step.number);
  }
  ::_exit(75);
}

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
    const char* verdict = result.Skipped() ? "skipped" : result.Passed() ? "passed" : "failed";
    report(R"({"record":"test","name":)" + json_string(name_of(test)) + R"(,"result":")" +
           verdict + R"(","milliseconds":)" + std::to_string(result.elapsed_time()) + "}");
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
                 std::to_string(testing::UnitTest::GetInstance()->test_to_run_count()) + "}");
  return status;
}
