#include <fmt/format.h>

#include <cstdio>

#include "author/links.hpp"
#include "author/markdown.hpp"
#include "author/weave.hpp"
#include "catalogue/files.hpp"
#include "cli/commands.hpp"

namespace course::cli {
namespace {

struct WeaveOptions {
  bool check = false;  // change nothing, fail if anything would change
};

int print_mistakes(const std::vector<std::string>& mistakes) {
  for (const auto& mistake : mistakes) fmt::print(stderr, "{}\n", mistake);
  return static_cast<int>(mistakes.size());
}

int author_weave(const Common& common, const WeaveOptions& options) {
  int stale = 0;
  int mistakes = 0;
  for (const auto& file : author::texts_in(common.root)) {
    const std::string text = read_file(file);
    const author::Woven woven = author::weave(common.root, file, text);
    mistakes += print_mistakes(woven.mistakes);
    const std::size_t line = first_difference(text, woven.text);
    if (line == 0) continue;
    const std::string name = file.lexically_relative(common.root).string();
    ++stale;
    if (options.check) {
      fmt::print("{}:{}: is not what its sources give\n", name, line);
    } else {
      write_file(file, woven.text);
      fmt::print("wrote {}\n", name);
    }
  }
  mistakes += print_mistakes(author::broken_links(common.root));
  mistakes += print_mistakes(author::broken_concepts(common.root));
  if (options.check && stale > 0) {
    fmt::print("\nTo write {}: autograder/course author weave\n",
               stale == 1 ? "it" : "them");
  }
  if (stale == 0 && mistakes == 0)
    fmt::print("Every text quotes what its sources give.\n");
  return mistakes == 0 && (stale == 0 || !options.check) ? all_passed : something_failed;
}

}  // namespace

void add_author_weave(const CommandLine& line) {
  static WeaveOptions options;
  auto* command =
      line.app.add_subcommand("weave", "Write code and output into the texts");
  command->add_flag("--check", options.check,
                    "Change nothing; fail if anything would change");
  command->callback(
      [=] { line.action = [=] { return author_weave(line.common, options); }; });
}

}  // namespace course::cli
