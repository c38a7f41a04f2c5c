// Tests of exercise 13.3. Each opens with its property. Time is a number that the tests move,
// and the draws follow from a seed: nothing here waits, and each run draws the same.
#include <gtest/gtest.h>

#include <balancer.hpp>  // in <>, so that the include path decides whose it is
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "course/step_test.hpp"

namespace {

using namespace std::chrono_literals;
using TimePoint = Balancer::TimePoint;
using Request = Balancer::Request;

constexpr std::uint64_t seed = 13;

// No service is ever taken for dead: steps 1 and 2 need nothing of step 3.
constexpr Balancer::Options undying{.failures = 0};

// So many milliseconds after the tests began.
TimePoint at(int milliseconds) {
  return TimePoint{} + 1h + std::chrono::milliseconds(milliseconds);
}

// Takes a request that must be there; the test ends by an exception if it is not.
Request taken(Balancer& balancer, TimePoint now = at(0)) {
  return balancer.take(now).value();
}

// Takes requests until `service` gets one, and ends all others well. Fails after a thousand.
Request taken_by(Balancer& balancer, std::size_t service, TimePoint now = at(0)) {
  for (int tries = 0; tries < 1000; ++tries) {
    Request request = taken(balancer, now);
    if (request.service() == service) return request;
    request.succeeded(now);
  }
  ADD_FAILURE() << "service " << service << " gets no request of a thousand";
  return taken(balancer, now);
}

// Lets `service` fail so often that it is dead by the default options.
void kill(Balancer& balancer, std::size_t service, TimePoint now = at(0)) {
  for (int failure = 0; failure < 3; ++failure) {
    taken_by(balancer, service, now).failed(now);
  }
}

// Which services get one of `requests`, each of which ends well at once.
std::set<std::size_t> who_gets(Balancer& balancer, int requests, TimePoint now) {
  std::set<std::size_t> got;
  for (int i = 0; i < requests; ++i) {
    auto request = balancer.take(now);
    if (!request) continue;
    got.insert(request->service());
    request->succeeded(now);
  }
  return got;
}

// --- Step 1: given back, once ---------------------------------------------------------

// However a request ends, it is no longer under way.
STEP_TEST(1, Request, IsGivenBack, "lost request") {
  Balancer balancer(1, seed, undying);
  Request first = taken(balancer);
  Request second = taken(balancer);
  EXPECT_EQ(balancer.under_way(0), 2U);
  first.succeeded(at(1));
  EXPECT_EQ(balancer.under_way(0), 1U);
  second.failed(at(2));
  EXPECT_EQ(balancer.under_way(0), 0U) << "it has failed, and is still counted";
}

// One that is dropped, as by an exception, is given back too.
STEP_TEST(1, Request, IsGivenBackWhenItIsDropped, "lost request") {
  Balancer balancer(1, seed, undying);
  {
    const Request request = taken(balancer);
    EXPECT_EQ(balancer.under_way(0), 1U);
  }
  EXPECT_EQ(balancer.under_way(0), 0U) << "a request was dropped, and is still counted";
}

// Given back once: not again by its destructor, nor by what it was moved from; and a failure as
// an answer.
STEP_TEST(1, Request, IsGivenBackOnce, "lost request") {
  for (const bool well : {true, false}) {
    Balancer balancer(1, seed, undying);
    const Request kept = taken(balancer);
    {
      Request request = taken(balancer);
      Request moved = std::move(request);
      EXPECT_EQ(balancer.under_way(0), 2U);
      if (well) {
        moved.succeeded(at(0));
      } else {
        moved.failed(at(0));
      }
    }
    EXPECT_EQ(balancer.under_way(0), 1U)
        << "one of two has " << (well ? "succeeded" : "failed")
        << ", was moved before and destroyed after";
  }
}

// --- Step 2: two random choices -------------------------------------------------------

// Where none has anything to do, each gets its share: 10,000 requests, one after the other.
STEP_TEST(2, TwoChoices, EachGetsItsShareOfAnIdleSystem, "unfair choice") {
  for (const std::size_t services : {1U, 2U, 3U, 8U}) {
    Balancer balancer(services, seed, undying);
    std::vector<int> got(services);
    for (int i = 0; i < 10'000; ++i) {
      Request request = taken(balancer);
      ++got[request.service()];
      request.succeeded(at(0));
    }
    const double share = 10'000.0 / static_cast<double>(services);
    for (std::size_t i = 0; i < services; ++i) {
      EXPECT_NEAR(got[i], share, 0.15 * share)
          << "requests of 10,000 for service " << i << " of " << services;
    }
  }
}

// Of two services the idle one gets the request, each time: both are drawn.
STEP_TEST(2, TwoChoices, OfTwoTheIdlerOne, "unfair choice") {
  Balancer balancer(2, seed, undying);
  for (int i = 0; i < 100; ++i) {
    std::vector<Request> busy;
    busy.push_back(taken(balancer));
    busy.push_back(taken(balancer));
    ASSERT_NE(busy[0].service(), busy[1].service())
        << "one of two has a request under way, and gets the next one too";
    for (Request& request : busy) request.succeeded(at(0));
  }
}

// The busiest of all never gets one: the other one that is drawn has less to do.
STEP_TEST(2, TwoChoices, TheBusiestGetsNone, "unfair choice") {
  Balancer balancer(4, seed, undying);
  std::vector<Request> held;
  while (held.size() < 12) {  // three for service 0
    Request request = taken_by(balancer, held.size() % 4);
    if (request.service() != held.size() % 4) return;  // told above
    held.push_back(std::move(request));
  }
  held.push_back(taken(balancer));
  const std::size_t busiest = held.back().service();
  for (int i = 0; i < 1000; ++i) {
    Request request = taken(balancer);
    ASSERT_NE(request.service(), busiest)
        << "it has more requests under way than each of the other three";
    request.succeeded(at(0));
  }
}

// But the idlest of all does not get everything: it is not always drawn. (If it were, all of
// several balancers would send to it at once.)
STEP_TEST(2, TwoChoices, TheIdlestDoesNotGetAll, "stale load") {
  Balancer balancer(8, seed, undying);
  std::vector<Request> held;
  for (std::size_t service = 1; service < 8; ++service) {
    held.push_back(taken_by(balancer, service));
  }
  int idlest = 0;
  constexpr int requests = 4000;
  for (int i = 0; i < requests; ++i) {
    Request request = taken(balancer);
    idlest += request.service() == 0;
    request.succeeded(at(0));
  }
  // Drawn first by 1 of 8, else second by 1 of 7 of the rest: 1 of 4.
  EXPECT_NEAR(idlest, requests / 4, 200)
      << "requests of 4,000 for the one of eight that has nothing to do";
}

// Any two may meet, each pair as often as any other: where service k has k requests under way, it
// gets the next one if it meets one of those above it.
STEP_TEST(2, TwoChoices, EachPairIsAsLikely, "unfair choice") {
  constexpr std::size_t services = 8;
  Balancer balancer(services, seed, undying);
  std::vector<std::vector<Request>> held(services);
  for (std::size_t level = 0; level < services; ++level) {
    for (std::size_t i = 0; i < services; ++i) {
      held[i].push_back(taken_by(balancer, i));
    }
  }
  for (std::size_t i = 0; i < services; ++i) {
    while (held[i].size() > i) {
      held[i].back().succeeded(at(0));
      held[i].pop_back();
    }
    ASSERT_EQ(balancer.under_way(i), i);
  }
  std::vector<int> got(services);
  constexpr int each = 200;  // how often each of the 28 pairs meets
  for (int i = 0; i < 28 * each; ++i) {
    Request request = taken(balancer);
    ++got[request.service()];
    request.succeeded(at(0));
  }
  for (std::size_t i = 0; i < services; ++i) {
    const int above = static_cast<int>(services - 1 - i);
    EXPECT_NEAR(got[i], above * each, 120)
        << "requests of 5,600 for service " << i << ", which has " << i
        << " under way where " << above << " have more";
  }
}

// A request counts from when it is taken, not from when it is answered: of a burst none is
// known to be answered yet.
STEP_TEST(2, TwoChoices, ABurstIsSpread, "stale load") {
  Balancer balancer(16, seed, undying);
  std::vector<Request> burst;
  for (int i = 0; i < 1600; ++i) burst.push_back(taken(balancer));
  for (std::size_t service = 0; service < 16; ++service) {
    EXPECT_NEAR(static_cast<double>(balancer.under_way(service)), 100, 5)
        << "of a burst of 1,600 requests to 16 services, for service " << service;
  }
}

// The same seed draws the same, another seed does not.
STEP_TEST(2, TwoChoices, TheSeedDecides, "unfair choice") {
  const auto drawn = [](std::uint64_t from) {
    Balancer balancer(8, from, undying);
    std::vector<std::size_t> services;
    for (int i = 0; i < 50; ++i) {
      Request request = taken(balancer);
      services.push_back(request.service());
      request.succeeded(at(0));
    }
    return services;
  };
  EXPECT_EQ(drawn(1), drawn(1));
  EXPECT_NE(drawn(1), drawn(2));
}

// A service that fails all the time does not look busy because of it: nothing is left behind.
STEP_TEST(2, Request, FailuresLeaveNothingBehind, "lost request") {
  Balancer balancer(4, seed, undying);
  for (int i = 0; i < 1000; ++i) {
    Request request = taken(balancer);
    if (request.service() == 2) {
      request.failed(at(0));
    } else {
      request.succeeded(at(0));
    }
  }
  for (std::size_t service = 0; service < 4; ++service) {
    EXPECT_EQ(balancer.under_way(service), 0U) << "all requests have ended";
  }
}

// --- Step 3: dead services ------------------------------------------------------------

// After so many failures in a row, and not before, it gets no more.
STEP_TEST(3, DeadService, GetsNoRequest, "dead peer") {
  Balancer balancer(3, seed);
  for (int failure = 1; failure <= 3; ++failure) {
    EXPECT_FALSE(balancer.dead(1)) << "failures so far: " << failure - 1 << " of 3";
    taken_by(balancer, 1).failed(at(0));
  }
  EXPECT_TRUE(balancer.dead(1)) << "after 3 failures of 3";
  EXPECT_EQ(who_gets(balancer, 1000, at(99)), (std::set<std::size_t>{0, 2}))
      << "service 1 has failed three times, and its pause of 100 ms is not over";
}

// In a row: a success between them starts the count again.
STEP_TEST(3, DeadService, HasFailedInARow, "dead peer") {
  Balancer balancer(2, seed);
  for (int i = 0; i < 10; ++i) {
    taken_by(balancer, 0).failed(at(0));
    taken_by(balancer, 0).failed(at(0));
    taken_by(balancer, 0).succeeded(at(0));
  }
  EXPECT_FALSE(balancer.dead(0)) << "it has never failed three times in a row";
}

// Each service is counted for itself.
STEP_TEST(3, DeadService, FailsForItself, "dead peer") {
  Balancer balancer(3, seed);
  for (std::size_t service = 0; service < 3; ++service) {
    taken_by(balancer, service).failed(at(0));
  }
  for (std::size_t service = 0; service < 3; ++service) {
    EXPECT_FALSE(balancer.dead(service)) << "each has failed once";
  }
}

// Requests that are dropped count as failures.
STEP_TEST(3, DeadService, MayHaveBeenDropped, "dead peer") {
  Balancer balancer(2, seed);
  for (int i = 0; i < 3; ++i) static_cast<void>(taken_by(balancer, 0));
  EXPECT_TRUE(balancer.dead(0)) << "three of its requests were dropped";
}

// Where all are dead, there is none to send to: say so at once.
STEP_TEST(3, DeadService, IsNoLastResort, "dead peer") {
  Balancer balancer(2, seed);
  kill(balancer, 0);
  kill(balancer, 1);
  EXPECT_FALSE(balancer.take(at(50)).has_value()) << "both are dead";
  Balancer none(0, seed);
  EXPECT_FALSE(none.take(at(0)).has_value()) << "there is no service";
}

// The pause begins with the last failure, not with the first, nor with the request.
STEP_TEST(3, DeadService, PausesFromItsLastFailureOn, "dead peer") {
  Balancer balancer(1, seed);
  Request slow = taken(balancer, at(0));
  taken(balancer, at(0)).failed(at(10));
  taken(balancer, at(20)).failed(at(30));
  slow.failed(at(500));
  EXPECT_FALSE(balancer.take(at(599)).has_value()) << "dead since 500, for 100 ms";
}

// What was sent before it died and ends afterwards says nothing new: it neither revives the
// service, nor makes its pause longer.
STEP_TEST(3, DeadService, IsNotJudgedByOldRequests, "dead peer") {
  Balancer balancer(1, seed);
  std::vector<Request> old;
  for (int i = 0; i < 6; ++i) old.push_back(taken(balancer));
  for (int i = 0; i < 3; ++i) old[static_cast<std::size_t>(i)].failed(at(0));
  ASSERT_TRUE(balancer.dead(0));
  old[3].failed(at(50));
  old[4].succeeded(at(60));
  EXPECT_TRUE(balancer.dead(0))
      << "an answer to what was sent before it died shows that it lived then";
  EXPECT_FALSE(balancer.take(at(99)).has_value()) << "dead since 0, for 100 ms";
  auto trial = balancer.take(at(100));
  ASSERT_TRUE(trial.has_value())
      << "dead since 0, for 100 ms: a failure of an old request must not prolong it";
  old[5].failed(at(101));
  trial->succeeded(at(102));
  EXPECT_FALSE(balancer.dead(0)) << "its trial went well";
  EXPECT_EQ(balancer.under_way(0), 0U);
}

// --- Step 4: back to life -------------------------------------------------------------

// When its pause is over it gets the next request, whatever the draws would say; if that
// succeeds, it lives.
STEP_TEST(4, Trial, IsTheNextRequest, "dead peer") {
  Balancer balancer(3, seed);
  kill(balancer, 1);
  Request trial = taken(balancer, at(100));
  ASSERT_EQ(trial.service(), 1U) << "its pause is over: the next request shows how it is";
  trial.succeeded(at(101));
  EXPECT_FALSE(balancer.dead(1)) << "its trial has succeeded";
}

// It gets one, and no other while that is out.
STEP_TEST(4, Trial, IsOneRequest, "thundering herd") {
  Balancer balancer(3, seed);
  kill(balancer, 1);
  Request trial = taken(balancer, at(100));
  ASSERT_EQ(trial.service(), 1U) << "its pause is over: the next request shows how it is";
  EXPECT_EQ(who_gets(balancer, 1000, at(5000)), (std::set<std::size_t>{0, 2}))
      << "its one trial is still under way";
  EXPECT_TRUE(balancer.dead(1)) << "until the trial has succeeded";
  trial.succeeded(at(5001));
  EXPECT_FALSE(balancer.dead(1));
  EXPECT_EQ(who_gets(balancer, 1000, at(5001)), (std::set<std::size_t>{0, 1, 2}));
}

// A trial that fails doubles the pause, each time, up to the longest.
STEP_TEST(4, Trial, DoublesThePauseWhenItFails, "thundering herd") {
  Balancer balancer(1, seed,
                    {.failures = 1, .first_pause = 100ms, .longest_pause = 500ms});
  taken(balancer).failed(at(0));
  int now = 0;
  for (const int pause : {100, 200, 400, 500, 500}) {
    EXPECT_FALSE(balancer.take(at(now + pause - 1)).has_value())
        << "the pause of " << pause << " ms has one left";
    auto trial = balancer.take(at(now + pause));
    ASSERT_TRUE(trial.has_value()) << "the pause of " << pause << " ms is over";
    now += pause;
    trial->failed(at(now));
    EXPECT_TRUE(balancer.dead(0));
  }
}

// One that failed is not the last: a service that is back is found, be it after a day.
STEP_TEST(4, Trial, IsRepeated, "dead peer") {
  Balancer balancer(1, seed);
  kill(balancer, 0);
  taken(balancer, at(100)).failed(at(100));
  EXPECT_TRUE(balancer.take(at(300)).has_value())
      << "its trial failed at 100: after 200 ms it gets the next one";
  int now = 300;
  for (int failure = 0; failure < 30; ++failure) {
    now += 10'000;
    auto trial = balancer.take(at(now));
    ASSERT_TRUE(trial.has_value()) << "no pause is longer than 10 s";
    trial->failed(at(now));
  }
}

// One success is enough, and then it takes as many failures as at first; the next pause is the
// first again.
STEP_TEST(4, Trial, ThatSucceedsForgetsAll, "dead peer") {
  Balancer balancer(1, seed);
  kill(balancer, 0);
  taken(balancer, at(100)).failed(at(100));
  taken(balancer, at(300)).succeeded(at(300));
  ASSERT_FALSE(balancer.dead(0));
  taken(balancer, at(300)).failed(at(300));
  taken(balancer, at(300)).failed(at(300));
  EXPECT_FALSE(balancer.dead(0)) << "two failures of three, since it came back";
  taken(balancer, at(300)).failed(at(300));
  EXPECT_TRUE(balancer.dead(0));
  EXPECT_TRUE(balancer.take(at(400)).has_value()) << "the pause is 100 ms again";
}

// A trial that is dropped has failed: there will be another one.
STEP_TEST(4, Trial, MayBeDropped, "dead peer") {
  Balancer balancer(1, seed);
  kill(balancer, 0);
  static_cast<void>(taken(balancer, at(100)));
  EXPECT_FALSE(balancer.take(at(299)).has_value()) << "dead again since 100, for 200 ms";
  EXPECT_TRUE(balancer.take(at(300)).has_value());
}

// Old requests that hang do not keep a dead service from its trial.
STEP_TEST(4, Trial, DoesNotWaitForOldRequests, "dead peer") {
  Balancer balancer(1, seed);
  const Request hangs = taken(balancer);
  kill(balancer, 0);
  EXPECT_TRUE(balancer.take(at(100)).has_value())
      << "a request that was sent before it died is still under way";
}

// Each dead service has a trial of its own.
STEP_TEST(4, Trial, OfEachDeadService, "dead peer") {
  Balancer balancer(3, seed);
  for (std::size_t service = 0; service < 3; ++service) kill(balancer, service);
  std::vector<Request> trials;
  std::set<std::size_t> tried;
  for (int i = 0; i < 3; ++i) {
    trials.push_back(taken(balancer, at(100)));
    tried.insert(trials.back().service());
  }
  EXPECT_EQ(tried.size(), 3U);
  EXPECT_FALSE(balancer.take(at(100)).has_value()) << "all three are on trial";
  for (Request& trial : trials) trial.succeeded(at(101));
}

}  // namespace
