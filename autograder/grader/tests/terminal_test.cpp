// Properties: on a terminal nothing is printed between the lines of one stage, however long it
// takes to print them; a line says what is going on; from the heading of a failure on,
// all is in view in 80 columns and 24 lines. A gate that could not tell says why.
#include "grader/terminal.hpp"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <string>
#include <thread>

#include "catalogue/files.hpp"
#include "grader/cause.hpp"
#include "grader/wrapping.hpp"

namespace course::grader {
namespace {

using namespace std::chrono_literals;

// A terminal whose reader is slow: a writer soon waits for it.
class SlowTerminal {
 public:
  SlowTerminal() {
    if (::openpty(&reader_, &writer_, nullptr, nullptr, nullptr) != 0) {
      throw std::system_error(errno, std::generic_category(), "openpty");
    }
    stream_ = ::fdopen(writer_, "w");
    std::setvbuf(stream_, nullptr, _IOLBF, BUFSIZ);
  }
  ~SlowTerminal() { ::close(reader_); }
  SlowTerminal(const SlowTerminal&) = delete;
  SlowTerminal& operator=(const SlowTerminal&) = delete;

  [[nodiscard]] std::FILE* stream() const { return stream_; }

  // Reads nothing at first, then all until the writer is done.
  [[nodiscard]] std::string read_late() const {
    std::this_thread::sleep_for(1500ms);
    std::string text;
    char piece[4096];
    for (ssize_t size; (size = ::read(reader_, piece, sizeof piece)) > 0;) {
      text.append(piece, static_cast<std::size_t>(size));
    }
    return text;
  }

  void finish() { std::fclose(stream_); }

 private:
  int reader_ = -1;
  int writer_ = -1;
  std::FILE* stream_ = nullptr;
};

StageResult with_many_lines() {
  StageResult result;
  result.stage = Stage::unit;
  result.verdict = Verdict::passed;
  std::string words = "first word";
  for (int word = 0; word < 4000; ++word) words += " word";
  reading::Diagnostic warning;
  warning.message = words + " last word";
  result.warnings.push_back(warning);
  return result;
}

TEST(Terminal, PrintsNothingBetweenTheLinesOfAStage) {
  SlowTerminal slow;
  std::string text;
  std::jthread reader([&] { text = slow.read_late(); });
  Exercise exercise;
  const Course course;
  {
    Terminal terminal(slow.stream(), false, course);
    terminal.begin({&exercise, "student"});
    std::this_thread::sleep_for(700ms);  // the ticker draws its line
    terminal.stage(with_many_lines());
  }
  slow.finish();
  reader.join();
  const std::size_t first = text.find("first word");
  const std::size_t last = text.find("last word");
  ASSERT_NE(first, std::string::npos) << text;
  ASSERT_NE(last, std::string::npos) << text;
  EXPECT_LT(text.find("working on"), first) << "the ticker never drew";
  EXPECT_EQ(text.substr(first, last - first).find("working on"), std::string::npos);
}

TEST(Terminal, SaysWhatIsGoingOnAndForHowLong) {
  SlowTerminal terminal_window;
  std::string text;
  std::jthread reader([&] { text = terminal_window.read_late(); });
  Exercise exercise;
  const Course course;
  StageResult built;
  built.verdict = Verdict::passed;
  {
    Terminal terminal(terminal_window.stream(), false, course);
    terminal.begin({&exercise, "student"});
    std::this_thread::sleep_for(700ms);
    terminal.stage(built);
    std::this_thread::sleep_for(700ms);
  }
  terminal_window.finish();
  reader.join();
  const std::regex before("working on build unit interleave tsan asan  \\d+ s");
  const std::regex after("working on unit interleave tsan asan  \\d+ s");
  EXPECT_TRUE(std::regex_search(text, before)) << text;
  EXPECT_TRUE(std::regex_search(text, after)) << text;
}

// What a terminal shows of a result.
std::string printed_of(const ExerciseResult& result) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  const Course course;
  Terminal(stream, false, course).end(result);
  std::fclose(stream);
  std::string printed(text, size);
  std::free(text);
  return printed;
}

// Before the diff, and not before it was earned.
TEST(Terminal, SaysWhatTheSolutionDoesOtherwiseAfterAllPoints) {
  Exercise exercise;
  exercise.id = "1.1";
  exercise.otherwise = "It wakes one worker. A second would find nothing.";
  ExerciseResult result;
  result.subject = {&exercise, "student"};
  StageResult unit;
  unit.stage = Stage::unit;
  unit.verdict = Verdict::passed;
  result.stages.push_back(unit);
  result.promises = {{Promise::Kind::step, 1, "in order", Verdict::passed, 100}};
  EXPECT_NE(
      printed_of(result).find("  In the solution:\n"
                              "  It wakes one worker. A second would find nothing.\n"
                              "  autograder/course diff 1.1\n"),
      std::string::npos)
      << printed_of(result);
  result.stages.front().verdict = Verdict::failed;
  result.promises.front().verdict = Verdict::failed;
  EXPECT_EQ(printed_of(result).find("wakes one worker"), std::string::npos);
}

// Whatever was found: long words, long titles, a picture longer than the terminal.
ExerciseResult with_much_to_tell(Exercise& exercise) {
  exercise.id = "1.1";
  exercise.name = "queue";
  exercise.lesson = "01-parallel-workers";
  exercise.file = "/course/exercises/01-parallel-workers/queue/queue.hpp";
  ExerciseResult result;
  result.subject = {&exercise, "student"};
  StageResult built;
  built.verdict = Verdict::passed;
  StageResult stage;
  stage.stage = Stage::interleave;
  stage.verdict = Verdict::failed;
  Finding finding;
  finding.test = "Queue.A";
  finding.concept_name = "lost wake-up";
  for (int word = 0; word < 90; ++word) finding.what += "and on ";
  for (int row = 0; row < 40; ++row) finding.brief += std::string(100, 'x') + "\n";
  finding.token = "Queue.A@0@w@pct3@5eed@" + std::string(90, '0');
  finding.report = "/course/.course/reports/" + std::string(90, 'r') + ".txt";
  stage.findings.push_back(finding);
  result.stages = {built, stage};
  for (int number = 1; number <= 9; ++number) {
    result.promises.push_back({Promise::Kind::step, number,
                               "a title of one hundred characters, that is longer than "
                               "a line of a terminal, and is wrapped then",
                               Verdict::failed, 11});
  }
  return result;
}

TEST(Terminal, KeepsInViewWhatAFailureIs) {
  Exercise exercise;
  const ExerciseResult result = with_much_to_tell(exercise);
  Course course;
  course.root = "/course";
  course.concepts["lost wake-up"] = {"", "lessons/01-parallel-workers/README.md#lost",
                                     ""};
  const std::string text = printed(result, course);
  const std::vector<std::string> lines = lines_of(text);
  for (const std::string& line : lines)
    EXPECT_LE(columns_of(line), columns_shown) << text;
  const auto heading = std::find_if(
      lines.begin(), lines.end(),
      [](const std::string& line) { return line.starts_with("  lost wake-up"); });
  EXPECT_LE(lines.end() - heading, std::ptrdiff_t{lines_in_view}) << text;
  EXPECT_NE(text.find("again   autograder/course replay 1.1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("not kept either: step"), std::string::npos) << text;
  EXPECT_NE(text.find("next: fix "), std::string::npos) << text;
}

// Where there is room each promise that was broken has its title.
TEST(Terminal, ShowsTheTitlesOfWhatIsNotKept) {
  Exercise exercise;
  ExerciseResult result = with_much_to_tell(exercise);
  result.promises.resize(2);
  result.stages.back().findings.front().what = "was not woken";
  result.stages.back().findings.front().brief = "  1  wait\n";
  result.stages.back().findings.front().token.clear();
  const std::string text = printed(result, Course{});
  for (const std::string& line : lines_of(text))
    EXPECT_LE(columns_of(line), columns_shown) << line;
  EXPECT_NE(text.find("    all     "), std::string::npos) << text;
  EXPECT_NE(text.find("step 1"), std::string::npos);
  EXPECT_NE(text.find("step 2    0/11  a title"), std::string::npos) << text;
  EXPECT_EQ(text.find("not kept either"), std::string::npos) << text;
}

// "Close other programs" is no answer to too few cores.
TEST(Terminal, SaysWhyAGateCouldNotTell) {
  Exercise exercise;
  ExerciseResult result;
  result.subject = {&exercise, "student"};
  StageResult gate;
  gate.stage = Stage::gate;
  gate.verdict = Verdict::inconclusive;
  Finding doubt;
  doubt.verdict = Verdict::inconclusive;
  doubt.test = "Speed";
  doubt.what = "the reference itself gains only 1.20 times from 1 to 2 threads";
  gate.findings.push_back(doubt);
  result.stages.push_back(gate);
  result.promises = {{Promise::Kind::gate, 0, "Speed", Verdict::inconclusive, 15}};

  const std::string printed = printed_of(result);
  EXPECT_NE(printed.find("Speed: the reference itself gains only 1.20 times"),
            std::string::npos)
      << printed;
}

}  // namespace
}  // namespace course::grader
