// An exploration of more than a second is spread over the cores that may be used: by what it
// reports nobody can tell; by the processes that ran the body one can.
//
// Each schedule takes a millisecond in the kernel, so that the first second is over after a
// thousand, on a machine of any speed.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>

#include "interleave/interleave.hpp"

namespace interleave {
namespace {

// -- Who ran the body -------------------------------------------------------------------

// A function that the compiler tells the explorer nothing about.
#define UNSEEN __attribute__((noinline, no_sanitize("thread")))

// Shared with all processes.
struct Runs {
  pid_t process;
  int count;
};
using AllRuns = std::array<Runs, 4096>;

AllRuns& all_runs = *static_cast<AllRuns*>(mmap(
    nullptr, sizeof(AllRuns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

// Each process has a place, which it alone writes.
UNSEEN void note_run() {
  const pid_t process = static_cast<pid_t>(syscall(SYS_getpid));
  Runs& runs = all_runs[static_cast<std::size_t>(process) % std::size(all_runs)];
  runs.process = process;
  ++runs.count;
  const timespec millisecond{0, 1'000'000};
  syscall(SYS_nanosleep, &millisecond, nullptr);
}

// Processes that explored: those that only replay run the body a few hundred times.
UNSEEN std::set<pid_t> helpers() {
  std::set<pid_t> found;
  for (const Runs& runs : all_runs) {
    if (runs.count > 0 && runs.process != getpid()) found.insert(runs.process);
  }
  return found;
}

UNSEEN std::set<pid_t> those_that_explored() {
  std::set<pid_t> found;
  for (const Runs& runs : all_runs) {
    if (runs.count > 50) found.insert(runs.process);
  }
  return found;
}

UNSEEN pid_t a_helper_of(pid_t explorer) {
  for (const Runs& runs : all_runs) {
    if (runs.count > 50 && runs.process != explorer) return runs.process;
  }
  return 0;
}

UNSEEN int runs_of(pid_t process) {
  return all_runs[static_cast<std::size_t>(process) % std::size(all_runs)].count;
}

// -- Bodies -----------------------------------------------------------------------------

void make_order(std::uint64_t& order, int threads, int steps) {
  std::mutex mutex;
  std::vector<std::jthread> all;
  for (int id = 0; id < threads; ++id) {
    all.emplace_back([&, id] {
      for (int step = 0; step < steps; ++step) {
        const std::scoped_lock lock(mutex);
        order = order * 31 + static_cast<std::uint64_t>(id);
      }
    });
  }
}

// Fails for about one in so many orders of its steps.
void fails_rarely() {
  note_run();
  std::uint64_t order = 1;
  make_order(order, 3, 4);
  check(order % 1201 != 5);
}

void never_fails() {
  note_run();
  std::uint64_t order = 1;
  make_order(order, 3, 4);
  check(order != 0);
}

// All of its behaviours are explored within seconds.
void is_small() {
  note_run();
  note_run();  // with some compilers it has few, which would be over in the first second
  std::uint64_t order = 1;
  make_order(order, 2, 5);
}

// Not of std::jthread, whose state a search by reduction takes apart with some compilers only:
// so its schedules are as many with each.
template <typename Work>
void side_by_side(int threads, Work work) {
  std::vector<std::thread> all;
  for (int id = 0; id < threads; ++id) all.emplace_back(work, id);
  for (std::thread& one : all) one.join();
}

// What a search by reduction comes to after some 2000 schedules.
void fails_late() {
  note_run();
  std::mutex mutex;
  std::uint64_t order = 1;
  side_by_side(3, [&](int id) {
    for (int step = 0; step < 4; ++step) {
      const std::scoped_lock lock(mutex);
      order = order * 31 + static_cast<std::uint64_t>(id);
    }
  });
  check(order % 1201 != 16);
}

// What a thread does next depends on who came before it, so that most of what there is to
// reverse shows late. There are some 2000 schedules.
void takes_turns() {
  note_run();
  std::atomic<int> turn = 0;
  std::array<std::atomic<int>, 3> places{};
  side_by_side(2, [&](int) {
    for (int step = 0; step < 6; ++step) {
      ++places[static_cast<std::size_t>(turn.fetch_add(1)) % places.size()];
    }
  });
}

// -- Exploring --------------------------------------------------------------------------

class Cores : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_use(2)) GTEST_SKIP() << "this process may use one core only";
    all_runs.fill({});
  }
  void TearDown() override { unsetenv("INTERLEAVE_CORES"); }

  static bool may_use(int count) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    return sched_getaffinity(0, sizeof cores, &cores) == 0 && CPU_COUNT(&cores) >= count;
  }

  static Result explored_on(int cores, void (*body)(), std::uint64_t schedules,
                            const char* strategy = "portfolio") {
    begin(cores);
    Options options;
    options.strategy = strategy;
    options.schedules = schedules;
    options.seconds = 60;
    return find_failure(body, options);
  }

  static void begin(int cores) {
    all_runs.fill({});
    setenv("INTERLEAVE_CORES", std::to_string(cores).c_str(), 1);
    Options another;  // so that the test's explorations are counted anew, for the token
    another.test = "another";
    static_cast<void>(find_failure([] {}, another));
  }
};

// What one tells that many explored beside is what one tells that explored alone.
void expect_the_same(const Result& spread, const Result& alone) {
  EXPECT_NE(a_helper_of(getpid()), 0) << "nothing was run beside";
  EXPECT_EQ(spread.clean(), alone.clean());
  EXPECT_EQ(spread.exhaustive, alone.exhaustive);
  EXPECT_EQ(spread.token, alone.token);
  EXPECT_EQ(spread.picture, alone.picture);
  EXPECT_EQ(spread.schedules, alone.schedules);
  EXPECT_EQ(spread.executions, alone.executions);
  EXPECT_EQ(spread.coverage, alone.coverage);
}

TEST_F(Cores, FindTheSameFailureAndTellTheSameToken) {
  const Result alone = explored_on(1, fails_rarely, 4000);
  EXPECT_FALSE(alone.clean());
  EXPECT_GT(alone.schedules, 1000U) << "it is not to be found in the first second";
  expect_the_same(explored_on(2, fails_rarely, 4000), alone);
}

// Those that explore subtrees are many or one.
TEST_F(Cores, FindTheSameFailureInATree) {
  const Result alone = explored_on(1, fails_late, 4000, "reduced");
  EXPECT_FALSE(alone.clean());
  EXPECT_GT(alone.schedules, 1000U) << "it is not to be found in the first second";
  for (const int cores : {2, 3}) {
    if (may_use(cores)) {
      expect_the_same(explored_on(cores, fails_late, 4000, "reduced"), alone);
    }
  }
}

TEST_F(Cores, ProveTheSameOfATree) {
  const Result alone = explored_on(1, takes_turns, 100'000, "reduced");
  EXPECT_TRUE(alone.exhaustive) << alone.coverage;
  for (const int cores : {2, 3}) {
    if (may_use(cores)) {
      expect_the_same(explored_on(cores, takes_turns, 100'000, "reduced"), alone);
    }
  }
}

// One of the helpers takes subtrees, the other the random strategies.
TEST_F(Cores, ProveTheSameByThePortfolioOnThree) {
  if (!may_use(3)) GTEST_SKIP() << "this process may use two cores only";
  const Result alone = explored_on(1, is_small, 100'000);
  EXPECT_TRUE(alone.exhaustive) << alone.coverage;
  expect_the_same(explored_on(3, is_small, 100'000), alone);
  EXPECT_EQ(those_that_explored().size(), 3U);
}

TEST_F(Cores, CoverTheSameAndSayTheSame) {
  const Result alone = explored_on(1, never_fails, 2500);
  const Result spread = explored_on(2, never_fails, 2500);
  EXPECT_TRUE(spread.clean()) << spread.picture;
  EXPECT_FALSE(spread.exhaustive);
  EXPECT_EQ(spread.schedules, 2500U);
  expect_the_same(spread, alone);
}

TEST_F(Cores, ProveTheSame) {
  const Result alone = explored_on(1, is_small, 100'000);
  EXPECT_TRUE(alone.exhaustive) << alone.coverage;
  expect_the_same(explored_on(2, is_small, 100'000), alone);
}

TEST_F(Cores, LeaveNoProcess) {
  static_cast<void>(explored_on(2, never_fails, 2500));
  EXPECT_FALSE(helpers().empty());
  for (const pid_t process : helpers()) EXPECT_EQ(kill(process, 0), -1) << process;
  EXPECT_EQ(waitpid(-1, nullptr, 0), -1);
}

// Ends a helper as soon as there is one, from another process.
pid_t start_killer(pid_t explorer) {
  const pid_t killer = fork();
  if (killer != 0) return killer;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    if (const pid_t helper = a_helper_of(explorer)) {
      kill(helper, SIGKILL);
      _exit(0);
    }
    usleep(1000);
  }
}

TEST_F(Cores, ProveNothingOnceAProcessWasKilled) {
  for (const bool in_tree : {false, true}) {
    all_runs.fill({});  // or the killer may take the helper that is gone for the next
    const pid_t killer = start_killer(getpid());
    const Result result = in_tree ? explored_on(2, takes_turns, 100'000, "reduced")
                                  : explored_on(2, is_small, 100'000);
    kill(killer, SIGKILL);  // if there was none
    ASSERT_EQ(waitpid(killer, nullptr, 0), killer);
    EXPECT_TRUE(result.clean()) << result.picture;
    EXPECT_FALSE(result.exhaustive);
    EXPECT_NE(result.coverage.find("did not come to an end"), std::string::npos)
        << result.coverage;
  }
}

TEST_F(Cores, EndWithTheExplorer) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t explorer = fork();
  if (explorer == 0) {
    static_cast<void>(explored_on(2, never_fails, 100'000));
    _exit(0);
  }
  pid_t helper = 0;
  while ((helper = a_helper_of(explorer)) == 0) {
    ASSERT_EQ(waitpid(explorer, nullptr, WNOHANG), 0) << "nothing was run beside";
    usleep(1000);
  }
  EXPECT_EQ(kill(explorer, SIGKILL), 0);
  EXPECT_EQ(waitpid(explorer, nullptr, 0), explorer);
  int status = 0;
  EXPECT_EQ(waitpid(helper, &status, 0), helper);
  EXPECT_TRUE(WIFSIGNALED(status));
  while (waitpid(-1, nullptr, 0) > 0) {  // the process that replays ends too
  }
}

// What it does in another process may have been done here: this one ends too.
TEST_F(Cores, EndWithABodyThatEndsItsProcess) {
  static pid_t explorer = 0;
  const pid_t child = fork();
  if (child == 0) {
    explorer = getpid();
    static_cast<void>(explored_on(
        2,
        [] {
          never_fails();
          if (a_helper_of(explorer) == static_cast<pid_t>(syscall(SYS_getpid))) exit(0);
        },
        100'000));
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

// Neither what the body prints nor what waits to be printed comes twice.
TEST_F(Cores, PrintNothingBesideTheExplorer) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::fflush(stdout);
  const int usual = dup(STDOUT_FILENO);
  dup2(fileno(file), STDOUT_FILENO);
  std::printf("+");
  static_cast<void>(explored_on(
      2,
      [] {
        never_fails();
        std::printf("*");
        static_cast<void>(!write(STDOUT_FILENO, "*", 1));
      },
      2500));
  std::fflush(stdout);
  dup2(usual, STDOUT_FILENO);
  close(usual);
  EXPECT_NE(a_helper_of(getpid()), 0) << "nothing was run beside";
  EXPECT_EQ(lseek(fileno(file), 0, SEEK_END), 1 + 2 * runs_of(getpid()));
  std::fclose(file);
}

// Each schedule's time goes by before its first step.
TEST_F(Cores, TakeManySchedulesThatSleepForNoneWithoutEnd) {
  setenv("INTERLEAVE_SECONDS", "7", 1);
  const Result result = explored_on(1, never_fails, 100'000);
  unsetenv("INTERLEAVE_SECONDS");
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_EQ(result.coverage.find("process of its own"), std::string::npos)
      << result.coverage;
}

TEST_F(Cores, AreLeftAloneByABodyThatWritesFiles) {
  const auto writes = [] {
    never_fails();
    std::FILE* const file = std::fopen("/dev/null", "w");
    check(file != nullptr);
    std::fclose(file);
  };
  const Result result = explored_on(2, writes, 2000);
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_EQ(result.schedules, 2000U);
  EXPECT_EQ(a_helper_of(getpid()), 0);
}

TEST_F(Cores, AreLeftAloneOnceABodyWritesFiles) {
  const auto writes_later = [] {
    never_fails();
    if (runs_of(static_cast<pid_t>(syscall(SYS_getpid))) < 1200) return;
    std::FILE* const file = std::fopen("/dev/null", "w");
    check(file != nullptr);
    std::fclose(file);
  };
  const Result result = explored_on(2, writes_later, 4000);
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_NE(a_helper_of(getpid()), 0) << "nothing was run beside";
  EXPECT_FALSE(result.exhaustive);
  EXPECT_NE(result.coverage.find("did not come to an end"), std::string::npos)
      << result.coverage;
}

TEST_F(Cores, SeeTheSameOutcomesAsOftenAsOneDoes) {
  for (const char* const strategy : {"portfolio", "reduced"}) {
    std::array<Outcomes, 2> seen;
    for (const int cores : {1, 2}) {
      begin(cores);
      Options options;
      options.strategy = strategy;
      options.schedules = 2500;
      options.seconds = 60;
      const auto body = [] {
        note_run();
        std::uint64_t order = 1;
        make_order(order, 3, 4);
        return order % 50;
      };
      seen[static_cast<std::size_t>(cores) - 1] = outcomes(body, options);
    }
    EXPECT_NE(a_helper_of(getpid()), 0) << "nothing was run beside";
    EXPECT_EQ(seen[0].seen, seen[1].seen);
    EXPECT_EQ(seen[0].schedules, seen[1].schedules);
    EXPECT_EQ(seen[0].coverage, seen[1].coverage);
  }
}

}  // namespace
}  // namespace interleave
