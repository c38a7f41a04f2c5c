// Where the sources of a built program are.
//
// A compiler cache knows a file of another clone if it has the same name there. A tree that is
// built for one (COURSE_MOVABLE) therefore calls the course's folder `any_folder`, wherever it
// is, in debug information and in __FILE__. What is read there is given its real name here.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace course::reading {

inline constexpr std::string_view any_folder = "/course-sources/";

// The course's folder, with a slash behind it, of a program in one of its trees.
[[nodiscard]] std::string real_folder(const std::filesystem::path& program);

// Names the sources of `program` in `text` by the folder that they are in.
void name_real_folder(std::string& text, const std::filesystem::path& program);

}  // namespace course::reading
