// A new lesson or exercise: all its files, from templates/, that build and run as they are.
// The author then changes them one by one.
//
// In a template's text and in its path these are replaced:
//   @lesson@ 16-name   @number@ 16   @stem@ its_files   @Stem@ ItsType
//   @exercise@ ring    @Exercise@ Ring   @id@ 16.1      @title@ its name   @Title@ Its name
//
// What an author is to write in place of the example is marked "To write: …".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace course::author {

// Both write nothing unless everything can be written: they throw std::invalid_argument,
// saying what to write instead, for a name that is misshapen or taken and for a file that
// is there already. They return what they wrote, in order.

// `lesson` is "NN-name". Writes it in all four trees.
std::vector<std::filesystem::path> scaffold_lesson(const std::filesystem::path& root,
                                                   const std::string& lesson);

// `lesson` is an existing lesson's number or folder, `exercise` the name of the new file.
// Writes the solution, its starter, tests, manifest, gate and first mutant, and adds the
// exercise to the lesson's CMakeLists.txt, to the three texts and to README's map.
std::vector<std::filesystem::path> scaffold_exercise(const std::filesystem::path& root,
                                                     const std::string& lesson,
                                                     const std::string& exercise);

// A file as a template gives it.
struct NewFile {
  std::filesystem::path path;
  std::string text;
};

// What the templates give for a lesson, for an exercise, and for the sections about that
// exercise in its lesson's three texts.
[[nodiscard]] std::vector<NewFile> files_of_lesson(const std::filesystem::path& root,
                                                   const std::string& lesson);
[[nodiscard]] std::vector<NewFile> files_of_exercise(const std::filesystem::path& root,
                                                     const std::string& lesson,
                                                     const std::string& exercise,
                                                     const std::string& id);
[[nodiscard]] std::vector<NewFile> sections_of_exercise(const std::filesystem::path& root,
                                                        const std::string& lesson,
                                                        const std::string& exercise,
                                                        const std::string& id);

// The folder in lessons/ that `lesson` ("16", "16-name") names; empty if none does.
[[nodiscard]] std::string existing_lesson(const std::filesystem::path& root,
                                          const std::string& lesson);

}  // namespace course::author
