#include "experiments/machine_words.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <regex>

#include "machine/usable_cores.hpp"

namespace course::experiments {
namespace {

namespace fs = std::filesystem;

class MachineWords : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(tree_ / "CMakeFiles" / "3.25.1"); }
  void TearDown() override { fs::remove_all(tree_); }

  void write(const fs::path& file, const std::string& text) {
    std::ofstream(tree_ / file) << text;
  }

  const fs::path tree_ =
      fs::temp_directory_path() / ("machine-test-" + std::to_string(::getpid()));
  const unsigned cores_ = machine::usable_cores();
  const std::string cores_words_ =
      fmt::format("{} core{}", cores_, cores_ == 1 ? "" : "s");
};

TEST_F(MachineWords, NameProcessorCoresAndCompiler) {
  write("cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 7B13\n");
  write("CMakeFiles/3.25.1/CMakeCXXCompiler.cmake",
        "set(CMAKE_CXX_COMPILER \"/usr/bin/c++\")\nset(CMAKE_CXX_COMPILER_ID \"GNU\")\n"
        "set(CMAKE_CXX_COMPILER_VERSION \"12.2.0\")\n");
  EXPECT_EQ(machine_words(tree_, tree_ / "cpuinfo"),
            "AMD EPYC 7B13, " + cores_words_ + ", g++ 12.2.0");
}

TEST_F(MachineWords, LeaveOutWhatCannotBeRead) {
  write("cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
  EXPECT_TRUE(std::regex_match(machine_words(tree_, tree_ / "cpuinfo"),
                               std::regex("[a-z0-9_]+ processor, " + cores_words_)));
}

TEST(Today, IsADate) {
  EXPECT_TRUE(std::regex_match(today(), std::regex("20[0-9]{2}-[01][0-9]-[0-3][0-9]")));
}

}  // namespace
}  // namespace course::experiments
