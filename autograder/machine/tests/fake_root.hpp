// A folder that stands for / while a test lasts.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace course::machine {

class FakeRoot : public testing::Test {
 protected:
  FakeRoot() {
    std::string name = testing::TempDir() + "machine-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("no folder for the test");
    root_ = name;
  }
  ~FakeRoot() override { std::filesystem::remove_all(root_); }

  // `path` below the root, without the leading slash.
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << '\n';
  }

  std::filesystem::path root_;
};

}  // namespace course::machine
