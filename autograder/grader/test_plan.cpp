#include "grader/test_plan.hpp"

#include <algorithm>
#include <random>

namespace course::grader {
namespace {

constexpr int unit_rounds = 3;
constexpr int interleave_rounds = 2;
constexpr std::uint64_t schedules_of_first_look = 500;

int rounds_of(Stage stage) {
  switch (stage) {
    case Stage::unit:
      return unit_rounds;
    case Stage::interleave:
      return interleave_rounds;
    default:
      return 1;
  }
}

// How much slower than the unit program a stage's program may be.
double slow_down(Stage stage) {
  switch (stage) {
    case Stage::tsan:
      return 10;
    case Stage::asan:
      return 4;
    case Stage::interleave:
      return 6;
    default:
      return 1;
  }
}

std::vector<Test> chosen(std::vector<Test> tests, const std::vector<std::string>& only) {
  std::erase_if(tests, [&](const Test& test) { return !is_chosen(test.name, only); });
  return tests;
}

}  // namespace

TestPlan::TestPlan(Stage stage, const Subject& subject, const Workshop& workshop,
                   bool fixed_addresses, const std::vector<std::string>& only)
    : stage_(stage),
      subject_(subject),
      workshop_(workshop),
      fixed_addresses_(fixed_addresses),
      tests_(chosen(subject.exercise->tests(), only)) {}

const Test* TestPlan::test_named(const std::string& name) const {
  const auto found = std::find_if(tests_.begin(), tests_.end(),
                                  [&](const Test& test) { return test.name == name; });
  return found == tests_.end() ? nullptr : &*found;
}

std::vector<Turn> TestPlan::turns() const {
  std::vector<Turn> all;
  std::mt19937_64 random(workshop_.seed);
  for (int round = 0; round < rounds_of(stage_); ++round) {
    std::vector<Turn> one_round;
    for (const Test& test : tests_) one_round.push_back({&test, round});
    std::shuffle(one_round.begin(), one_round.end(), random);
    all.insert(all.end(), one_round.begin(), one_round.end());
  }
  return all;
}

bool TestPlan::is_second_look(const Turn& turn) const {
  return stage_ == Stage::interleave && turn.round > 0;
}

// Several at once in the unit stage, for which a student waits; the others run side by side as
// stages.
unsigned TestPlan::width() const { return stage_ == Stage::unit ? workshop_.cores : 1; }

TestCommand TestPlan::command_for(const Turn& turn, double seconds_left) const {
  TestCommand command = command_for(turn.test->name, turn.round);
  command.seconds = std::min(command.seconds, seconds_left);
  if (stage_ == Stage::interleave && !is_second_look(turn)) {
    command.schedules = schedules_of_first_look;
  }
  return command;
}

TestCommand TestPlan::command_for_control(const Test& test) const {
  const int rounds = stage_ == Stage::interleave ? 1 : rounds_of(stage_);
  const int round =
      static_cast<int>(std::random_device{}() % static_cast<unsigned>(rounds));
  return command_for(Turn{&test, round}, seconds());
}

double TestPlan::seconds() const {
  return subject_.exercise->stage_seconds * slow_down(stage_);
}

TestCommand TestPlan::command_for(const std::string& test, int round) const {
  TestCommand command;
  command.program = program_of(workshop_.trees, stage_, subject_);
  command.test = test;
  command.stage = stage_;
  command.seed = workshop_.seed + static_cast<std::uint64_t>(round);
  command.seconds = subject_.exercise->test_seconds * slow_down(stage_);
  command.fixed_addresses = fixed_addresses_;
  return command;
}

}  // namespace course::grader
