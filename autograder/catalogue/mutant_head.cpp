#include "catalogue/mutant_head.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "catalogue/nearest.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> keys{"mistake", "caught by", "concept", "tests"};

struct Line {
  std::string text;
  int number = 0;
};

// Words apart, with or without commas.
std::vector<std::string> words_of(std::string text) {
  std::replace(text.begin(), text.end(), ',', ' ');
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

class Head {
 public:
  Head(fs::path shown, std::istream& in) : shown_(std::move(shown)) {
    std::string last;
    int number = 0;
    for (std::string line; std::getline(in, line) && !line.starts_with("--- ");) {
      ++number;
      const std::size_t first = line.find_first_not_of(' ');
      if (first == line.npos) continue;
      if (first > 0 && !last.empty()) {
        lines_[last].text += line.substr(first - 1);
      } else {
        last = add(line, number);
      }
    }
  }

  const Line& operator[](const std::string& key) const {
    const auto found = lines_.find(key);
    if (found == lines_.end()) {
      fail(1, "its head lacks the line `" + key +
                  ": …`; it needs `mistake`, `caught by`, `concept` and `tests`");
    }
    return found->second;
  }

  [[noreturn]] void fail(int line, const std::string& what) const {
    throw ManifestError(shown_, line, what);
  }

  [[noreturn]] void fail_to_find(int line, const std::string& what,
                                 const std::string& name,
                                 const std::vector<std::string>& known) const {
    std::string list;
    for (const auto& one : known) list += (list.empty() ? "" : ", ") + one;
    const bool near = !nearest(name, known).empty();
    fail(line, "there is no " + what + " `" + name + "`" +
                   (near ? did_you_mean(name, known) : "; there are " + list));
  }

 private:
  // Returns the key of `line`.
  std::string add(const std::string& line, int number) {
    const std::size_t colon = line.find(": ");
    const std::string key = line.substr(0, colon);
    if (colon == line.npos || std::find(keys.begin(), keys.end(), key) == keys.end()) {
      fail(number, "a mutant's head has no line `" + key + "`" + did_you_mean(key, keys));
    }
    const bool fresh =
        lines_.try_emplace(key, Line{line.substr(colon + 2), number}).second;
    if (!fresh) fail(number, "the head says `" + key + "` twice");
    return key;
  }

  const fs::path shown_;
  std::map<std::string, Line> lines_;
};

std::vector<Stage> read_stages(const Head& head) {
  const Line& line = head["caught by"];
  std::vector<std::string> known;
  for (const Stage stage : all_stages) known.emplace_back(name_of(stage));
  std::vector<Stage> stages;
  for (const auto& name : words_of(line.text)) {
    const auto stage = stage_named(name);
    if (!stage) head.fail_to_find(line.number, "stage", name, known);
    if (!stages.empty() && *stage <= stages.back()) {
      head.fail(line.number, "`" + name + "` comes before `" +
                                 std::string(name_of(stages.back())) +
                                 "` in a grading; list the stages in that order");
    }
    stages.push_back(*stage);
  }
  if (stages.empty()) head.fail(line.number, "`caught by` names no stage");
  return stages;
}

// What `stage` judges by name. The compiler judges nothing so.
std::vector<std::string> judged_in(Stage stage, const Exercise& exercise) {
  std::vector<std::string> names;
  if (stage == Stage::gate) {
    for (const auto& gate : exercise.gates) names.push_back(gate.name);
  } else if (stage == Stage::cost) {
    for (const auto& cost : exercise.costs) names.push_back(cost.test);
  } else {
    for (const auto& test : exercise.tests()) names.push_back(test.name);
  }
  return names;
}

std::vector<std::string> read_tests(const Head& head, Stage first,
                                    const Exercise& exercise) {
  if (first == Stage::build) return {};
  const Line& line = head["tests"];
  const std::vector<std::string> known = judged_in(first, exercise);
  const std::string what =
      first == Stage::gate ? "gate" : (first == Stage::cost ? "cost test" : "test");
  std::vector<std::string> tests = words_of(line.text);
  for (const auto& test : tests) {
    if (std::find(known.begin(), known.end(), test) == known.end()) {
      head.fail_to_find(line.number, what, test, known);
    }
  }
  if (tests.empty()) head.fail(line.number, "`tests` names no " + what);
  return tests;
}

}  // namespace

void add_mutant(const fs::path& root, const fs::path& diff, Exercise& exercise) {
  std::ifstream in(diff);
  const fs::path shown = diff.lexically_relative(root);
  const Head head(shown, in);
  Mutant mutant;
  mutant.name = diff.stem();
  mutant.mistake = head["mistake"].text;
  mutant.caught_by = read_stages(head);
  mutant.concept_name = head["concept"].text;
  mutant.tests = read_tests(head, mutant.caught_by.front(), exercise);
  exercise.mentions.push_back({mutant.concept_name, shown, head["concept"].number});
  exercise.mutants.push_back(std::move(mutant));
}

}  // namespace course
