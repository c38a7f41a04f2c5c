// Property: the line, the concept and the sentence that a report gives are the mistake's. Each
// body makes one mistake, in wrong_ideas.hpp; what stands here is right.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <regex>
#include <string>
#include <thread>

#include "interleave/interleave.hpp"
#include "wrong_ideas.hpp"

namespace {

using interleave::check;
using interleave::Options;
using interleave::Result;

struct Found {
  Result result;
  std::string record;
  std::string line;  // the source of the line that is named; of no file: empty
};

std::string last_record;

std::string source_of(const std::string& record) {
  static const std::regex place(R"re("file":"([^"]*)","line":(\d+))re");
  std::smatch match;
  if (!std::regex_search(record, match, place)) return {};
  std::ifstream in(match[1]);
  std::string line;
  for (int number = std::stoi(match[2]); number > 0; --number) std::getline(in, line);
  return in ? line.substr(line.find_first_not_of(' ')) : std::string();
}

Found find(const std::function<void()>& body, const Options& options = {}) {
  interleave::set_reporter([](std::string_view record) { last_record = record; });
  Found found;
  found.result = interleave::find_failure(body, options);
  found.record = last_record;
  found.line = source_of(found.record);
  interleave::set_reporter(nullptr);
  return found;
}

Options without_spurious() {
  Options options;
  options.spurious = false;
  return options;
}

TEST(Mistake, OfAThreadThatActsWhateverWokeItIsItsWait) {
  const Found found = find([] {
    wrong_ideas::Slot slot;
    std::jthread worker([&] { slot.put(); });
    check(slot.take(), "nothing was there");
  });
  EXPECT_EQ(found.result.concept_name, "check then act") << found.result.picture;
  EXPECT_EQ(found.line, "if (!full_) changed_.wait(lock);") << found.result.picture;
  EXPECT_NE(found.result.picture.find("was woken for no reason"), std::string::npos)
      << found.result.picture;
}

TEST(Mistake, IsNoWaitInALoopHoweverFarUpTheLoopBegins) {
  const Found found = find([] {
    wrong_ideas::Slot slot;
    std::jthread worker([&] { slot.put(); });
    check(slot.take_in_a_loop() < 2, "it slept twice");
  });
  EXPECT_EQ(found.result.kind, "check");
  EXPECT_EQ(found.result.concept_name, "") << found.result.picture;
}

TEST(Mistake, OfAThreadWokenByANotifyFromBeforeItsWaitIsThatWait) {
  const Found found = find(
      [] {
        wrong_ideas::Credits credits;
        std::jthread worker([&] {
          credits.give();
          credits.give();
        });
        for (int i = 0; i < 3; ++i) check(credits.take() >= 0, "more than there are");
      },
      without_spurious());
  EXPECT_EQ(found.result.concept_name, "check then act") << found.result.picture;
  EXPECT_EQ(found.line, "if (left_ == 0) room_.wait(lock);") << found.result.picture;
}

TEST(Mistake, OfASleeperIsTheLoadOfAnOldValue) {
  const Found found = find([] {
    wrong_ideas::Bell bell;
    std::jthread worker([&] { bell.ring(); });
    bell.sleep();
  });
  EXPECT_NE(found.line.find("_.load("), std::string::npos) << found.line << "\n"
                                                           << found.result.picture;
}

TEST(Mistake, OfAThreadThatLocksAgainIsTheSecondLock) {
  const Found found = find([] { wrong_ideas::Accounts().transfer(1, 1); });
  EXPECT_EQ(found.result.concept_name, "misuse") << found.result.picture;
  EXPECT_EQ(found.line, "const std::scoped_lock receiver(mutexes_[to]);")
      << found.result.picture;
}

TEST(Mistake, OfACircleOfLocksIsTheSecondLock) {
  const Found found = find([] {
    wrong_ideas::Accounts accounts;
    std::jthread teller([&] { accounts.transfer(0, 1); });
    accounts.transfer(1, 0);
  });
  EXPECT_EQ(found.result.concept_name, "lock order") << found.result.picture;
  EXPECT_EQ(found.line, "const std::scoped_lock receiver(mutexes_[to]);")
      << found.result.picture;
}

TEST(Mistake, IsNotBetweenTwoCallsThatTheCompilerPutIntoTheTest) {
  const Found found = find([] {
    wrong_ideas::Number number;
    number.open();
    {
      std::jthread one([&] { number.add(); });
      std::jthread two([&] { number.add(); });
    }
    number.open();
    check(number.get() == 2, "both must be there");
  });
  EXPECT_EQ(found.line, "reading.unlock();") << found.result.picture;
}

TEST(Mistake, IsNoneOfTheLessonsThatAnExerciseBuildsUpon) {
  const Found found = find([] {
    wrong_ideas::Number number;
    {
      const lesson::Pump pump;
      std::jthread one([&] { number.add(); });
      std::jthread two([&] { number.add(); });
    }
    check(number.get() == 2, "both must be there");
  });
  EXPECT_EQ(found.line, "reading.unlock();") << found.result.picture;
}

TEST(Mistake, OfARaceWithinTheTestIsThePromiseThatItReliedOn) {
  const Found found = find([] {
    int written = 0;
    wrong_ideas::Pool pool;
    pool.submit([&] { written = 7; });
    pool.wait_idle();
    check(written == 7, "wait_idle returned before the job had ended");
  });
  EXPECT_EQ(found.result.kind, "data race");
  EXPECT_EQ(found.result.concept_name, "") << "the test has its own";
  const char* message = "\"message\":\"wait_idle returned before the job had ended: ";
  EXPECT_NE(found.record.find(message), std::string::npos) << found.record;
  EXPECT_EQ(found.line, "[[nodiscard]] bool is_idle() const { return queued_ == 0; }");
}

}  // namespace
