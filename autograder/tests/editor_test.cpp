// Property: of ten real mistakes, graded along the whole way, the problem matchers in .vscode/
// and the formats of Vim's and Emacs' compile modes find the file, the line and the message; and
// what a terminal of 80 columns and 24 lines shows of them is whole.
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
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
#include "process/process.hpp"

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

// "FILE:LINE:COLUMN" of each line that an editor's own program marks, as it tells them.
std::vector<std::string> marked_by(const std::vector<std::string>& words,
                                   const std::filesystem::path& marks) {
  std::filesystem::remove(marks);
  process::Command command;
  command.words = words;
  const process::Outcome outcome = process::run(command);
  EXPECT_TRUE(outcome.exited_with(0)) << outcome.output;
  return std::filesystem::exists(marks) ? lines_of(read_file(marks))
                                        : std::vector<std::string>{};
}

// By Vim's own 'errorformat'.
std::vector<std::string> marked_by_vim(const std::string& file, const std::string& marks) {
  return marked_by(
      {"vim", "-u", "NONE", "-N", "-es", "-c", "cgetfile " + file, "-c",
       "call writefile(map(getqflist(), {i, e -> fnamemodify(bufname(e.bufnr), ':p')"
       ".':'.e.lnum.':'.e.col}), '" +
           marks + "')",
       "-c", "qa!"},
      marks);
}

// By Emacs' compilation mode.
std::vector<std::string> marked_by_emacs(const std::string& file,
                                         const std::string& marks) {
  constexpr const char* look = R"el((let ((found ""))
    (require 'compile)
    (find-file (getenv "EDITOR_LINES"))
    (compilation-mode)
    (compilation--ensure-parse (point-max))
    (goto-char (point-min))
    (while (not (eobp))
      (let ((message (get-text-property (point) 'compilation-message)))
        (when message
          (let ((at (compilation--message->loc message)))
            (setq found (concat found (format "%s:%s:%s
"
              (caar (compilation--loc->file-struct at))
              (compilation--loc->line at) (compilation--loc->col at)))))))
      (forward-line 1))
    (write-region found nil (getenv "EDITOR_MARKS"))))el";
  return marked_by({"env", "EDITOR_LINES=" + file, "EDITOR_MARKS=" + marks, "emacs", "-Q",
                    "--batch", "--eval", look},
                   marks);
}

// What it must be.
std::vector<std::string> places_in(const std::string& lines) {
  std::vector<std::string> places;
  for (const std::string& line : lines_of(lines)) {
    std::size_t end = line.find(':');
    for (int number = 0; number < 2; ++number) end = line.find(':', end + 1);
    places.push_back(line.substr(0, end));
  }
  return places;
}

// Each where it is installed.
void expect_editors_mark(const std::string& lines) {
  const std::string folder = testing::TempDir() + "editor_test_" + std::to_string(::getpid());
  write_file(folder + "/lines", lines);
  const std::vector<std::string> places = places_in(lines);
  if (!process::find_program("vim").empty()) {
    EXPECT_EQ(marked_by_vim(folder + "/lines", folder + "/vim"), places) << lines;
  }
  if (!process::find_program("emacs").empty()) {
    EXPECT_EQ(marked_by_emacs(folder + "/lines", folder + "/emacs"), places) << lines;
  }
  std::filesystem::remove_all(folder);
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

  expect_editors_mark(lines);

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
