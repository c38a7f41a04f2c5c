#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "catalogue/manifest.hpp"
#include "cli/browser.hpp"
#include "cli/commands.hpp"
#include "experiments/program.hpp"
#include "grader/what_next.hpp"
#include "present/lesson_screens.hpp"
#include "present/presentation.hpp"
#include "present/server.hpp"

namespace course::cli {
namespace {

struct PresentOptions {
  std::string lesson;  // empty: the one that is next
  bool quick = false;
  bool open = false;
};

Lesson lesson_for(const Common& common, const PresentOptions& options) {
  if (!options.lesson.empty()) return find_lesson(common.root, options.lesson);
  const auto all = lessons_in(common.root);
  if (all.empty()) throw UnknownId("there is no lesson to present yet");
  const Course course = load_course(common.root);
  for (const grader::State& state : grader::states_of(course)) {
    if (!state.done) return find_lesson(common.root, state.exercise->lesson);
  }
  return all.front();
}

int serve(const Common& common, const PresentOptions& options) {
  const Lesson lesson = lesson_for(common, options);
  const grader::Trees trees(common.root, common.compiler);
  const present::LessonScreens screens(trees, lesson, options.quick);
  present::Presentation presentation(
      screens.deck(), common.root / ".course" / "present" / (lesson.number + ".json"),
      [&](const auto& screen, const auto& show, const std::stop_token& stop) {
        screens.measure(screen, show, stop);
      });
  present::Server server(presentation);
  fmt::print("{}\n{}\nCtrl-C ends.\n", lesson.heading(), server.address());
  std::fflush(stdout);
  if (options.open && !open_in_browser(server.address()))
    std::cerr << "course: no program here opens a page; open the address in a browser\n";
  server.listen();
  return all_passed;
}

int present_lesson(const Common& common, const PresentOptions& options) {
  try {
    return serve(common, options);
  } catch (const UnknownId& unknown) {
    std::cerr << "course: " << unknown.what() << '\n';
    return usage_error;
  } catch (const experiments::BuildFailed& failure) {
    std::cerr << failure.what() << "\ncourse: the lesson could not be built\n";
    return environment_error;
  }
}

}  // namespace

void add_present(const CommandLine& line) {
  static PresentOptions options;
  auto* command = line.app.add_subcommand("present", "Show a lesson to a class");
  command->add_option("LESSON", options.lesson,
                      "Its number or its name; the one that is next if none");
  command->add_flag("--open", options.open, "Open the page in the browser");
  command->add_flag("--quick", options.quick, "Prove that it runs; no real numbers");
  command->callback(
      [=] { line.action = [=] { return present_lesson(line.common, options); }; });
}

}  // namespace course::cli
