// Property: of ten real mistakes, graded along the whole way, the problem matchers in .vscode/
// and the formats of Vim's and Emacs' compile modes find the file, the line and the message; and
// what a terminal of 80 columns and 24 lines shows of them is whole.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "catalogue/files.hpp"
#include "grader/cause.hpp"
#include "grader/gcc_lines.hpp"
#include "grader/grading.hpp"
#include "grader/terminal.hpp"
#include "grader/wrapping.hpp"

namespace course::grader {
namespace {

struct Mistaken {
  const char* exercise;
  const char* mutant;
};

class Editor : public testing::TestWithParam<Mistaken> {
 protected:
  static void SetUpTestSuite() {
    const char* compiler = std::getenv("COURSE_COMPILER");
    course_ = new Course(load_course(COURSE_SOURCE_FOLDER));
    workshop_ = new Workshop(
        *course_, Trees(COURSE_SOURCE_FOLDER, compiler == nullptr ? "" : compiler), 1);
  }

  static void TearDownTestSuite() {
    delete workshop_;
    delete course_;
  }

  static Course* course_;
  static Workshop* workshop_;
};

Course* Editor::course_ = nullptr;
Workshop* Editor::workshop_ = nullptr;

// The patterns of the tasks that have one.
std::vector<nlohmann::json> patterns() {
  const auto tasks = nlohmann::json::parse(
      read_file(std::string(COURSE_SOURCE_FOLDER) + "/.vscode/tasks.json"));
  std::vector<nlohmann::json> found;
  for (const auto& task : tasks.at("tasks")) {
    const auto& matcher = task.at("problemMatcher");
    if (matcher.is_object()) found.push_back(matcher.at("pattern"));
  }
  return found;
}

// As if the student had made the mistake: in the file that the student edits.
ExerciseResult as_students(ExerciseResult result) {
  const Exercise& exercise = *result.subject.exercise;
  result.subject.variant = "student";
  for (StageResult& stage : result.stages) {
    for (Finding& finding : stage.findings) {
      const std::filesystem::path file = finding.file;
      if (file.filename() == exercise.file.filename())
        finding.file = exercise.file.string();
    }
  }
  return result;
}

TEST_P(Editor, FindsFileLineAndMessage) {
  const auto& [exercise, mutant] = GetParam();
  const Subject subject{course_->select({exercise}).front(), mutant};
  const ExerciseResult result =
      as_students(grade(subject, *workshop_, [](const auto&, const auto&) {}));
  const auto cause = cause_of(result);
  ASSERT_TRUE(cause.has_value()) << "nothing is wrong with it";
  const std::string lines = gcc_lines(result);

  const auto matchers = patterns();
  ASSERT_EQ(matchers.size(), 2u);
  for (const auto& matcher : matchers) {
    const std::regex pattern(matcher.at("regexp").get<std::string>());
    bool found = false;
    for (const std::string& line : lines_of(lines)) {
      std::smatch parts;
      ASSERT_TRUE(std::regex_match(line, parts, pattern)) << line;
      EXPECT_TRUE(
          std::filesystem::exists(parts[matcher.at("file").get<std::size_t>()].str()))
          << line;
      const std::string message = parts[matcher.at("message").get<std::size_t>()];
      const bool is_cause =
          message.find(cause->finding->what) != std::string::npos &&
          message.find("[" + cause->finding->test + "]") != std::string::npos;
      if (!is_cause) continue;
      found = true;
      EXPECT_EQ(parts[matcher.at("severity").get<std::size_t>()], "error");
      EXPECT_EQ(parts[matcher.at("file").get<std::size_t>()],
                subject.exercise->file.string());
      EXPECT_EQ(std::stoi(parts[matcher.at("line").get<std::size_t>()]),
                std::max(cause->line, 1));
    }
    EXPECT_TRUE(found) << lines;
  }
  const std::string text = printed(result, *course_);
  const std::vector<std::string> report = lines_of(text);
  for (const std::string& line : report) EXPECT_LE(columns_of(line), columns_shown) << line;
  // Of an 80 x 24 terminal the last line is the prompt's.
  const std::vector<std::string> head = lines_of(head_of(*cause));
  const auto begins = std::search(report.begin(), report.end(), head.begin(), head.end());
  EXPECT_LE(report.end() - begins, std::ptrdiff_t{lines_in_view}) << text;
  EXPECT_NE(begins, report.end()) << text;
}

INSTANTIATE_TEST_SUITE_P(OfTen, Editor,
                         testing::Values(Mistaken{"job_queue", "if_for_while"},
                                         Mistaken{"job_queue", "push_tells_nobody"},
                                         Mistaken{"job_queue", "close_drops_jobs"},
                                         Mistaken{"job_queue", "spins"},
                                         Mistaken{"worker_pool",
                                                  "throwing_job_kills_worker"},
                                         Mistaken{"ledger", "argument_order"},
                                         Mistaken{"ledger", "audit_account_by_account"},
                                         Mistaken{"publication", "relaxed_load"},
                                         Mistaken{"publication", "flag_before_data"},
                                         Mistaken{"striped_counter", "plain_stripes"}),
                         [](const auto& mistaken) {
                           return std::string(mistaken.param.exercise) + "_" +
                                  mistaken.param.mutant;
                         });

}  // namespace
}  // namespace course::grader
