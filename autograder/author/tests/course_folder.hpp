// A course in a temporary folder, removed with its object. Used by one thread.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "catalogue/files.hpp"

namespace course::author {

class CourseFolder {
 public:
  CourseFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "course-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("no temporary folder");
    root_ = name;
  }
  ~CourseFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  CourseFolder(const CourseFolder&) = delete;
  CourseFolder& operator=(const CourseFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  std::filesystem::path add(const std::string& file, std::string_view text) {
    write_file(root_ / file, text);
    return root_ / file;
  }

  [[nodiscard]] std::string text(const std::string& file) const {
    return read_file(root_ / file);
  }

 private:
  std::filesystem::path root_;
};

}  // namespace course::author
