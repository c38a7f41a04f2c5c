// Property: a file is written whole or not at all, and to where it was asked for.
#include "catalogue/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <system_error>
#include <thread>

namespace course {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // How many entries the folder has.
  [[nodiscard]] std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(Files, AreWrittenThroughLinks) {
  fs::create_symlink("real", folder_ / "link");
  fs::create_symlink("link", folder_ / "link to it");
  write_to(folder_ / "link to it", "new");  // where nothing is yet
  EXPECT_EQ(read_file(folder_ / "real"), "new");
  write_to(folder_ / "link to it", "newer");
  EXPECT_EQ(read_file(folder_ / "real"), "newer");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link to it"));
  EXPECT_EQ(entries(), 3);
}

TEST_F(Files, AreWrittenIntoPipes) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string read;
  {
    const std::jthread reader([&] {
      std::ifstream in(pipe);
      in >> read;
    });
    write_to(pipe, "through");
  }
  EXPECT_EQ(read, "through");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(Files, FailWithTheirNameAndTheCause) {
  try {
    write_to("/dev/full", "text");
    FAIL() << "it is full";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_space_on_device);
    EXPECT_EQ(std::string(error.what()),
              "cannot write /dev/full: No space left on device");
  }
  EXPECT_THROW(write_file(folder_, "a folder stands there"), std::system_error);
  EXPECT_EQ(entries(), 0) << "no part of it is left";
}

TEST_F(Files, OfTheProgramMakeWay) {
  const fs::path file = folder_ / "memory" / "grades" / "slot.json";
  write_file(folder_ / "memory", "a file in the place of a folder");
  write_own_file(file, "{}");
  EXPECT_EQ(read_file(file), "{}");
  fs::remove(file);
  fs::create_directories(file / "within");
  write_own_file(file, "{}");
  EXPECT_EQ(read_file(file), "{}");
}

}  // namespace
}  // namespace course
