// Each test runs the watch in a process of its own, saves files beside it, and reads what
// the command wrote.
#include "student/watch.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "author/tests/course_folder.hpp"

namespace course::student {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

bool within(std::chrono::milliseconds limit, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (holds()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return holds();
}

// Whether the process still does anything: one that has ended counts as gone even while a
// slow parent has not asked for its status.
bool is_running(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state;
  return (stat >> number >> name >> state) && state != "Z";
}

class WatchTest : public testing::Test {
 protected:
  void SetUp() override {
    file_ = course_.add("queue/queue.hpp", "0\n");
    other_ = course_.add("ring/ring.hpp", "0\n");
    log_ = course_.add("log", "");
  }

  // Asked first: what is killed leaves the children of its command running.
  void TearDown() override {
    if (watcher_ < 0 || end(SIGTERM) != -1) return;
    ::kill(watcher_, SIGKILL);
    ::waitpid(watcher_, nullptr, 0);
  }

  // `script` is run with $1 the id and $2 the log.
  void watch(const std::string& script, const std::string& first = "") {
    watcher_ = ::fork();
    if (watcher_ != 0) {
      if (first.empty()) std::this_thread::sleep_for(100ms);  // until it has its watches
      return;
    }
    Watch({{"1.1", file_}, {"1.2", other_}}, [&](const std::string& id) {
      return std::vector<std::string>{"sh", "-c", script, "sh", id, log_.string()};
    }).run(first);
    ::_exit(0);
  }

  [[nodiscard]] std::string log() const { return read_file(log_); }

  [[nodiscard]] bool logs(const std::string& text) const {
    return within(5s, [&] { return log() == text; });
  }

  // Sends the signal and returns the watch's exit status; -1 if it does not end.
  int end(int signal) {
    ::kill(watcher_, signal);
    int status = 0;
    if (!within(6s, [&] { return ::waitpid(watcher_, &status, WNOHANG) == watcher_; }))
      return -1;
    watcher_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  author::CourseFolder course_;
  fs::path file_, other_, log_;
  pid_t watcher_ = -1;
};

TEST_F(WatchTest, RunsAtEachSaveForTheFileThatWasSaved) {
  watch("echo $1 >> $2");
  course_.add("queue/queue.hpp", "1\n");  // written beside and renamed, as editors do
  EXPECT_TRUE(logs("1.1\n")) << log();
  course_.add("ring/ring.hpp", "1\n");
  EXPECT_TRUE(logs("1.1\n1.2\n")) << log();
}

TEST_F(WatchTest, SavesInPlaceCountToo) {
  watch("echo $1 >> $2");
  ASSERT_EQ(std::system(("echo 1 >> " + file_.string()).c_str()), 0);
  EXPECT_TRUE(logs("1.1\n")) << log();
}

TEST_F(WatchTest, RunsAtOnceWhenAskedTo) {
  watch("echo $1 >> $2", "1.2");
  EXPECT_TRUE(logs("1.2\n")) << log();
}

TEST_F(WatchTest, OtherFilesAreIgnored) {
  watch("echo $1 >> $2");
  course_.add("queue/queue.mine-1.hpp", "1\n");
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(log(), "");
}

TEST_F(WatchTest, SaveEndsTheRunningCommandAndStartsAnother) {
  watch("echo start >> $2; trap 'echo ended >> $2; exit' TERM; sleep 30 & wait");
  course_.add("queue/queue.hpp", "1\n");
  ASSERT_TRUE(logs("start\n")) << log();
  std::this_thread::sleep_for(50ms);
  course_.add("queue/queue.hpp", "2\n");
  EXPECT_TRUE(logs("start\nended\nstart\n")) << log();
}

TEST_F(WatchTest, InterruptLeavesNothingRunning) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    watch("sleep 30 & echo $! > $2; wait", "1.1");
    ASSERT_TRUE(within(5s, [&] { return log().ends_with('\n'); }));
    const pid_t sleeper = std::stoi(log());
    EXPECT_TRUE(is_running(sleeper));
    EXPECT_EQ(end(signal), 0);
    EXPECT_TRUE(within(2s, [&] { return !is_running(sleeper); }));
    write_file(log_, "");
  }
}

TEST_F(WatchTest, CommandThatWillNotEndIsKilled) {
  watch("trap '' TERM INT HUP; echo $$ > $2; while :; do sleep 1; done", "1.1");
  ASSERT_TRUE(within(5s, [&] { return log().ends_with('\n'); }));
  const pid_t stubborn = std::stoi(log());
  EXPECT_EQ(end(SIGINT), 0);
  EXPECT_FALSE(is_running(stubborn));
}

TEST_F(WatchTest, MissingFolderIsAnError) {
  EXPECT_THROW(Watch({{"9.9", course_.root() / "nowhere/x.hpp"}}, {}), std::system_error);
}

}  // namespace
}  // namespace course::student
