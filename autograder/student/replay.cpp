#include "student/replay.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace course::student {
namespace {

using nlohmann::json;

// The fields between the signs: test, exploration, memory, strategy, deviations, steps.
constexpr auto token_signs = 5;

ReplayedStep step_in(const json& record) {
  ReplayedStep step;
  step.text = record.value("text", "");
  step.at = record.value("at", 0U);
  step.file = record.value("file", "");
  step.line = record.value("line", 0);
  step.source = record.value("source", "");
  step.left_out = record.value("left_out", 0U);
  return step;
}

void read_failure(const json& record, Replayed& replayed) {
  replayed.end = Replayed::End::fails;
  replayed.record = record;
  replayed.headline = record.value("headline", "");
  replayed.columns = record.value("columns", "");
  replayed.below = record.value("below", "");
  for (const auto& step : record.at("steps")) replayed.steps.push_back(step_in(step));
  if (!record.contains("inflection")) return;
  replayed.inflection = record.at("inflection").value("step", std::size_t{0});
  replayed.way_back = record.value("way_back", "");
}

// No schedule was run: the test has changed, is not written yet, or died before.
void read_trouble(const grader::TestCommand& command, const grader::TestRun& run,
                  Replayed& replayed) {
  const auto finding = finding_of(command, run);
  if (!finding) {
    replayed.trouble = command.test +
                       " has no such exploration any more: the token is of another "
                       "version of the test.";
    return;
  }
  replayed.environment = finding->verdict == grader::Verdict::environment;
  replayed.trouble = finding->what;
  if (!finding->detail.empty()) replayed.trouble += "\n" + finding->detail;
}

}  // namespace

std::string test_of(const std::string& token) {
  if (std::count(token.begin(), token.end(), '@') != token_signs) return {};
  return token.substr(0, token.find('@'));
}

const Exercise* exercise_with(const Course& course, const std::string& test) {
  for (const auto& exercise : course.exercises) {
    for (const auto& known : exercise.tests()) {
      if (known.name == test) return &exercise;
    }
  }
  return nullptr;
}

grader::TestCommand command_to_replay(const grader::Trees& trees,
                                      const grader::Subject& subject,
                                      const std::string& token) {
  grader::TestCommand command;
  command.program = program_of(trees, Stage::interleave, subject);
  command.test = test_of(token);
  command.stage = Stage::interleave;
  command.seconds = subject.exercise->stage_seconds;
  command.only_replay = token;
  return command;
}

Replayed replayed_in(const json& record, const std::string& trouble) {
  Replayed replayed;
  if (record.is_null()) {
    replayed.trouble = trouble;
    return replayed;
  }
  replayed.same_steps = record.value("same_steps", true);
  const std::string kind = record.value("kind", "");
  if (kind == "clean") {
    replayed.end = Replayed::End::succeeds;
  } else if (kind == "unsupported") {
    replayed.environment = true;
    replayed.trouble = record.value("message", "");
  } else {
    read_failure(record, replayed);
  }
  return replayed;
}

Replayed read_replay(const grader::TestCommand& command, const grader::TestRun& run) {
  if (!run.explored.empty()) return replayed_in(run.explored.front(), {});
  Replayed replayed;
  read_trouble(command, run, replayed);
  return replayed;
}

std::string remark_on(const Replayed& replayed, const std::string& search) {
  const std::string changed =
      "The program has changed: it takes other steps than when this token was "
      "written.\n";
  if (replayed.end == Replayed::End::fails) {
    return replayed.same_steps ? "" : changed + "This is what it does now.\n";
  }
  return (replayed.same_steps ? "" : changed) +
         "This one schedule does not fail any more. Others may: " + search + "\n";
}

}  // namespace course::student
