// Property: what the machine did is not held against the program, and what the program did is
// not put down to the machine.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "catalogue/files.hpp"
#include "grader/build.hpp"
#include "grader/side_by_side.hpp"
#include "grader/test_run.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

// Limits `resource` softly, until destroyed.
class Limited {
 public:
  Limited(__rlimit_resource resource, rlim_t most) : resource_(resource) {
    ::getrlimit(resource, &before_);
    const rlimit limit{most, before_.rlim_max};
    ::setrlimit(resource, &limit);
  }
  ~Limited() { ::setrlimit(resource_, &before_); }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

TestRun ended_with(process::End end, int status, const std::string& output) {
  TestRun run;
  run.process.end = end;
  run.process.status = status;
  run.process.output = output;
  return run;
}

Finding found(const TestRun& run) {
  TestCommand command;
  command.program = "/program";
  command.test = "Slot.Works";
  return finding_of(command, run).value_or(Finding{});
}

TEST(MachineFaults, ALimitOfTheShellIsNoFaultOfTheProgram) {
  const TestRun slow = ended_with(process::End::signalled, SIGXCPU, "");
  const TestRun large = ended_with(process::End::signalled, SIGXFSZ, "");
  const TestRun explorer = ended_with(
      process::End::exited, 3, "interleave: the explorer itself is out of memory\n");
  {
    const Limited limited(RLIMIT_CPU, 100'000);
    EXPECT_EQ(found(slow).verdict, Verdict::environment);
    EXPECT_EQ(found(slow).what,
              "this shell allows 100000 s of processor time (`ulimit -t`); lift it with: "
              "ulimit -t unlimited");
  }
  {
    const Limited limited(RLIMIT_FSIZE, 1 << 30);
    EXPECT_EQ(found(large).verdict, Verdict::environment);
    EXPECT_NE(found(large).what.find("ulimit -f"), std::string::npos);
  }
  {
    const Limited limited(RLIMIT_AS, rlim_t{40} << 30);
    EXPECT_EQ(found(explorer).verdict, Verdict::environment);
    EXPECT_NE(found(explorer).what.find("ulimit -v"), std::string::npos);
  }
  // Without such a limit the program did it itself.
  EXPECT_EQ(found(slow).verdict, Verdict::failed);
  EXPECT_EQ(found(large).verdict, Verdict::failed);
  EXPECT_EQ(found(explorer).verdict, Verdict::failed);
}

TEST(MachineFaults, AProgramThatRunsNoTestIsTampered) {
  TestRun run = ended_with(process::End::exited, 0, "");
  run.ended = true;  // GTEST_REPEAT=0
  EXPECT_EQ(found(run).verdict, Verdict::tampered);
}

TEST(MachineFaults, ReportsWithoutEndAreTamperingUnlessTheyAreFailures) {
  TestRun run = ended_with(process::End::endless_records, SIGKILL, "");
  EXPECT_EQ(found(run).verdict, Verdict::tampered);
  run.failures.push_back({{"message", "two, not one"}});
  EXPECT_EQ(found(run).verdict, Verdict::failed);
  EXPECT_EQ(found(run).what, "two, not one");
}

TEST(MachineFaults, AProgramThatWasDamagedIsSeen) {
  const fs::path program = testing::TempDir() + "whole_program";
  fs::remove_all(program);
  fs::copy_file("/proc/self/exe", program);
  EXPECT_TRUE(is_whole_program(program));
  remove_unless_whole(program);
  EXPECT_TRUE(fs::exists(program));
  fs::resize_file(program, fs::file_size(program) / 2);
  EXPECT_FALSE(is_whole_program(program)) << "cut in half";
  fs::resize_file(program, 0);
  EXPECT_FALSE(is_whole_program(program)) << "emptied";
  std::ofstream(program) << std::string(100'000, 'x');
  EXPECT_FALSE(is_whole_program(program)) << "garbage";
  remove_unless_whole(program);
  EXPECT_FALSE(fs::exists(program));
  fs::create_directories(program / "within");
  EXPECT_FALSE(is_whole_program(program)) << "a folder";
  remove_unless_whole(program);
  EXPECT_FALSE(fs::exists(program));
}

TEST(SideBySide, ThrowsAgainWhatLeftOneOfItsThreads) {
  std::atomic<int> calls = 0;
  const auto work = [&] {
    if (++calls == 2) throw std::runtime_error("the disk is full");
  };
  EXPECT_THROW(side_by_side(4, work), std::runtime_error);
  EXPECT_EQ(calls, 4) << "the others end first";
}

}  // namespace
}  // namespace course::grader
