#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "grader/grades.hpp"
#include "grader/manifest.hpp"

namespace course::cli {
namespace {

using namespace course::grader;

// Where a student stands with one exercise.
struct State {
  const Exercise* exercise;
  std::string name;  // "not started", "started", or the last verdict
  Points points{0, 100, 0};
  bool changed_since_graded = false;
  bool done = false;
};

State state_of(const Course& course, const Exercise& exercise) {
  if (!is_started(exercise)) return {&exercise, "not started"};
  const auto grade = remembered(course, exercise);
  if (!grade) return {&exercise, "started"};
  // Some steps are written, others are not.
  if (grade->verdict == Verdict::not_started)
    return {&exercise, "started", grade->points, grade->changed_since};
  const bool passed =
      grade->verdict == Verdict::passed || grade->verdict == Verdict::inconclusive;
  return {&exercise, std::string(name_of(grade->verdict)), grade->points,
          grade->changed_since, passed && !grade->changed_since};
}

std::string what_next(const Course& course, const std::vector<State>& states) {
  for (const State& state : states) {
    if (state.done) continue;
    const Exercise& exercise = *state.exercise;
    const std::string file = exercise.file.lexically_relative(course.root).string();
    const std::string grade = "autograder/course grade " + exercise.id;
    if (state.name != "not started") return fmt::format("{} ({})", grade, file);
    return fmt::format("read lessons/{}/README.md, open {}, then {}", exercise.lesson,
                       file, grade);
  }
  return states.empty()
             ? "autograder/course author new 01-name starts the first lesson"
             : "all done; autograder/course diff ID shows how the solutions differ";
}

// "01-parallel-workers" -> "parallel workers".
std::string lesson_title(const std::string& lesson) {
  std::string title = lesson.substr(lesson.find('-') + 1);
  for (char& letter : title) {
    if (letter == '-') letter = ' ';
  }
  return title;
}

const char* colour_of(const std::string& state) {
  if (state == "passed") return "\033[32m";
  if (state == "failed" || state == "tampered") return "\033[31m";
  if (state == "not started") return "\033[2m";
  return "\033[33m";
}

void print(const Course& course, const std::vector<State>& states, bool colour) {
  std::string lesson;
  for (const State& state : states) {
    const Exercise& exercise = *state.exercise;
    if (exercise.lesson != lesson) {
      lesson = exercise.lesson;
      fmt::print("\n{}  {}\n", exercise.id.substr(0, exercise.id.find('.')),
                 lesson_title(lesson));
    }
    const std::string name = fmt::format("{:<12}", state.name);
    fmt::print("   {:<5} {:<20} {} {:>3}/{:<3}  {}{}\n", exercise.id, exercise.name,
               colour ? colour_of(state.name) + name + "\033[0m" : name,
               state.points.earned, state.points.of, exercise.title,
               state.changed_since_graded ? "  (changed since graded)" : "");
  }
  fmt::print("\nnext: {}\n", what_next(course, states));
}

void print_json(const Course& course, const std::vector<State>& states) {
  nlohmann::json out{{"next", what_next(course, states)},
                     {"exercises", nlohmann::json::array()}};
  for (const State& state : states) {
    out["exercises"].push_back({{"id", state.exercise->id},
                                {"name", state.exercise->name},
                                {"title", state.exercise->title},
                                {"lesson", state.exercise->lesson},
                                {"state", state.name},
                                {"points", state.points.earned},
                                {"of", state.points.of},
                                {"not_measured", state.points.not_measured},
                                {"changed_since_graded", state.changed_since_graded}});
  }
  fmt::print("{}\n", out.dump(2));
}

}  // namespace

int map(const Common& common, const MapOptions& options) {
  const Course course = load_course(common.root);
  std::vector<State> states;
  for (const Exercise& exercise : course.exercises)
    states.push_back(state_of(course, exercise));
  if (options.json) {
    print_json(course, states);
  } else {
    print(course, states, coloured(common.colour));
  }
  return all_passed;
}

}  // namespace course::cli
