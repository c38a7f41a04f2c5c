#include "student/watch.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"
#include "cli/one_exercise.hpp"
#include "cli/terminal.hpp"

namespace course::cli {
namespace {

struct WatchOptions {
  std::string id;               // empty: the file saved last
  std::string format = "text";  // of `grade`
};

// This program again, to grade one exercise as this run was asked to.
std::vector<std::string> grade_command(const Common& common, const std::string& format,
                                       const std::string& id) {
  std::vector<std::string> words{
      std::filesystem::read_symlink("/proc/self/exe").string(), "grade", id,
      coloured(common.colour) ? "--color=always" : "--color=never", "--format=" + format};
  if (!common.compiler.empty()) words.push_back("--compiler=" + common.compiler);
  return words;
}

int watch_files(const Common& common, const WatchOptions& options,
                const std::vector<student::WatchedFile>& files,
                const std::string& first) {
  fmt::print("Watching {}. Save to grade; Ctrl-C ends.\n",
             files.size() == 1 ? shown(common, files.front().file)
                               : fmt::format("{} exercises", files.size()));
  std::fflush(stdout);
  student::Watch watch(files, [&](const std::string& id) {
    return grade_command(common, options.format, id);
  });
  watch.run(first);
  return all_passed;
}

int watch(const Common& common, const WatchOptions& options) {
  if (!options.id.empty()) {
    return with_exercise(common, options.id, [&](const Exercise& exercise) {
      return watch_files(common, options, {{exercise.id, exercise.file}}, exercise.id);
    });
  }
  const Course course = load_course(common.root);
  std::vector<student::WatchedFile> files;
  for (const auto& exercise : course.exercises)
    files.push_back({exercise.id, exercise.file});
  return watch_files(common, options, files, "");
}

}  // namespace

void add_watch(const CommandLine& line) {
  static WatchOptions options;
  auto* command = line.app.add_subcommand("watch", "Grade again at each save");
  command->add_option("ID", options.id, "The exercise; the one saved last if none");
  command->add_option("--format", options.format, "text or gcc, as of `grade`")
      ->check(CLI::IsMember({"text", "gcc"}))
      ->type_name("FORMAT");
  command->callback([=] { line.action = [=] { return watch(line.common, options); }; });
}

}  // namespace course::cli
