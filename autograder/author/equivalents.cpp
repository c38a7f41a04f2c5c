#include "author/equivalents.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalogue/files.hpp"
#include "catalogue/toml_table.hpp"

namespace course::author {

namespace fs = std::filesystem;

bool Equivalent::is(const Mutation& mutation) const {
  return rule == mutation.rule && was == mutation.was && becomes == mutation.becomes &&
         nth == mutation.nth;
}

fs::path equivalents_file(const fs::path& root, const Exercise& exercise) {
  return root / "autograder" / "mutants" / exercise.lesson / exercise.name /
         "equivalent.toml";
}

std::vector<Equivalent> equivalents_of(const fs::path& root, const Exercise& exercise) {
  const fs::path file = equivalents_file(root, exercise);
  if (!fs::exists(file)) return {};
  const toml::table parsed = parse_toml(file);
  TomlTable top(parsed, file, "the file");
  std::vector<Equivalent> all;
  for (auto& entry : top.tables("equivalent")) {
    Equivalent one;
    one.rule = entry.text("rule");
    one.was = entry.text("was");
    one.becomes = entry.text("becomes");
    one.reason = entry.text("reason");
    one.line = entry.line_of("rule");
    if (entry.has("nth")) one.nth = static_cast<std::size_t>(entry.integer("nth"));
    entry.nothing_else();
    all.push_back(std::move(one));
  }
  top.nothing_else();
  return all;
}

std::vector<std::string> stale_equivalents(const fs::path& root,
                                           const Exercise& exercise) {
  const std::vector<Equivalent> recorded = equivalents_of(root, exercise);
  if (recorded.empty()) return {};
  const std::vector<Mutation> made =
      mutations_of(exercise.solution, read_file(exercise.solution));
  std::vector<std::string> stale;
  for (const Equivalent& one : recorded) {
    const auto is_made = [&](const Mutation& mutation) { return one.is(mutation); };
    if (std::any_of(made.begin(), made.end(), is_made)) continue;
    stale.push_back(fmt::format(
        "{}:{}: no rule makes this mutant any more; take it out, and let `course author "
        "mutate {}` say what is made instead",
        equivalents_file(root, exercise).lexically_relative(root).string(), one.line,
        exercise.id));
  }
  return stale;
}

}  // namespace course::author
