#include "author/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "author/links.hpp"
#include "author/markdown.hpp"
#include "author/shape.hpp"
#include "author/starters.hpp"
#include "author/weave.hpp"
#include "catalogue/files.hpp"
#include "catalogue/lesson.hpp"
#include "catalogue/nearest.hpp"
#include "grader/promises.hpp"
#include "grader/result.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

using Messages = std::vector<std::string>;

void append(Messages& all, const Messages& more) {
  all.insert(all.end(), more.begin(), more.end());
}

Messages starters_not_as_generated(const fs::path& root) try {
  Messages messages;
  for (const Stale& stale : stale_starters(root)) {
    messages.push_back(
        Mistake(stale.starter.lexically_relative(root), stale.line,
                "is not what its solution gives; run `autograder/course author "
                "starters`")
            .what());
  }
  return messages;
} catch (const Mistake& mistake) {
  return {mistake.what()};
}

Messages texts_not_as_woven(const fs::path& root) {
  Messages messages;
  for (const fs::path& file : texts_in(root)) {
    const std::string text = read_file(file);
    const Woven woven = weave(root, file, text);
    append(messages, woven.mistakes);
    if (const std::size_t line = first_difference(text, woven.text)) {
      messages.push_back(
          Mistake(file.lexically_relative(root), line,
                  "is not what its sources give; run `autograder/course author "
                  "weave`")
              .what());
    }
  }
  return messages;
}

// The checks of one exercise; each adds what it finds to `messages`.
class Inspection {
 public:
  Inspection(const Course& course, const Exercise& exercise)
      : course_(course), exercise_(exercise) {}

  Messages messages() {
    append(messages_, lacks_of_exercise(course_.root, exercise_));
    inspect_declarations();
    inspect_concepts();
    return std::move(messages_);
  }

 private:
  void inspect_declarations() {
    for (const auto& hint : exercise_.hints) {
      if (trimmed(hint).empty()) lacks("a hint is empty");
    }
    for (const auto& promise : grader::promises_of(exercise_, {})) {
      if (promise.of > 0) continue;
      lacks(fmt::format("{} ({}) earns no points", heading_of(promise), promise.title));
    }
    if (exercise_.mutants.empty()) {
      lacks(fmt::format("has no mutant; put a diff into autograder/mutants/{}/{}/",
                        exercise_.lesson, exercise_.name));
    }
  }

  void inspect_concepts() {
    std::vector<std::string> known;
    for (const auto& [name, found] : course_.concepts) known.push_back(name);
    for (const auto& mention : exercise_.mentions) {
      if (course_.concepts.contains(mention.concept_name)) continue;
      const std::string guess = did_you_mean(mention.concept_name, known);
      const std::string remedy = fmt::format(
          "; declare it in lessons/{}/concepts.toml, and explain it in the "
          "README.md beside it",
          exercise_.lesson);
      messages_.push_back(
          Mistake(mention.file, static_cast<std::size_t>(mention.line),
                  fmt::format("no lesson has the concept \"{}\"{}", mention.concept_name,
                              guess.empty() ? remedy : guess))
              .what());
    }
  }

  void lacks(const std::string& what) {
    const fs::path manifest = exercise_.manifest.lexically_relative(course_.root);
    messages_.push_back(Mistake(manifest, 0, what).what());
  }

  const Course& course_;
  const Exercise& exercise_;
  Messages messages_;
};

}  // namespace

Messages stale_texts(const fs::path& root) {
  Messages messages = starters_not_as_generated(root);
  append(messages, texts_not_as_woven(root));
  append(messages, broken_links(root));
  append(messages, broken_concepts(root));
  for (const fs::path& lesson : lesson_folders(root / "lessons"))
    append(messages, lacks_of_lesson(root, lesson.filename()));
  append(messages, left_to_write(root));
  return messages;
}

Messages missing_parts(const Course& course, const Exercise& exercise) {
  return Inspection(course, exercise).messages();
}

}  // namespace course::author
