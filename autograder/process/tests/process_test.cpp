#include "process/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace course::process {
namespace {

Command shell(const std::string& script) {
  Command command;
  command.words = {"sh", "-c", script};
  command.seconds = 10;
  return command;
}

bool gone(pid_t process) {
  for (int wait = 0; wait < 100; ++wait) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    std::string number, name, state;
    if (!(stat >> number >> name >> state) || state == "Z") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

TEST(Process, GivesOutputAndStatus) {
  const Outcome outcome = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_TRUE(outcome.exited_with(3));
  EXPECT_EQ(outcome.output, "out\nerr\n");
  EXPECT_GT(outcome.seconds, 0);
  EXPECT_GT(outcome.peak_bytes, 0U);
}

TEST(Process, NamesTheSignal) {
  const Outcome outcome = run(shell("kill -SEGV $$"));
  EXPECT_EQ(outcome.end, End::signalled);
  EXPECT_EQ(words_for(outcome), "killed by SIGSEGV (Segmentation fault)");
}

TEST(Process, HasNoInput) { EXPECT_EQ(run(shell("cat; echo done")).output, "done\n"); }

TEST(Process, SaysThatAProgramIsMissing) {
  Command command;
  command.words = {"no-such-program"};
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.end, End::could_not_start);
  EXPECT_NE(words_for(outcome).find("no-such-program"), std::string::npos);
}

// A folder in PATH that cannot be looked into, for root too: a link that leads to itself.
TEST(Process, PassesOverFoldersInPathThatCannotBeRead) {
  const std::filesystem::path loop = testing::TempDir() + "leads_to_itself";
  std::filesystem::remove(loop);
  std::filesystem::create_symlink(loop, loop);
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", (loop.string() + ":/proc/1/cwd:" + before).c_str(), 1);
  EXPECT_NE(find_program("sh"), "");
  EXPECT_EQ(find_program("no_such_program"), "");
  EXPECT_EQ(find_program((loop / "sh").string()), "");
  EXPECT_TRUE(run(shell("true")).exited_with(0));
  ::setenv("PATH", before.c_str(), 1);
  std::filesystem::remove(loop);
}

TEST(Process, SaysThatAFileIsNotAProgram) {
  Command command;
  command.words = {"/etc/hostname"};
  EXPECT_EQ(run(command).end, End::could_not_start);
}

TEST(Process, StopsAtTheTimeLimitWithTheStacks) {
  Command command = shell("sleep 100");
  command.seconds = 0.3;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.end, End::timed_out);
  EXPECT_NE(outcome.stacks.find("Thread"), std::string::npos) << outcome.stacks;
}

TEST(Process, LeavesNoneOfTheGroupRunning) {
  const Outcome outcome = run(shell("sleep 100 & echo $!; sleep 100 & echo $!"));
  EXPECT_LT(outcome.seconds, 5);
  std::istringstream numbers(outcome.output);
  for (pid_t process; numbers >> process;) EXPECT_TRUE(gone(process));
}

TEST(Process, KillsOneThatLeftTheGroup) {
  Command command = shell("setsid sleep 100 & echo $!; wait");
  command.seconds = 0.3;
  command.stacks = false;
  const Outcome outcome = run(command);
  EXPECT_TRUE(gone(std::stoi(outcome.output)));
}

TEST(Process, CutsOutputWithoutEnd) {
  Command command;
  command.words = {"yes"};
  command.output_kept = 1000;
  command.output_limit = 1 << 20;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.end, End::endless_output);
  EXPECT_EQ(outcome.output.size(), 1000U);
}

TEST(Process, ReadsRecordsFromAPipeOfTheirOwn) {
  Command command = shell(
      "echo noise; eval \"echo one >&$COURSE_RECORDS; printf 'two\\nthr' "
      ">&$COURSE_RECORDS\"");
  command.records = true;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.records, (std::vector<std::string>{"one", "two"})) << outcome.output;
  EXPECT_EQ(outcome.output, "noise\n");
}

TEST(Process, ChangesTheEnvironmentAsAsked) {
  ::setenv("COURSE_TEST_INHERITED", "yes", 1);
  Command command =
      shell("echo \"$COURSE_TEST_INHERITED-$COURSE_TEST_ADDED-$COURSE_RECORDS\"");
  command.environment = {{"COURSE_TEST_ADDED", "new"}};
  command.without = {"COURSE_TEST_INHERITED"};
  EXPECT_EQ(run(command).output, "-new-\n");
}

TEST(Process, LimitsTheSizeOfAFile) {
  Command command =
      shell("cd \"$(mktemp -d)\" && yes | head -c 100000 > big; wc -c < big; rm big");
  command.file_limit = 4096;
  EXPECT_EQ(run(command).output.find("100000"), std::string::npos);
}

TEST(Process, TurnsAddressRandomisationOff) {
  Command command = shell("grep -m1 stack /proc/self/maps");
  command.fixed_addresses = true;
  EXPECT_EQ(run(command).output, run(command).output);
}

TEST(Process, StopsOnRequest) {
  std::stop_source source;
  std::jthread asker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    source.request_stop();
  });
  EXPECT_EQ(run(shell("sleep 100"), source.get_token()).end, End::stopped);
}

TEST(Process, TellsOutputAsItArrives) {
  std::string seen;
  Command command = shell("echo first; sleep 0.1; echo second");
  command.on_output = [&](std::string_view bytes) { seen += bytes; };
  EXPECT_EQ(run(command).output, seen);
}

// Starts a process that runs `sleep` as `course` would, and returns the number of the
// sleep.
pid_t start_course(pid_t& course) {
  int ends[2];
  if (::pipe(ends) != 0) return 0;
  course = ::fork();
  if (course == 0) {
    end_children_on_signals();
    Command command = shell("echo $$; exec sleep 100");
    command.on_output = [&](std::string_view bytes) {
      if (::write(ends[1], bytes.data(), bytes.size()) < 0) ::_exit(1);
    };
    (void)run(command);
    ::_exit(0);
  }
  char text[32] = {};
  if (::read(ends[0], text, sizeof text - 1) <= 0) return 0;
  ::close(ends[0]);
  ::close(ends[1]);
  return std::atoi(text);
}

class Ctrl : public testing::TestWithParam<int> {};

TEST_P(Ctrl, LeavesNothingRunning) {
  pid_t course = 0;
  const pid_t child = start_course(course);
  ASSERT_GT(child, 0);
  ::kill(course, GetParam());
  int status = 0;
  ::waitpid(course, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == GetParam());
  EXPECT_TRUE(gone(child));
}

INSTANTIATE_TEST_SUITE_P(Signals, Ctrl,
                         testing::Values(SIGINT, SIGTERM, SIGHUP, SIGKILL));

}  // namespace
}  // namespace course::process
