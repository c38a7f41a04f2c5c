#include <fmt/format.h>

#include <cstdio>

#include "author/starters.hpp"
#include "catalogue/files.hpp"
#include "cli/commands.hpp"

namespace course::cli {
namespace fs = std::filesystem;

namespace {

struct StartersOptions {
  bool check = false;  // change nothing, fail if anything would change
};

int check(const Common& common, const std::vector<author::Stale>& stale) {
  for (const author::Stale& one : stale) {
    const std::string file = fs::relative(one.starter, common.root).string();
    fmt::print("{}: {}\n", one.line == 0 ? file : fmt::format("{}:{}", file, one.line),
               one.line == 0 ? "is missing" : "is not what its solution gives");
  }
  if (stale.empty()) return all_passed;
  fmt::print("\nTo write {}: autograder/course author starters\n",
             stale.size() == 1 ? "it" : "them");
  return something_failed;
}

int author_starters(const Common& common, const StartersOptions& options) try {
  const std::vector<author::Stale> stale = author::stale_starters(common.root);
  if (options.check) return check(common, stale);
  for (const author::Stale& one : stale) {
    const author::Written written = author::write_starter(common.root, one);
    fmt::print("wrote {}\n", fs::relative(one.starter, common.root).string());
    if (!written.kept.empty()) {
      fmt::print("      what was there is in {}\n",
                 fs::relative(written.kept, common.root).string());
    }
  }
  if (stale.empty()) fmt::print("Every starter is what its solution gives.\n");
  return all_passed;
} catch (const Mistake& mistake) {
  fmt::print(stderr, "{}\n", mistake.what());
  return something_failed;
}

}  // namespace

void add_author_starters(const CommandLine& line) {
  static StartersOptions options;
  auto* command =
      line.app.add_subcommand("starters", "Write the starters from the solutions");
  command->add_flag("--check", options.check,
                    "Change nothing; fail if anything would change");
  command->callback(
      [=] { line.action = [=] { return author_starters(line.common, options); }; });
}

}  // namespace course::cli
