// Property: partial-order reduction gives up a run in its middle when all that could follow was
// seen before, and the next run begins as if that one had never been. What a run given up leaves
// behind, its memory and libstdc++'s count of those who wait, must not change another.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "interleave/interleave.hpp"

namespace interleave {
namespace {

Result reduced(const std::function<void()>& body) {
  Options options;
  options.strategy = "reduced";
  options.schedules = 1'000'000;
  options.seconds = 120;
  return find_failure(body, options);
}

TEST(Exhaustive, ThoughThreadsAllocate) {
  const Result result = reduced([] {
    std::atomic<int*> newest = nullptr;
    const auto put = [&] { delete newest.exchange(new int(1)); };
    {
      std::jthread one(put);
      std::jthread other(put);
      delete newest.exchange(nullptr);
    }
    delete newest.load();
  });
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(result.exhaustive) << result.coverage;
}

TEST(Exhaustive, ThoughThreadsWait) {
  const Result result = reduced([] {
    const auto number = std::make_unique<int>(7);
    std::atomic<int*> newest = nullptr;
    const auto put = [&] {
      newest.store(number.get());
      newest.notify_one();
    };
    std::jthread one(put);
    std::jthread other(put);
    newest.wait(nullptr);
    check(*newest.load() == 7);
  });
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(result.exhaustive) << result.coverage;
}

}  // namespace
}  // namespace interleave
