#include "catalogue/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include "catalogue/lesson.hpp"
#include "catalogue/mutant_head.hpp"
#include "catalogue/nearest.hpp"
#include "catalogue/step_tests.hpp"
#include "catalogue/toml_table.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> countable{"atomics",     "read-modify-writes", "locks",
                                         "allocations", "wake-ups",           "spins"};

std::string read_concept(TomlTable& entry, Exercise& exercise) {
  const std::string name = entry.text("concept");
  exercise.mentions.push_back({name, entry.file(), entry.line_of("concept")});
  return name;
}

std::vector<Step> read_steps(TomlTable& top) {
  std::vector<Step> steps;
  for (auto& entry : top.tables("step")) {
    const int number = static_cast<int>(steps.size()) + 1;
    steps.push_back({number, entry.text("title"), entry.integer("points"), {}});
    entry.nothing_else();
  }
  if (steps.empty()) top.fail("needs at least one [[step]]");
  return steps;
}

void read_tests(const fs::path& root, Exercise& exercise) {
  const fs::path source = exercise.manifest.parent_path() / (exercise.name + "_test.cpp");
  const fs::path shown = source.lexically_relative(root);
  const int steps = static_cast<int>(exercise.steps.size());
  for (auto& test : read_step_tests(root, source)) {
    if (test.step < 1 || test.step > steps) {
      throw ManifestError(shown, test.line,
                          fmt::format("{} holds step {}, and exercise.toml has {}",
                                      test.name, test.step, steps));
    }
    if (!test.concept_name.empty()) {
      exercise.mentions.push_back({test.concept_name, shown, test.line});
    }
    exercise.steps[static_cast<std::size_t>(test.step - 1)].tests.push_back(
        std::move(test));
  }
  for (const auto& step : exercise.steps) {
    if (!step.tests.empty()) continue;
    throw ManifestError(shown, 1,
                        fmt::format("no test holds step {} ({}); write STEP_TEST({}, …)",
                                    step.number, step.title, step.number));
  }
}

// The step that the test of that name holds; 0 if there is no such test.
int step_of(const std::string& test, const Exercise& exercise) {
  for (const auto& known : exercise.tests()) {
    if (known.name == test) return known.step;
  }
  return 0;
}

void read_stage_concepts(TomlTable& top, Exercise& exercise) {
  if (!top.has("stage")) return;
  TomlTable table = top.table("stage");
  for (const Stage stage : all_stages) {
    const std::string name(name_of(stage));
    if (!table.has(name.c_str())) continue;
    TomlTable entry = table.table(name.c_str());
    exercise.stage_concepts[stage] = read_concept(entry, exercise);
    entry.nothing_else();
  }
  table.nothing_else();
}

void read_costs(TomlTable& top, Exercise& exercise) {
  for (auto& entry : top.tables("cost")) {
    CostLimit cost;
    cost.test = entry.text("test");
    cost.operation = entry.text("operation");
    cost.concept_name = read_concept(entry, exercise);
    cost.reason = entry.text("reason");
    if (entry.has("points")) {
      cost.points = entry.integer("points");
    } else {
      cost.step = step_of(cost.test, exercise);
    }
    TomlTable limits = entry.table("limits");
    for (const auto& counted : countable) {
      if (limits.has(counted.c_str()))
        cost.limits[counted] = limits.number(counted.c_str());
    }
    limits.nothing_else();
    if (cost.limits.empty()) entry.fail_at("limits", "must limit something");
    entry.nothing_else();
    exercise.costs.push_back(std::move(cost));
  }
}

GateRule::Kind kind_of_gate(TomlTable& entry) {
  const std::map<std::string, GateRule::Kind> kinds{{"ratio", GateRule::Kind::ratio},
                                                    {"scaling", GateRule::Kind::scaling},
                                                    {"gain", GateRule::Kind::gain},
                                                    {"claim", GateRule::Kind::claim}};
  const auto found = kinds.find(entry.text("kind"));
  if (found == kinds.end()) {
    entry.fail_at("kind", R"(must be "ratio", "scaling", "gain" or "claim")");
  }
  return found->second;
}

void read_gates(TomlTable& top, Exercise& exercise) {
  for (auto& entry : top.tables("gate")) {
    GateRule gate;
    gate.name = entry.text("name");
    gate.kind = kind_of_gate(entry);
    if (gate.kind != GateRule::Kind::ratio) gate.threads = entry.integer("threads");
    const bool claim = gate.kind == GateRule::Kind::claim;
    if (claim || gate.kind == GateRule::Kind::gain) gate.over = entry.text("over");
    if (claim) gate.claimed = entry.text("claimed");
    if (entry.has("told")) gate.told = entry.number("told");
    if (gate.told <= 0 || gate.told > 1)
      entry.fail_at("told", "must be above 0 and at most 1");
    if (entry.has("step")) {
      gate.step = entry.integer("step");
      if (gate.step < 1 || gate.step > static_cast<int>(exercise.steps.size())) {
        entry.fail_at("step", "must be one of the exercise's steps");
      }
    } else {
      gate.points = entry.integer("points");
    }
    gate.concept_name = read_concept(entry, exercise);
    gate.reason = entry.text("reason");
    entry.nothing_else();
    exercise.gates.push_back(std::move(gate));
  }
}

void read_allowed(TomlTable& top, Exercise& exercise) {
  for (auto& entry : top.tables("allowed")) {
    exercise.allowed.push_back({entry.text("name"), entry.text("reason")});
    if (exercise.allowed.back().reason.empty()) {
      entry.fail_at("reason", "must say what needs it");
    }
    entry.nothing_else();
  }
}

void read_limits(TomlTable& top, Exercise& exercise) {
  if (!top.has("limits")) return;
  TomlTable limits = top.table("limits");
  if (limits.has("test_seconds")) exercise.test_seconds = limits.number("test_seconds");
  if (limits.has("stage_seconds"))
    exercise.stage_seconds = limits.number("stage_seconds");
  limits.nothing_else();
}

// --- what stands elsewhere -------------------------------------------------------------

void read_mutants(const fs::path& root, Exercise& exercise) {
  const fs::path folder =
      root / "autograder" / "mutants" / exercise.lesson / exercise.name;
  if (!fs::is_directory(folder)) return;
  std::set<fs::path> diffs;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() == "equivalent.toml") continue;
    diffs.insert(entry.path());
  }
  for (const auto& diff : diffs) add_mutant(root, diff, exercise);
}

// --- what must agree with what ---------------------------------------------------------

void check_points(const TomlTable& top, const Exercise& exercise) {
  int steps = 0;
  int costs = 0;
  int gates = 0;
  for (const auto& step : exercise.steps) steps += step.points;
  for (const auto& cost : exercise.costs) costs += cost.points;
  for (const auto& gate : exercise.gates) gates += gate.points;
  if (steps + costs + gates == 100) return;
  top.fail(
      fmt::format("gives {} points: its steps {}, its costs {}, its gates {}; all "
                  "together they must give 100",
                  steps + costs + gates, steps, costs, gates));
}

void check_costs(const TomlTable& top, const Exercise& exercise) {
  std::vector<std::string> known;
  for (const auto& test : exercise.tests()) known.push_back(test.name);
  std::set<std::string> operations;
  for (const auto& cost : exercise.costs) {
    if (!operations.insert(cost.operation).second) {
      top.fail("has two [[cost]] of the operation `" + cost.operation +
               "`; give one of them another name, also in its test");
    }
    if (std::find(known.begin(), known.end(), cost.test) != known.end()) continue;
    top.fail("has a [[cost]] of the test `" + cost.test + "`, which is not there" +
             did_you_mean(cost.test, known));
  }
}

void check_id(TomlTable& top, const Exercise& exercise) {
  const std::string number = lesson_of(exercise.lesson).short_number();
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
  exercise.otherwise = top.text("otherwise");
  const std::string file = exercise.name + ".hpp";
  exercise.file = manifest.parent_path() / file;
  exercise.solution = root / "solutions" / exercise.lesson / file;
  exercise.hints = top.texts("hints");
  exercise.steps = read_steps(top);
  read_tests(root, exercise);
  read_limits(top, exercise);
  read_stage_concepts(top, exercise);
  read_costs(top, exercise);
  read_gates(top, exercise);
  read_allowed(top, exercise);
  top.nothing_else();
  read_mutants(root, exercise);

  check_id(top, exercise);
  if (exercise.hints.size() != 3)
    top.fail_at("hints", "must be three: from a nudge to nearly the answer");
  check_points(top, exercise);
  check_costs(top, exercise);
  return exercise;
}

// "lost wake-up" -> "lost-wake-up", as its heading is linked.
std::string anchor_of(std::string concept_name) {
  std::replace(concept_name.begin(), concept_name.end(), ' ', '-');
  return concept_name;
}

void add_concepts(const fs::path& root, const fs::path& file,
                  std::map<std::string, Concept>& concepts) {
  const toml::table parsed = parse_toml(file);
  const fs::path shown = below_root(root, file);
  TomlTable top(parsed, shown, "this file");
  for (const auto& name : top.keys()) {
    TomlTable entry = top.table(name.c_str());
    const int line = top.line_of(name.c_str());
    const Concept found{entry.text("means"),
                        (shown.parent_path() / "README.md#").string() + anchor_of(name),
                        fmt::format("{}:{}", shown.string(), line)};
    entry.nothing_else();
    const auto [first, fresh] = concepts.try_emplace(name, found);
    if (!fresh) {
      throw ManifestError(
          shown, line,
          fmt::format("the concept \"{}\" is at {} already; a concept has "
                      "one home, and other lessons name it",
                      name, first->second.place));
    }
  }
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
  return id == exercise.id || id == exercise.name ||
         lesson_of(exercise.lesson).is_named(id);
}

[[noreturn]] void fail_to_find(const std::string& id,
                               const std::vector<Exercise>& exercises) {
  std::vector<std::string> known;
  for (const auto& exercise : exercises) {
    known.insert(known.end(), {exercise.name, exercise.id, exercise.lesson,
                               lesson_of(exercise.lesson).name});
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

Exercise load_exercise(const fs::path& root, const fs::path& manifest) {
  return read_exercise(root, manifest);
}

std::map<std::string, Concept> load_concepts(const fs::path& root) {
  std::map<std::string, Concept> concepts;
  if (!fs::exists(root / "lessons")) return concepts;
  // In their order, so that the first one is a concept's home.
  std::set<fs::path> lessons;
  for (const auto& entry : fs::directory_iterator(root / "lessons")) {
    lessons.insert(entry.path());
  }
  for (const auto& lesson : lessons) {
    const fs::path file = lesson / "concepts.toml";
    if (fs::exists(file)) add_concepts(root, file, concepts);
  }
  return concepts;
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
      throw ManifestError(below_root(root, course.exercises[i].manifest), 1,
                          "the id " + course.exercises[i].id + " is taken by " +
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

}  // namespace course
