// Property: the picture names the step after which every schedule fails, and claims no more
// than what was run.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace interleave {
namespace {

struct Found {
  Result result;
  std::string record;

  [[nodiscard]] bool shows(const std::string& words) const {
    return result.picture.find(words) != std::string::npos;
  }
  [[nodiscard]] bool records(const std::string& words) const {
    return record.find(words) != std::string::npos;
  }
  // The row above the mark.
  [[nodiscard]] std::string last_step_with_a_way_out() const {
    const std::size_t mark = result.picture.find("      --- from here on");
    if (mark == std::string::npos) return {};
    const std::size_t begin = result.picture.rfind('\n', mark - 2) + 1;
    return result.picture.substr(begin, mark - 1 - begin);
  }
};

std::string last_record;

Found find(const std::function<void()>& body, const Options& options = {}) {
  set_reporter([](std::string_view record) { last_record = record; });
  Found found;
  found.result = find_failure(body, options);
  found.record = last_record;
  set_reporter(nullptr);
  return found;
}

TEST(Inflection, OfADeadlockIsTheSecondLock) {
  const Found found = find([] {
    std::mutex left;
    std::mutex right;
    std::atomic<int> begun{0};
    std::thread worker([&] {
      ++begun;
      const std::lock_guard first(left);
      const std::lock_guard second(right);
    });
    {
      ++begun;
      const std::lock_guard first(right);
      const std::lock_guard second(left);
    }
    worker.join();
  });
  ASSERT_EQ(found.result.kind, "deadlock");
  const std::string step = found.last_step_with_a_way_out();
  const bool is_one_of_the_first_locks = step.find("lock left") != std::string::npos ||
                                         step.find("lock right") != std::string::npos;
  EXPECT_TRUE(is_one_of_the_first_locks) << found.result.picture;
  EXPECT_EQ(step.find("waits"), std::string::npos) << found.result.picture;
  EXPECT_TRUE(found.shows("only one way to continue")) << found.result.picture;
  EXPECT_TRUE(found.records("\"schedules\":1,\"all\":true}")) << found.record;
}

// T0 load 0 | T1 load 0: as soon as both have read, an addition is lost; all orders of the
// two stores are left.
TEST(Inflection, OfALostAdditionIsTheSecondRead) {
  const Found found = find(
      [] {
        std::atomic<int> sum{0};
        std::thread worker([&] { sum = sum + 1; });
        sum = sum + 1;
        worker.join();
        check(sum == 2);
      },
      {.memory = Memory::kSequential});
  ASSERT_EQ(found.result.kind, "check");
  EXPECT_NE(found.last_step_with_a_way_out().find("load sum = 0"), std::string::npos)
      << found.result.picture;
  EXPECT_TRUE(found.shows("every schedule fails: all 2 ways to continue were run"))
      << found.result.picture;
  EXPECT_TRUE(found.records("\"schedules\":2,\"all\":true}")) << found.record;
}

TEST(Inflection, IsTheStartWhereEverythingFails) {
  const Found found = find([] {
    std::atomic<int> sum{0};
    std::thread worker([&] { ++sum; });
    ++sum;
    worker.join();
    check(sum == 3);
  });
  EXPECT_TRUE(found.shows("Whatever the schedule: every schedule fails"))
      << found.result.picture;
  EXPECT_TRUE(found.records("\"inflection\":{\"step\":0,")) << found.record;
}

TEST(Inflection, ClaimsNoMoreThanWasRun) {
  const Found found = find(
      [] {
        std::array<std::atomic<int>, 3> cells{};
        std::vector<std::jthread> workers;
        for (int worker = 0; worker < 3; ++worker) {
          workers.emplace_back([&] {
            for (auto& cell : cells) cell = cell + 1;
          });
        }
        workers.clear();
        check(cells[0] == 4, "never");
      },
      {.seconds = 300});  // of which a slow machine needs a part
  ASSERT_EQ(found.result.kind, "check");
  EXPECT_TRUE(found.shows("Whatever the schedule: none of the ")) << found.result.picture;
  EXPECT_FALSE(found.shows("every schedule fails")) << found.result.picture;
  EXPECT_TRUE(found.records("\"all\":false}")) << found.record;
}

// What ends well now and then, though not in the likely schedules, is found by the proof.
TEST(Inflection, IsNotBeforeARareWayOut) {
  const Found found = find(
      [] {
        std::atomic<int> stage{0};
        std::thread worker([&] {
          for (int next = 1; next <= 4; ++next) {
            int expected = 2 * next - 1;
            stage.compare_exchange_strong(expected, 2 * next);
          }
        });
        for (int next = 0; next < 4; ++next) {
          int expected = 2 * next;
          stage.compare_exchange_strong(expected, 2 * next + 1);
        }
        worker.join();
        check(stage == 8, "only if they take turns throughout");
      },
      {.memory = Memory::kSequential, .spurious = false});
  ASSERT_EQ(found.result.kind, "check");
  EXPECT_FALSE(found.records("\"inflection\":{\"step\":0,")) << found.result.picture;
  EXPECT_FALSE(found.shows("Whatever the schedule")) << found.result.picture;
}

// -- Where it is not known, nothing is said ---------------------------------------------

bool is_unknown(const Found& found) {
  return !found.records("\"inflection\"") && !found.shows("from here on") &&
         !found.shows("Whatever the schedule");
}

TEST(Inflection, IsUnknownForABodyWithHiddenState) {
  static int runs = 0;
  const Found found = find(
      [] {
        std::atomic<int> sum{0};
        std::thread worker([&] { sum = sum + 1; });
        if (runs++ == 0) sum = sum + 1;
        worker.join();
        check(sum == 2 || runs > 1, "an addition was lost");
      },
      {.schedules = 300});
  ASSERT_EQ(found.result.kind, "check");
  EXPECT_TRUE(is_unknown(found)) << found.result.picture;
}

// The search begins at the losing schedule's middle, and so runs into the way that ends the
// process: what is reported is the failure, without an inflection.
TEST(Inflection, IsUnknownWhereAWayOnEndsTheProcess) {
  const pid_t explorer = getpid();
  const Found found = find(
      [explorer] {
        std::atomic<int> turn{0};
        std::thread worker([&] { turn = 1; });
        const int seen = turn;
        if (seen == 1 && getpid() != explorer) _exit(0);
        worker.join();
        check(seen == 1, "too early");
      },
      {.memory = Memory::kSequential});
  ASSERT_EQ(found.result.kind, "check");
  EXPECT_TRUE(is_unknown(found)) << found.result.picture;
}

TEST(Inflection, IsUnknownForGoogleTestsAssertions) {
  const Found found = find([] { std::thread([] {}).join(); }, {.assertion_failed = [] {
                             static int asked = 0;
                             return asked++ % 2 == 1;  // not before the run, but after it
                           }});
  ASSERT_EQ(found.result.kind, "check");
  EXPECT_TRUE(is_unknown(found)) << found.result.picture;
}

}  // namespace
}  // namespace interleave
