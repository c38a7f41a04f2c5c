#include "reading/compiler_output.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "catalogue/files.hpp"
#include "process/process.hpp"

namespace course::reading {
namespace {

namespace fs = std::filesystem;

const fs::path slot = "/course/exercises/slot.hpp";

BuildError first_error(const std::string& output, const fs::path& student_file) {
  return reading::first_error(output, student_file, "/course/.build/student");
}

TEST(FirstError, IsTheFirstInTheStudentsFile) {
  const BuildError error = first_error(
      "[1/2] Building CXX object x.o\n"
      "/course/exercises/slot.hpp: In member function ‘int Slot::take()’:\n"
      "/course/exercises/slot.hpp:17:18: error: expected ‘;’ before ‘}’ token\n"
      "   17 |     return value_\n"
      "      |                  ^\n"
      "/course/exercises/slot.hpp:20:1: error: another\n",
      slot);
  EXPECT_FALSE(error.environment);
  EXPECT_EQ(error.first.line, 17);
  EXPECT_EQ(error.first.message, "expected ‘;’ before ‘}’ token");
  EXPECT_EQ(error.first.excerpt,
            "   17 |     return value_\n      |                  ^\n");
}

TEST(FirstError, IsPlacedWhereTheStudentCalledALibraryInGcc) {
  const BuildError error = first_error(
      "In file included from /usr/include/c++/12/algorithm:61,\n"
      "                 from /course/exercises/slot.hpp:6:\n"
      "/usr/include/c++/12/bits/stl_algo.h: In instantiation of ‘void std::sort(int)’:\n"
      "/course/exercises/slot.hpp:12:14:   required from here\n"
      "/usr/include/c++/12/bits/stl_algo.h:1938:50: error: no match for ‘operator-’\n",
      slot);
  EXPECT_EQ(error.first.file, slot);
  EXPECT_EQ(error.first.line, 12);
  EXPECT_EQ(error.first.message, "no match for ‘operator-’ (inside stl_algo.h)");
}

TEST(FirstError, IsPlacedWhereTheStudentCalledALibraryInClang) {
  const BuildError error = first_error(
      "/usr/include/c++/12/bits/stl_algo.h:1938:50: error: invalid operands\n"
      "/usr/include/c++/12/bits/stl_algo.h:4820:12: note: in instantiation of function\n"
      "/course/exercises/slot.hpp:12:10: note: in instantiation of function template\n",
      slot);
  EXPECT_EQ(error.first.line, 12);
}

// As a compiler cache names it; a note of it leads there too.
TEST(FirstError, KnowsTheStudentsFileByItsNameFromTheTree) {
  const BuildError error = first_error(
      "../../exercises/slot.hpp:17:18: error: expected ‘;’ before ‘}’ token\n", slot);
  EXPECT_EQ(error.first.file, slot);
  EXPECT_EQ(error.first.line, 17);
  const BuildError inside = first_error(
      "/usr/include/c++/12/algo.h: In instantiation of ‘void std::sort(int)’:\n"
      "../../exercises/slot.hpp:12:14:   required from here\n"
      "/usr/include/c++/12/algo.h:1938:50: error: no match for ‘operator-’\n",
      slot);
  EXPECT_EQ(inside.first.file, slot);
  EXPECT_EQ(inside.first.line, 12);
}

TEST(FirstError, OfTheLinkerIsSaidToo) {
  const BuildError error = first_error(
      "/usr/bin/ld: a.o: in function `f': undefined reference to `Slot::take()'\n", slot);
  EXPECT_FALSE(error.environment);
  EXPECT_EQ(error.first.message, "undefined reference to `Slot::take()'");
}

TEST(FirstError, OfARuntimeThatLacksAHookIsTheEnvironments) {
  for (const char* said :
       {"/usr/bin/ld: slot_test.cpp.o: in function `f': undefined reference to "
        "`__tsan_memset'\n",
        "ld.lld: error: undefined symbol: __tsan_memset\n"}) {
    const BuildError error = first_error(said, slot);
    EXPECT_TRUE(error.environment) << said;
    EXPECT_EQ(
        error.first.message,
        "this compiler calls __tsan_memset, which the course does not know: use one "
        "of those in autograder/compilers");
  }
}

TEST(FirstError, OfALibraryThatIsMissingIsTheEnvironments) {
  const BuildError error = first_error(
      "/usr/bin/ld: cannot find /usr/lib/clang/16/lib/linux/libclang_rt.tsan-x86_64.a: "
      "No such file or directory\n",
      slot);
  EXPECT_TRUE(error.environment);
  EXPECT_EQ(
      error.first.message,
      "the linker cannot find /usr/lib/clang/16/lib/linux/libclang_rt.tsan-x86_64.a, "
      "which belongs to the compiler: run `autograder/course doctor`");
}

TEST(FirstError, OfCMakeIsWhatItWasToldToSay) {
  const BuildError error = first_error(
      "-- The CXX compiler identification is Clang 13.0.1\n"
      "CMake Error at autograder/cmake/compilers.cmake:18 (message):\n"
      "  clang++-13 is clang++ 13, and the course needs clang++ 14\n"
      "  to 19: it is too old.\n"
      "Call Stack (most recent call first):\n",
      slot);
  EXPECT_TRUE(error.environment);
  EXPECT_EQ(error.first.message,
            "clang++-13 is clang++ 13, and the course needs clang++ 14 to 19: it is too "
            "old.");
}

TEST(FirstError, ThatIsNotUnderstoodIsTheEnvironments) {
  EXPECT_TRUE(first_error("ninja: something odd\n", slot).environment);
}

TEST(FirstError, OfTheCompilerItselfIsSaid) {
  const BuildError error =
      first_error("error: __PIC__ level differs in PCH file vs. current file\n", slot);
  EXPECT_TRUE(error.environment);
  EXPECT_EQ(error.first.message, "__PIC__ level differs in PCH file vs. current file");
}

TEST(Warnings, OfTheStudentsFileAreKeptOnce) {
  const std::string one =
      "/course/exercises/slot.hpp:3:5: warning: unused variable ‘x’ [-Wunused]\n";
  const auto warnings =
      warnings_in(one + one + "/usr/include/x.h:1:1: warning: other\n" +
                      "../exercises/slot.hpp:3:5: warning: unused variable ‘x’\n",
                  slot, "/course/.build");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].message, "unused variable ‘x’");
}

// Runs `script` with an almost full disk of 64 KiB mounted on $DISK.
process::Outcome on_a_full_disk(const std::string& script) {
  std::string name = testing::TempDir() + "full_diskXXXXXX";
  const fs::path disk = ::mkdtemp(name.data());
  process::Command command;
  command.words = {"unshare",
                   "--user",
                   "--map-root-user",
                   "--mount",
                   "sh",
                   "-c",
                   "mount -t tmpfs -o size=64k none \"$DISK\" && "
                   "head -c 100000 /dev/zero > \"$DISK/filler\" 2>/dev/null; " +
                       script};
  command.environment = {{"DISK", disk.string()}, {"LC_ALL", "C.UTF-8"}};
  const process::Outcome outcome = process::run(command);
  fs::remove_all(disk);
  return outcome;
}

bool can_mount() { return on_a_full_disk("test -e \"$DISK/filler\"").exited_with(0); }

TEST(FullDisk, StopsABuildAsTheEnvironmentsFault) {
  if (!can_mount()) GTEST_SKIP() << "this machine does not let a user mount a small disk";
  const process::Outcome outcome = on_a_full_disk(
      "cd \"$DISK\" && echo 'int main() {}' | TMPDIR=\"$DISK\" c++ -x c++ - -o program");
  EXPECT_FALSE(outcome.exited_with(0));
  const BuildError error = first_error(outcome.output, slot);
  EXPECT_TRUE(error.environment) << outcome.output;
  EXPECT_NE(error.first.message.find("the disk is full"), std::string::npos);
}

TEST(FullDisk, KeepsWhatWasWrittenBefore) {
  if (!can_mount()) GTEST_SKIP() << "this machine does not let a user mount a small disk";
  // The test program runs itself, on the full disk, as the other half of this test.
  const fs::path self = fs::read_symlink("/proc/self/exe");
  const process::Outcome outcome = on_a_full_disk(
      self.string() +
      " --gtest_also_run_disabled_tests --gtest_filter=FullDisk.DISABLED_WriteHere");
  EXPECT_TRUE(outcome.exited_with(0)) << outcome.output;
}

TEST(FullDisk, DISABLED_WriteHere) {
  const fs::path grade = fs::path(::getenv("DISK")) / "grade.json";
  try {
    write_file(grade, std::string(10000, 'x'));
    FAIL() << "wrote to a full disk";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_space_on_device) << error.what();
  }
  const fs::directory_iterator left(grade.parent_path());
  EXPECT_EQ(std::distance(begin(left), end(left)), 1) << "more than the disk's filler";
}

}  // namespace
}  // namespace course::reading
