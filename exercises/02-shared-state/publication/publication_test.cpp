// Tests of exercise 2.1. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule, and for the old value in memory, that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <array>
#include <chrono>
#include <memory>
#include <publication.hpp>  // in <>, so that the include path decides whose it is
#include <string>
#include <thread>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Before anything is published there is nothing to read.
STEP_TEST(1, Publication, IsEmptyAtFirst, "release without acquire") {
  explore([] {
    const Publication<int> publication;
    check(publication.try_read() == nullptr, "nothing was published yet");
  });
}

// The thread that published reads its value.
STEP_TEST(1, Publication, GivesWhatWasPublished, "release without acquire") {
  explore([] {
    Publication<std::string> publication;
    publication.publish("forty-two");
    const std::string* value = publication.try_read();
    check(value != nullptr, "a value was published");
    check(value != nullptr && *value == "forty-two", "it must be the value published");
  });
}

// A value is moved into place, never copied, and stays where it is.
STEP_TEST(1, Publication, MovesTheValueOnce, "release without acquire") {
  explore([] {
    Publication<std::unique_ptr<int>> publication;
    publication.publish(std::make_unique<int>(7));
    const auto* value = publication.try_read();
    check(value != nullptr && *value != nullptr && **value == 7,
          "the value must be there");
    check(publication.try_read() == value, "every reader gets the same object");
  });
}

// A reader that sees the flag sees the value behind it: both halves, whole.
STEP_TEST(1, Publication, TheFlagBringsTheValue, "release without acquire") {
  explore([] {
    const auto publication = std::make_unique<Publication<std::array<int, 2>>>();
    std::jthread reader([&] {
      if (const auto* value = publication->try_read()) {
        check((*value)[0] == 4 && (*value)[1] == 2,
              "the flag was up before the value was there");
      }
    });
    publication->publish({4, 2});
  });
}

// What the leader wrote before publish, even elsewhere, is seen by who sees the flag.
STEP_TEST(1, Publication, TheFlagBringsWhatCameBefore, "release without acquire") {
  explore([] {
    const auto publication = std::make_unique<Publication<int*>>();
    int written = 0;
    std::jthread reader([&] {
      if (int* const* value = publication->try_read()) {
        check(**value == 7, "the reader must see what the leader wrote before publish");
      }
    });
    written = 7;
    publication->publish(&written);
  });
}

// try_read is one atomic load: no lock, nothing allocated.
STEP_TEST(1, Publication, CostOfTryRead, "contention") {
  explore([] {
    Publication<int> publication;
    publication.publish(7);
    const interleave::Cost cost("try_read");
    check(publication.try_read() != nullptr, "a value was published");
  });
}

// With the value there, wait gives it at once.
STEP_TEST(2, Publication, WaitFindsThePublished, "lost wake-up") {
  explore([] {
    Publication<int> publication;
    publication.publish(7);
    check(publication.wait() == 7, "wait must give what was published");
  });
}

// A reader that waits is woken, and then sees the value.
STEP_TEST(2, Publication, WaitSleepsUntilThePublication, "lost wake-up") {
  explore([] {
    const auto publication = std::make_unique<Publication<int>>();
    std::jthread reader(
        [&] { check(publication->wait() == 7, "wait must give what was published"); });
    publication->publish(7);
  });
}

// Every reader that waits is woken.
STEP_TEST(2, Publication, WakesEveryReader, "lost wake-up") {
  explore([] {
    const auto publication = std::make_unique<Publication<int>>();
    std::jthread reader1(
        [&] { check(publication->wait() == 7, "reader 1 must get it"); });
    std::jthread reader2(
        [&] { check(publication->wait() == 7, "reader 2 must get it"); });
    publication->publish(7);
  });
}

// A reader is woken by publish itself, not by a look at the flag now and then. Only the
// explorer's clock can tell: it stands still while a thread can run, but for some nanoseconds
// at each look at it.
STEP_TEST(2, Publication, PublishIsFeltAtOnce, "lost wake-up") {
  explore([] {
    const auto publication = std::make_unique<Publication<int>>();
    std::jthread reader(
        [&] { check(publication->wait() == 7, "wait must give what was published"); });
    std::this_thread::sleep_for(std::chrono::microseconds(1501));
    const auto published = std::chrono::steady_clock::now();
    publication->publish(7);
    reader.join();
    const auto later = std::chrono::steady_clock::now() - published;
    check(!interleave::explores_schedules() || later < std::chrono::microseconds(10),
          "a reader slept on after the value was published, until a time-out woke it");
  });
}

// A reader that comes too early sleeps, and is woken once.
STEP_TEST(2, Publication, CostOfWaiting, "busy waiting") {
  explore([] {
    const auto publication = std::make_unique<Publication<int>>();
    std::jthread leader([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      publication->publish(7);
    });
    const interleave::Cost sleep("wait");
    const interleave::Cost rest("read that waits");
    check(publication->wait() == 7, "wait must give what was published");
  });
}

}  // namespace
