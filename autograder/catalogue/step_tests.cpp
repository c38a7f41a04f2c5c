#include "catalogue/step_tests.hpp"

#include <cctype>
#include <fstream>
#include <map>
#include <optional>
#include <regex>

#include "catalogue/files.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

// The macro and its arguments, from where its line begins to its brace.
std::string rest_of_macro(std::string line, std::ifstream& in) {
  while (line.find('{') == line.npos && line.find(';') == line.npos) {
    std::string more;
    if (!std::getline(in, more)) break;
    line += ' ' + more;
  }
  return line;
}

std::optional<Test> step_test_in(const std::string& macro) {
  static const std::regex form(
      R"rx(STEP_TEST(?:_F)?\(\s*(\d{1,3}),\s*(\w+),\s*(\w+)(?:,\s*"([^"]+)")?\s*\)\s*\{.*)rx");
  std::smatch match;
  if (!std::regex_match(macro, match, form)) return std::nullopt;
  return Test{match[2].str() + "." + match[3].str(), match[4].str(), std::stoi(match[1]),
              0};
}

bool is_of_a_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// How many explorations `line` begins, by `explore` or a helper that is called explore_….
std::size_t explorations_in(const std::string& line) {
  constexpr std::string_view name = "explore";
  if (trimmed(line).starts_with("//")) return 0;
  std::size_t count = 0;
  for (std::size_t at = line.find(name); at != line.npos; at = line.find(name, at + 1)) {
    std::size_t end = at + name.size();
    const bool begins = at == 0 || !is_of_a_word(line[at - 1]);
    const bool helper = line[end] == '_';
    while (helper && is_of_a_word(line[end])) ++end;
    count += begins && line[end] == '(' ? 1 : 0;
  }
  return count;
}

// What the body of `test` says of its explorations in this line of it.
void look_for_explorations(const std::string& line, Test& test) {
  test.explorations += explorations_in(line);
  const bool leaves = line.find("explores_schedules()) return") != line.npos;
  if (leaves) test.only_where_explored = true;
}

bool is_test(const std::string& line) {
  static const std::regex opening(R"((STEP_)?TEST(_F)?\(.*)");
  return std::regex_match(line, opening);
}

}  // namespace

std::vector<Test> read_step_tests(const fs::path& root, const fs::path& source) {
  const fs::path shown = source.lexically_relative(root);
  std::ifstream in(source);
  if (!in) throw ManifestError(shown, 1, "cannot be read: it holds the exercise's tests");
  std::vector<Test> tests;
  std::map<std::string, int> lines;
  int number = 0;
  bool in_body = false;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line == "}") in_body = false;
    if (in_body) look_for_explorations(line, tests.back());
    if (!is_test(line)) continue;
    const auto before = in.tellg();
    const std::string macro = rest_of_macro(line, in);
    in.clear();
    in.seekg(before);
    auto found = step_test_in(macro);
    if (!found) {
      throw ManifestError(
          shown, number,
          "this test does not say which step it holds; write STEP_TEST(STEP, "
          "SUITE, NAME) { or STEP_TEST(STEP, SUITE, NAME, \"concept\") {");
    }
    found->line = number;
    const auto [first, fresh] = lines.try_emplace(found->name, number);
    if (!fresh) {
      throw ManifestError(shown, number,
                          "the test " + found->name + " is at line " +
                              std::to_string(first->second) + " already");
    }
    tests.push_back(std::move(*found));
    in_body = true;
  }
  return tests;
}

}  // namespace course
