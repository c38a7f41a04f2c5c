#include <fmt/format.h>

#include <cstdio>
#include <random>

#include "author/equivalents.hpp"
#include "author/mutate.hpp"
#include "author/workshop_grading.hpp"
#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"
#include "cli/commands.hpp"
#include "grader/stages.hpp"

namespace course::cli {
namespace {

namespace fs = std::filesystem;

struct MutateOptions {
  std::vector<std::string> ids;
  bool list = false;  // what would be made; nothing is built
};

void print_change(const author::Mutation& mutation) {
  fmt::print("  {}{}\n    {}\n    -> {}\n", mutation.rule,
             mutation.nth > 1 ? fmt::format(", number {}", mutation.nth) : "",
             mutation.was, mutation.becomes);
}

void list_mutations(const Course& course, const Exercise& exercise) {
  const auto made = author::mutations_of(exercise.solution, read_file(exercise.solution));
  const fs::path solution = exercise.solution.lexically_relative(course.root);
  for (const auto& mutation : made) {
    fmt::print("{}:{}\n", solution.string(), mutation.line);
    print_change(mutation);
  }
  fmt::print("{}: {} made\n", exercise.name, made.size());
}

std::string words_for(const author::MadeMutant& trial) {
  switch (trial.fate) {
    case author::Fate::does_not_build:
      return "does not build";
    case author::Fate::caught:
      return fmt::format("caught by {}", name_of(trial.stage));
    case author::Fate::equivalent:
      return "equivalent";
    case author::Fate::unsettled:
      return "not caught, and a stage could not tell";
    case author::Fate::survives:
      break;
  }
  return "not caught";
}

// The mutants that are left, each as it would stand in equivalent.toml but for the reason.
bool print_left(const Course& course, const Exercise& exercise,
                const std::vector<author::MadeMutant>& made) {
  const fs::path solution = exercise.solution.lexically_relative(course.root);
  bool left = false;
  for (const auto& trial : made) {
    if (trial.fate != author::Fate::survives && trial.fate != author::Fate::unsettled) {
      continue;
    }
    left = true;
    fmt::print("{}:{}: {}\n", solution.string(), trial.mutation.line, words_for(trial));
    print_change(trial.mutation);
  }
  if (left) {
    fmt::print(
        "Each is a hole, which wants a test, or is as right as the solution: then record "
        "it, "
        "with the\nreason, in {}.\n",
        author::equivalents_file(course.root, exercise)
            .lexically_relative(course.root)
            .string());
  }
  return left;
}

int mutate(const Common& common, const MutateOptions& options) {
  const Course course = load_course(common.root);
  const auto exercises = course.select(options.ids);
  if (options.list) {
    for (const auto* exercise : exercises) list_mutations(course, *exercise);
    return all_passed;
  }
  grader::Workshop workshop(course, grader::Trees(common.root, common.compiler),
                            std::random_device{}());
  author::WorkshopGrading grading(workshop);
  bool left = false;
  for (const auto* exercise : exercises) {
    const auto place = [&](std::string_view preset, const grader::Subject& subject) {
      return subject.file(workshop.trees.tree(preset));
    };
    const auto tell = [&](const author::MadeMutant& trial) {
      fmt::print("{} {:4}  {:<32} {}\n", exercise->name, trial.mutation.line,
                 trial.mutation.rule, words_for(trial));
      std::fflush(stdout);
    };
    author::Memory memory(workshop.trees.tree("student") / "mutate" /
                          (exercise->name + ".json"));
    const auto made =
        author::try_mutations({*exercise, common.root, place, tell}, grading, memory);
    fmt::print("\n");
    left |= print_left(course, *exercise, made);
    fmt::print("{} {}: {}\n\n", exercise->id, exercise->name, author::summary_of(made));
  }
  return left ? something_failed : all_passed;
}

int author_mutate(const Common& common, const MutateOptions& options) {
  try {
    return mutate(common, options);
  } catch (const UnknownId& error) {
    fmt::print(stderr, "course: {}\n", error.what());
    return usage_error;
  } catch (const std::system_error&) {
    throw;                                 // the machine's fault
  } catch (const std::exception& error) {  // Mistake, ManifestError
    fmt::print(stderr, "course: {}\n", error.what());
    return something_failed;
  }
}

}  // namespace

void add_author_mutate(const CommandLine& line) {
  static MutateOptions options;
  auto* command = line.app.add_subcommand(
      "mutate", "Make mistakes by rule; list what no stage catches");
  command->add_option("ID", options.ids, "Only these exercises or lessons");
  command->add_flag("--list", options.list, "Only list what would be made");
  command->callback(
      [=] { line.action = [=] { return author_mutate(line.common, options); }; });
}

}  // namespace course::cli
