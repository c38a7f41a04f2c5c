#include "process/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
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
      "set -- $COURSE_RECORDS; echo noise; echo \"$2 one\" >&3; "
      "printf '%s two\\n%s thr' $2 $2 >&3");
  command.records = true;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.records, (std::vector<std::string>{"one", "two"})) << outcome.output;
  EXPECT_EQ(outcome.output, "noise\n");
}

TEST(Process, CountsRecordsWithoutTheSecretOfTheRun) {
  Command command = shell(
      "set -- $COURSE_RECORDS; echo 'mine' >&3; echo \"$2 one\" >&3; echo \"x$2 two\" "
      ">&3");
  command.records = true;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.records, std::vector<std::string>{"one"});
  EXPECT_EQ(outcome.forged, 2U);
}

TEST(Process, DrawsASecretForEachRun) {
  Command command = shell("echo $COURSE_RECORDS");
  command.records = true;
  command.records_kind = 'c';
  const std::string first = run(command).output;
  EXPECT_EQ(first.size(), std::string("3 ").size() + 32 + std::string(" c\n").size());
  EXPECT_TRUE(first.starts_with("3 ") && first.ends_with(" c\n")) << first;
  EXPECT_NE(first, run(command).output);
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

// Code that gets at the descriptor may write to it for ever.
TEST(Process, EndsAProgramThatReportsWithoutEnd) {
  for (const std::string line : {"forged", "$2 its own"}) {
    Command command = shell("set -- $COURSE_RECORDS; exec yes \"" + line + "\" >&3");
    command.records = true;
    command.seconds = 30;
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.end, End::endless_records);
    EXPECT_EQ(outcome.records.empty(), outcome.forged > 0) << line;
    EXPECT_LT(outcome.seconds, 10);
    EXPECT_EQ(words_for(outcome), "stopped after more than 16 MiB of records");
  }
}

TEST(Process, LooksAtItsTimeLimitWhileItReads) {
  Command command = shell("exec cat /dev/zero");
  command.output_limit = std::size_t{1} << 60;
  command.seconds = 0.5;
  command.stacks = false;
  EXPECT_EQ(run(command).end, End::timed_out);
}

TEST(Process, LimitsMemoryAndProcessorTime) {
  Command memory = shell("ulimit -v");
  memory.memory_limit = 512 << 20;
  EXPECT_EQ(run(memory).output, "524288\n");
  Command time = shell("while :; do :; done");
  time.processor_limit = 2;
  const Outcome outcome = run(time);
  EXPECT_EQ(outcome.end, End::signalled);
  EXPECT_EQ(outcome.status, SIGXCPU) << "SIGKILL would not say why";
}

TEST(Process, ThrowsAndAbortsNothingWhereTheMachineHasNoPipeLeft) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{4, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  EXPECT_THROW((void)run(shell("true")), std::system_error);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace course::process
