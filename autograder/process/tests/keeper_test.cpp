// Property: whichever process of a command is ended, and however, nothing that the command
// started is left, be it in a session of its own or an orphan twice over.
#include "process/keeper.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "process/process.hpp"

namespace course::process {
namespace {

namespace fs = std::filesystem;

// Finds processes by a variable that they inherit: their numbers differ by namespace.
class Marked {
 public:
  Marked() : mark_("KEEPER_TEST=" + std::to_string(::getpid()) + "-" + fresh()) {}

  [[nodiscard]] std::map<std::string, std::string> environment() const {
    const std::size_t equals = mark_.find('=');
    return {{mark_.substr(0, equals), mark_.substr(equals + 1)}};
  }

  [[nodiscard]] int running() const {
    int count = 0;
    std::error_code gone;
    for (const auto& process : fs::directory_iterator("/proc", gone)) {
      std::ifstream file(process.path() / "environ");
      std::ostringstream text;
      text << file.rdbuf();
      if (text.str().find(mark_) != std::string::npos) ++count;
    }
    return count;
  }

  // Whether so many of them run, within five seconds.
  [[nodiscard]] bool comes_to(int wanted) const {
    for (int wait = 0; wait < 250; ++wait) {
      if (running() == wanted) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

 private:
  static std::string fresh() {
    static int number = 0;
    return std::to_string(++number) + ";";
  }
  const std::string mark_;
};

// A child, one in another session, and a daemon whose parents are gone.
constexpr const char* three_kinds =
    "setsid sleep 100 & (setsid sh -c 'sleep 100 & exit' &); exec sleep 100";

Command command_with(const Marked& marked, const std::string& script) {
  Command command;
  command.words = {"sh", "-c", script};
  command.environment = marked.environment();
  command.seconds = 100;
  return command;
}

// Runs `work` as a command runs; returns the number of the process that keeps it.
pid_t start(const std::function<int()>& work) {
  const pid_t keeper = ::fork();
  if (keeper == 0) ::_exit(keep(work, 3));
  return keeper;
}

int status_of(pid_t process) {
  int status = 0;
  ::waitpid(process, &status, 0);
  return status;
}

std::vector<pid_t> children_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/task/" +
                     std::to_string(process) + "/children");
  std::vector<pid_t> children;
  for (pid_t child; file >> child;) children.push_back(child);
  return children;
}

TEST(Keeper, ReturnsWhatTheCommandReturned) {
  EXPECT_EQ(WEXITSTATUS(status_of(start([] { return 0; }))), 0);
  EXPECT_EQ(WEXITSTATUS(status_of(start([] { return 2; }))), 2);
}

TEST(Keeper, TellsACommandThatCrashed) {
  const int status = status_of(start([]() -> int { std::abort(); }));
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(Keeper, LeavesNothingOfACommandThatEndsByItself) {
  const Marked marked;
  const int status = status_of(start([&] {
    Command command = command_with(marked, "(setsid sleep 100 &); sleep 0.2");
    const bool ended = run(command).exited_with(0);
    return ended && marked.running() == 0 ? 0 : 1;  // gone when `run` returns
  }));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(marked.running(), 0);
}

TEST(Keeper, EndsADaemonOfOneChildAndSparesTheOthers) {
  const Marked daemons;
  const Marked others;
  const int status = status_of(start([&] {
    std::jthread beside([&] { (void)run(command_with(others, "exec sleep 2")); });
    for (int i = 0; i < 20; ++i) {
      (void)run(command_with(daemons, "(setsid sleep 100 &)"));
      if (daemons.running() != 0) return 1;
    }
    return others.running() == 1 ? 0 : 2;
  }));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Which process is killed: the keeper itself, its guard, or the command.
class Kill : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(Kill, LeavesNothingRunning) {
  const auto [generation, signal] = GetParam();
  const Marked marked;
  const pid_t keeper =
      start([&] { return run(command_with(marked, three_kinds)).status; });
  ASSERT_TRUE(marked.comes_to(3));
  pid_t victim = keeper;
  for (int i = 0; i < generation; ++i) victim = children_of(victim).at(0);
  ::kill(victim, signal);
  const int status = status_of(keeper);
  EXPECT_TRUE(marked.comes_to(0));
  if (generation == 0) {
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
  } else {
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Signals, Kill,
                         testing::Combine(testing::Values(0, 1, 2),
                                          testing::Values(SIGINT, SIGTERM, SIGHUP,
                                                          SIGKILL)));

TEST(Keeper, OpensWhatIsClosed) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(0);
    ::close(1);
    open_standard_descriptors();
    char byte = 0;
    const bool good = ::read(0, &byte, 1) == 0 && ::write(1, &byte, 1) < 0;
    ::_exit(good ? 0 : 1);
  }
  EXPECT_EQ(WEXITSTATUS(status_of(child)), 0);
}

}  // namespace
}  // namespace course::process
