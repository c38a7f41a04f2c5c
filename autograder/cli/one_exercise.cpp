#include "cli/one_exercise.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace course::cli {

int with_exercise(const Common& common, const std::string& id,
                  const std::function<int(const Exercise&)>& act) {
  const Course course = load_course(common.root);
  std::vector<const Exercise*> named;
  try {
    named = course.select({id});
  } catch (const UnknownId& error) {
    fmt::print(stderr, "course: {}\n", error.what());
    return usage_error;
  }
  if (named.size() == 1) return act(*named.front());
  fmt::print(stderr, "course: {} is a lesson; name one of its exercises:\n", id);
  for (const auto* exercise : named) {
    fmt::print(stderr, "  {:<6} {}\n", exercise->id, exercise->name);
  }
  return usage_error;
}

void add_for_exercise(const CommandLine& line, const char* name, const char* about,
                      int (*command)(const Common&, const std::string& id)) {
  static std::string id;  // one command is read
  auto* added = line.app.add_subcommand(name, about);
  added->add_option("ID", id, "The exercise")->required();
  added->callback([=] { line.action = [=] { return command(line.common, id); }; });
}

std::string shown(const Common& common, const std::filesystem::path& file) {
  return file.lexically_relative(common.root).string();
}

}  // namespace course::cli
