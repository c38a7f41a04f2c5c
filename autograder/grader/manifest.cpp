#include "grader/manifest.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include "grader/nearest.hpp"
#include "grader/toml_table.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

constexpr std::array scored_stages{Stage::interleave, Stage::tsan, Stage::asan,
                                   Stage::cost, Stage::gate};

const std::vector<std::string> countable{"atomics", "locks", "allocations", "wake-ups",
                                         "spins"};

// "01-parallel-workers" -> "1".
std::string number_of(const std::string& lesson) {
  const std::string digits = lesson.substr(0, lesson.find('-'));
  return digits.starts_with('0') ? digits.substr(1) : digits;
}

std::vector<Test> read_tests(TomlTable& step) {
  std::vector<Test> tests;
  for (auto& entry : step.tables("tests")) {
    Test test{entry.text("name"), entry.text("concept")};
    if (test.name.find('.') == test.name.npos) {
      entry.fail_at("name", "must be SUITE.TEST, as GoogleTest prints it");
    }
    tests.push_back(std::move(test));
    entry.nothing_else();
  }
  if (tests.empty())
    step.fail("needs `tests`, a list such as [{name = \"…\", concept = \"…\"}]");
  return tests;
}

std::vector<Step> read_steps(TomlTable& top) {
  std::vector<Step> steps;
  for (auto& entry : top.tables("step")) {
    const int number = static_cast<int>(steps.size()) + 1;
    steps.push_back(
        {number, entry.text("title"), entry.integer("points"), read_tests(entry)});
    entry.nothing_else();
  }
  if (steps.empty()) top.fail("needs at least one [[step]]");
  return steps;
}

std::map<Stage, int> read_points(TomlTable& top) {
  std::map<Stage, int> points;
  if (!top.has("points")) return points;
  TomlTable table = top.table("points");
  for (const Stage stage : scored_stages) {
    const std::string name(name_of(stage));
    if (table.has(name.c_str())) points[stage] = table.integer(name.c_str());
  }
  table.nothing_else();
  return points;
}

std::map<Stage, std::string> read_stage_concepts(TomlTable& top) {
  std::map<Stage, std::string> concepts;
  if (!top.has("stage")) return concepts;
  TomlTable table = top.table("stage");
  for (const Stage stage : scored_stages) {
    const std::string name(name_of(stage));
    if (!table.has(name.c_str())) continue;
    TomlTable entry = table.table(name.c_str());
    concepts[stage] = entry.text("concept");
    entry.nothing_else();
  }
  table.nothing_else();
  return concepts;
}

std::vector<CostLimit> read_costs(TomlTable& top) {
  std::vector<CostLimit> costs;
  for (auto& entry : top.tables("cost")) {
    CostLimit cost{entry.text("test"),
                   entry.text("operation"),
                   {},
                   entry.text("concept"),
                   entry.text("reason")};
    TomlTable limits = entry.table("limits");
    for (const auto& counted : countable) {
      if (limits.has(counted.c_str()))
        cost.limits[counted] = limits.number(counted.c_str());
    }
    limits.nothing_else();
    if (cost.limits.empty()) entry.fail_at("limits", "must limit something");
    entry.nothing_else();
    costs.push_back(std::move(cost));
  }
  return costs;
}

std::vector<GateRule> read_gates(TomlTable& top) {
  std::vector<GateRule> gates;
  for (auto& entry : top.tables("gate")) {
    GateRule gate;
    gate.name = entry.text("name");
    const std::string kind = entry.text("kind");
    if (kind != "ratio" && kind != "scaling") {
      entry.fail_at("kind", "must be \"ratio\" or \"scaling\"");
    }
    gate.kind = kind == "ratio" ? GateRule::Kind::ratio : GateRule::Kind::scaling;
    if (gate.kind == GateRule::Kind::scaling) gate.threads = entry.integer("threads");
    gate.told = entry.number("told");
    if (gate.told <= 0 || gate.told > 1)
      entry.fail_at("told", "must be above 0 and at most 1");
    gate.concept_name = entry.text("concept");
    gate.reason = entry.text("reason");
    entry.nothing_else();
    gates.push_back(std::move(gate));
  }
  return gates;
}

std::vector<Mutant> read_mutants(TomlTable& top) {
  std::vector<Mutant> mutants;
  for (auto& entry : top.tables("mutant")) {
    Mutant mutant{entry.text("name"), entry.text("mistake"), {}, entry.text("concept")};
    for (const auto& name : entry.texts("caught_by")) {
      const auto stage = stage_named(name);
      if (!stage) {
        entry.fail_at("caught_by",
                      "names no stage `" + name + "`" +
                          did_you_mean(name, {"build", "unit", "interleave", "tsan",
                                              "asan", "cost", "gate"}));
      }
      mutant.caught_by.push_back(*stage);
    }
    if (mutant.caught_by.empty()) entry.fail_at("caught_by", "must name a stage");
    entry.nothing_else();
    mutants.push_back(std::move(mutant));
  }
  return mutants;
}

void read_limits(TomlTable& top, Exercise& exercise) {
  if (!top.has("limits")) return;
  TomlTable limits = top.table("limits");
  exercise.test_seconds = limits.number("test_seconds");
  exercise.stage_seconds = limits.number("stage_seconds");
  limits.nothing_else();
}

// --- what must agree with what
// ------------------------------------------------------------

void check_points(const TomlTable& top, const Exercise& exercise) {
  int sum = 0;
  for (const auto& step : exercise.steps) sum += step.points;
  for (const auto& [stage, points] : exercise.points) sum += points;
  if (sum != 100) {
    top.fail("gives " + std::to_string(sum) +
             " points in all; those of its steps and of [points] must sum to 100");
  }
}

void check_declared(const TomlTable& top, const Exercise& exercise, Stage stage,
                    bool declared) {
  const std::string name(name_of(stage));
  const bool scored = exercise.points_of(stage) > 0;
  if (scored && !declared) {
    top.fail_at("points",
                "gives points for `" + name + "`, but there is no [[" + name + "]]");
  }
  if (declared && !scored) {
    top.fail("has a [[" + name + "]], but [points] gives nothing for `" + name + "`");
  }
}

void check_names(const TomlTable& top, const Exercise& exercise) {
  std::set<std::string> seen;
  for (const auto& test : exercise.tests()) {
    if (!seen.insert(test.name).second)
      top.fail("lists the test " + test.name + " twice");
  }
  for (const auto& mutant : exercise.mutants) {
    if (!seen.insert(mutant.name).second)
      top.fail("lists the mutant " + mutant.name + " twice");
  }
}

void check_id(TomlTable& top, const Exercise& exercise) {
  const std::string number = number_of(exercise.lesson);
  static const std::regex form(R"(\d+\.\d+)");
  if (!std::regex_match(exercise.id, form) || !exercise.id.starts_with(number + ".")) {
    top.fail_at(
        "id", "must be " + number + ".1, " + number + ".2, …: it is in lesson " + number);
  }
}

fs::path below_root(const fs::path& root, const fs::path& file) {
  return file.lexically_relative(root);
}

Exercise read_exercise(const fs::path& root, const fs::path& manifest) {
  const toml::table parsed = parse_toml(manifest);
  TomlTable top(parsed, below_root(root, manifest), "this exercise");
  Exercise exercise;
  exercise.manifest = manifest;
  exercise.name = manifest.parent_path().filename().string();
  exercise.lesson = manifest.parent_path().parent_path().filename().string();
  exercise.id = top.text("id");
  exercise.title = top.text("title");
  const std::string file = top.text("file");
  exercise.file = manifest.parent_path() / file;
  exercise.solution = root / "solutions" / exercise.lesson / file;
  exercise.hints = top.texts("hints");
  exercise.steps = read_steps(top);
  exercise.points = read_points(top);
  read_limits(top, exercise);
  exercise.stage_concepts = read_stage_concepts(top);
  exercise.costs = read_costs(top);
  exercise.gates = read_gates(top);
  exercise.mutants = read_mutants(top);
  top.nothing_else();

  check_id(top, exercise);
  if (exercise.hints.size() != 3)
    top.fail_at("hints", "must be three: from a nudge to nearly the answer");
  check_points(top, exercise);
  check_declared(top, exercise, Stage::cost, !exercise.costs.empty());
  check_declared(top, exercise, Stage::gate, !exercise.gates.empty());
  check_names(top, exercise);
  return exercise;
}

std::map<std::string, Concept> load_concepts(const fs::path& root) {
  std::map<std::string, Concept> concepts;
  const fs::path file = root / "autograder" / "concepts.toml";
  if (!fs::exists(file)) return concepts;
  const toml::table parsed = parse_toml(file);
  TomlTable top(parsed, below_root(root, file), "this file");
  if (!top.has("concept")) return concepts;
  TomlTable all = top.table("concept");
  for (const auto& name : all.keys()) {
    TomlTable entry = all.table(name.c_str());
    concepts[name] = {entry.text("means"), entry.text("lesson")};
    entry.nothing_else();
  }
  top.nothing_else();
  return concepts;
}

// "2.10" comes after "2.9".
bool by_id(const Exercise& left, const Exercise& right) {
  const auto parts = [](const std::string& id) {
    const std::size_t dot = id.find('.');
    return std::pair(std::stoi(id), std::stoi(id.substr(dot + 1)));
  };
  return parts(left.id) < parts(right.id);
}

bool names(const std::string& id, const Exercise& exercise) {
  const std::string number = number_of(exercise.lesson);
  const std::string lesson_name = exercise.lesson.substr(exercise.lesson.find('-') + 1);
  const std::string padded = exercise.lesson.substr(0, exercise.lesson.find('-'));
  return id == exercise.id || id == exercise.name || id == number || id == padded ||
         id == exercise.lesson || id == lesson_name;
}

[[noreturn]] void fail_to_find(const std::string& id,
                               const std::vector<Exercise>& exercises) {
  std::vector<std::string> known;
  for (const auto& exercise : exercises) {
    known.insert(known.end(), {exercise.name, exercise.id, exercise.lesson,
                               exercise.lesson.substr(exercise.lesson.find('-') + 1)});
  }
  const std::string guess = nearest(id, known);
  throw UnknownId("there is no lesson or exercise `" + id + "`" +
                  did_you_mean(id, known) +
                  (guess.empty() ? "; `autograder/course` lists them all" : ""));
}

}  // namespace

std::vector<Test> Exercise::tests() const {
  std::vector<Test> all;
  for (const auto& step : steps)
    all.insert(all.end(), step.tests.begin(), step.tests.end());
  return all;
}

int Exercise::points_of(Stage stage) const {
  if (stage == Stage::unit) {
    int sum = 0;
    for (const auto& step : steps) sum += step.points;
    return sum;
  }
  const auto found = points.find(stage);
  return found == points.end() ? 0 : found->second;
}

Exercise load_exercise(const fs::path& root, const fs::path& manifest) {
  return read_exercise(root, manifest);
}

Course load_course(const fs::path& root) {
  Course course;
  course.root = root;
  course.concepts = load_concepts(root);
  if (!fs::exists(root / "exercises")) return course;
  for (const auto& entry : fs::recursive_directory_iterator(root / "exercises")) {
    if (entry.path().filename() == "exercise.toml") {
      course.exercises.push_back(read_exercise(root, entry.path()));
    }
  }
  std::sort(course.exercises.begin(), course.exercises.end(), by_id);
  for (std::size_t i = 1; i < course.exercises.size(); ++i) {
    if (course.exercises[i - 1].id == course.exercises[i].id) {
      throw ManifestError(below_root(root, course.exercises[i].manifest).string() +
                          ":1: the id " + course.exercises[i].id + " is taken by " +
                          course.exercises[i - 1].name +
                          "; give this one the next free number");
    }
  }
  return course;
}

std::vector<const Exercise*> Course::select(const std::vector<std::string>& ids) const {
  std::set<const Exercise*> wanted;
  for (const auto& id : ids) {
    const std::size_t before = wanted.size();
    for (const auto& exercise : exercises) {
      if (names(id, exercise)) wanted.insert(&exercise);
    }
    const bool known =
        std::any_of(exercises.begin(), exercises.end(),
                    [&](const Exercise& exercise) { return names(id, exercise); });
    if (wanted.size() == before && !known) fail_to_find(id, exercises);
  }
  std::vector<const Exercise*> out;
  for (const auto& exercise : exercises) {
    if (ids.empty() || wanted.contains(&exercise)) out.push_back(&exercise);
  }
  return out;
}

std::map<int, int> steps_left(const fs::path& file) {
  static const std::regex call(R"(course::todo\(\s*(\d+))");
  std::map<int, int> left;
  std::ifstream in(file);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::string code = line.substr(0, line.find("//"));
    for (std::sregex_iterator at(code.begin(), code.end(), call), end; at != end; ++at) {
      left.try_emplace(std::stoi((*at)[1]), number);
    }
  }
  return left;
}

}  // namespace course::grader
