#include "grader/map.hpp"

#include <fmt/format.h>

#include <set>

#include "catalogue/lesson.hpp"
#include "catalogue/unwritten.hpp"
#include "grader/grades.hpp"
#include "grader/wrapping.hpp"

namespace course::grader {
namespace {

constexpr std::size_t below_indent = 7;  // below the exercise's name

State state_of(const Course& course, const Exercise& exercise) {
  if (!is_started(exercise)) return {&exercise, "not started"};
  const auto grade = remembered(course, exercise);
  if (!grade) return {&exercise, "started"};
  // Some steps are written, others are not.
  if (grade->verdict == Verdict::not_started)
    return {&exercise, "started", grade->points, grade->changed_since};
  const bool done = passes(grade->verdict) && !grade->changed_since;
  return {&exercise,
          std::string(name_of(grade->verdict)),
          grade->points,
          grade->changed_since,
          done,
          done ? grade->when : "",
          done ? grade->speed : ""};
}

const char* colour_of(const std::string& state) {
  if (state == "passed") return "\033[32m";
  if (state == "failed" || state == "tampered") return "\033[31m";
  if (state == "not started") return "\033[2m";
  return "\033[33m";
}

// Below an exercise: "2026-11-28; push: as fast as the reference", or that it is another now.
std::string lines_below(const State& state) {
  if (state.changed_since_graded) return wrapped("changed since graded", below_indent);
  if (state.when.empty()) return {};
  const std::string speed = state.speed.empty() ? "" : "; " + state.speed;
  return wrapped(state.when + speed, below_indent);
}

// A title that is longer than the line is cut, but for one that is to be `whole`.
std::string rows_of(const State& state, bool coloured, bool whole) {
  const std::string name = fmt::format("{:<11}", state.name);
  const auto row = [&](const std::string& shown_name) {
    return fmt::format("  {:<5}{:<20}{} {:>3}/{:<3} ", state.exercise->id,
                       state.exercise->name, shown_name, state.points.earned,
                       state.points.of);
  };
  const std::string plain = row(name);
  const std::string& title = state.exercise->title;
  std::string text = whole ? wrapped(title, plain.size())
                           : folded(title + "\n", plain.size()).front() + "\n";
  text.replace(0, plain.size(),
               coloured ? row(colour_of(state.name) + name + "\033[0m") : plain);
  return text + lines_below(state);
}

std::size_t count_lessons(const std::vector<State>& states) {
  std::set<std::string> lessons;
  for (const State& state : states) lessons.insert(state.exercise->lesson);
  return lessons.size();
}

}  // namespace

std::vector<State> states_of(const Course& course) {
  std::vector<State> states;
  for (const Exercise& exercise : course.exercises)
    states.push_back(state_of(course, exercise));
  return states;
}

std::vector<State> fresh_states_of(const Course& course) {
  std::vector<State> states;
  for (const Exercise& exercise : course.exercises)
    states.push_back({&exercise, "not started"});
  return states;
}

std::vector<State> states_in(const std::vector<State>& states,
                             const std::string& lesson) {
  std::vector<State> found;
  for (const State& state : states) {
    if (state.exercise->lesson == lesson) found.push_back(state);
  }
  return found;
}

std::string map_of(const std::vector<State>& states, bool coloured, std::size_t lessons) {
  const std::size_t all = count_lessons(states);
  std::string text;
  std::string lesson;
  std::size_t shown = 0;
  for (const State& state : states) {
    const Exercise& exercise = *state.exercise;
    if (exercise.lesson != lesson) {
      if (lessons != 0 && shown == lessons) break;
      ++shown;
      lesson = exercise.lesson;
      text += fmt::format("\n{}  {}\n", lesson_of(lesson).short_number(),
                          lesson_of(lesson).title());
    }
    text += rows_of(state, coloured, all == 1);
  }
  if (shown < all) {
    text += fmt::format("\n…  {} lessons and {} exercises in all\n", all, states.size());
  }
  return text;
}

}  // namespace course::grader
