// Tests of exercise 10.2. Each opens with its property. Most traces are made by hand, so that
// what happened is known; the last are of real lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <blame.hpp>  // in <>, so that the include path decides whose it is
#include <cstdint>
#include <initializer_list>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../../../lessons/05-assembly-line/assembly_line.hpp"
#include "../../../solutions/05-assembly-line/reorder.hpp"
#include "course/records.hpp"
#include "course/step_test.hpp"
#include "tracing.hpp"

namespace {

// A span in few words. Its time is in the order of the ids, unless `at` sets it.
class Written {
 public:
  Written(std::uint64_t id, std::uint64_t cause, const char* stage) {
    span_.job = 1;
    span_.id = id;
    span_.cause = cause;
    span_.stage = stage;
    at(static_cast<std::int64_t>(100 * id));
  }
  Written& of_job(std::uint64_t job) { return span_.job = job, *this; }
  Written& attempt(unsigned number) { return span_.attempt = number, *this; }
  Written& threw() { return span_.threw = true, *this; }
  Written& wrong() { return span_.gave = 666, *this; }
  Written& at(std::int64_t begin) {
    return span_.begin = begin, span_.end = begin + 10, *this;
  }
  operator Span() const { return span_; }  // NOLINT: that is what it is for

 private:
  Span span_;
};

// What is right in these traces: everything that was not made `wrong`.
bool is_right(const Span& span) {
  EXPECT_FALSE(span.threw) << "is_right was asked about " << span.stage
                           << ", which threw and so gave nothing";
  return span.gave != 666;
}

// "read, price 2, print": the stages of a way, with the number of a later attempt.
std::string told(const std::vector<Span>& spans) {
  std::string told;
  for (const Span& span : spans) {
    told += (told.empty() ? "" : ", ") + std::string(span.stage);
    if (span.attempt > 1) told += " " + std::to_string(span.attempt);
  }
  return told;
}

std::string told(const Way& way) {
  return told(way.spans) + (way.whole ? "" : ", and something is missing before");
}

std::string told(const Blame& blame) {
  const std::string who = blame.broke ? told(std::vector{*blame.broke}) : "nothing";
  return who + (blame.certain ? "" : ", not certain");
}

// --- Step 1: the way, by cause -----------------------------------------------------------

// Each span on the way took what the one before it gave, and the last is the one asked for.
STEP_TEST(1, Blame, FollowsTheCauses, "causality") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price"),
                                Written(3, 2, "tax"), Written(4, 3, "print")};
  EXPECT_EQ(told(way_to(trace, 4)), "read, price, tax, print");
  EXPECT_EQ(told(way_to(trace, 2)), "read, price")
      << "what came after the span that was asked for is not on its way";
  EXPECT_EQ(told(way_to(trace, 1)), "read");
}

// A trace comes in any order, and ids are in none.
STEP_TEST(1, Blame, TakesATraceInAnyOrder, "causality") {
  std::vector<Span> trace{Written(70, 0, "read").at(100), Written(5, 70, "price").at(200),
                          Written(900, 5, "tax").at(300),
                          Written(33, 900, "print").at(400)};
  std::mt19937_64 random(course::seed());
  for (int shuffle = 0; shuffle < 20; ++shuffle) {
    std::shuffle(trace.begin(), trace.end(), random);
    ASSERT_EQ(told(way_to(trace, 33)), "read, price, tax, print")
        << "way_to must not depend on the order of the spans, nor on their ids; seed "
        << course::seed();
  }
}

// The clocks of four threads disagree: by them, the job was printed before it was read.
STEP_TEST(1, Blame, DoesNotBelieveTheClocks, "causality") {
  const std::vector<Span> trace{
      Written(1, 0, "read").at(5'000), Written(2, 1, "price").at(100),
      Written(3, 2, "tax").at(9'000), Written(4, 3, "print").at(-2'000)};
  EXPECT_EQ(told(way_to(trace, 4)), "read, price, tax, print")
      << "times of different threads are by different clocks: way_to must not order by "
         "them";
}

// Jobs overtake each other in a stage with several workers; each keeps to its own way.
STEP_TEST(1, Blame, KeepsJobsApart, "causality") {
  const std::vector<Span> trace{
      Written(11, 0, "read").of_job(1).at(1),   Written(21, 0, "read").of_job(2).at(2),
      Written(22, 21, "price").of_job(2).at(3), Written(12, 11, "price").of_job(1).at(4),
      Written(13, 12, "print").of_job(1).at(5), Written(23, 22, "print").of_job(2).at(6)};
  const Way way = way_to(trace, 13);
  EXPECT_EQ(told(way), "read, price, print");
  for (const Span& span : way.spans) EXPECT_EQ(span.job, 1u) << "a span of another job";
}

// Asked for a span that is not there, in any trace: an empty way.
STEP_TEST(1, Blame, HasNoWayToWhatIsNotThere, "incomplete trace") {
  EXPECT_TRUE(way_to({}, 1).spans.empty());
  EXPECT_TRUE(way_to({Written(1, 0, "read")}, 2).spans.empty());
  EXPECT_TRUE(way_to({Written(1, 0, "read")}, 0).spans.empty()) << "no span has the id 0";
}

// --- Step 2: who made it wrong ---------------------------------------------------------------

// The fault shows two stages after the one that made it.
STEP_TEST(2, Blame, NamesTheStageThatSpoiledIt, "causality") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price").wrong(),
                                Written(3, 2, "tax").wrong(),
                                Written(4, 3, "print").threw()};
  EXPECT_EQ(told(blame(trace, 4, is_right)), "price")
      << "print and tax took what was wrong already";
}

// The same with clocks by which tax came first, and price last.
STEP_TEST(2, Blame, NamesItWhateverTheClocksSay, "causality") {
  const std::vector<Span> trace{
      Written(1, 0, "read").at(400), Written(2, 1, "price").wrong().at(900),
      Written(3, 2, "tax").wrong().at(100), Written(4, 3, "print").threw().at(600)};
  EXPECT_EQ(told(blame(trace, 4, is_right)), "price")
      << "tax was the first wrong one by the clocks; by the causes it was price";
}

// Wrong, put right, and wrong again: what shows was made by the second.
STEP_TEST(2, Blame, NamesTheLastThatMadeItWrong, "causality") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price").wrong(),
                                Written(3, 2, "round"), Written(4, 3, "tax").wrong(),
                                Written(5, 4, "print").wrong()};
  EXPECT_EQ(told(blame(trace, 5, is_right)), "tax")
      << "round put right what price had spoiled, so tax took something right";
}

// The source may have been wrong; and a job may be right.
STEP_TEST(2, Blame, NamesTheSourceAndNothing, "causality") {
  const std::vector<Span> spoiled{Written(1, 0, "read").wrong(),
                                  Written(2, 1, "print").wrong()};
  EXPECT_EQ(told(blame(spoiled, 2, is_right)), "read");
  const std::vector<Span> right{Written(1, 0, "read"), Written(2, 1, "print")};
  EXPECT_EQ(told(blame(right, 2, is_right)), "nothing");
}

// Another job's fault is another job's.
STEP_TEST(2, Blame, DoesNotBlameAnotherJob, "causality") {
  const std::vector<Span> trace{Written(21, 0, "read").of_job(2).wrong().at(1),
                                Written(11, 0, "read").of_job(1).at(2),
                                Written(22, 21, "price").of_job(2).wrong().at(3),
                                Written(12, 11, "price").of_job(1).wrong().at(4),
                                Written(13, 12, "print").of_job(1).threw().at(5)};
  const Blame found = blame(trace, 13, is_right);
  ASSERT_EQ(told(found), "price") << "job 1's price took something right and gave "
                                     "something wrong; print only threw at it";
  EXPECT_EQ(found.broke->job, 1u) << "it is job 1 that is asked about";
}

// --- Step 3: attempts that gave nothing ----------------------------------------------------

// An attempt that threw is not on the way; the next one took what it had taken.
STEP_TEST(3, Blame, LeavesOutWhatThrew, "abandoned attempt") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price").threw(),
                                Written(3, 2, "price").attempt(2).threw(),
                                Written(4, 3, "price").attempt(3),
                                Written(5, 4, "print")};
  EXPECT_EQ(told(way_to(trace, 5)), "read, price 3, print")
      << "a later attempt takes what the first one took, and nothing of the attempts "
         "between";
}

// An attempt that was given up gave something, later: nothing took it.
STEP_TEST(3, Blame, LeavesOutWhatWasGivenUp, "abandoned attempt") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price").wrong(),
                                Written(3, 2, "price").attempt(2),
                                Written(4, 3, "print")};
  EXPECT_EQ(told(way_to(trace, 4)), "read, price 2, print")
      << "attempt 1 did not throw, but attempt 2 took its place: what it gave was thrown "
         "away";
}

// What was asked for is on its way, also if it is an attempt, and if it threw.
STEP_TEST(3, Blame, EndsAtTheAttemptThatWasAskedFor, "abandoned attempt") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price").threw(),
                                Written(3, 2, "price").attempt(2).threw()};
  EXPECT_EQ(told(way_to(trace, 3)), "read, price 2");
  EXPECT_EQ(told(way_to(trace, 2)), "read, price");
}

// Several stages try again, the first one too.
STEP_TEST(3, Blame, LeavesThemOutAtEveryStage, "abandoned attempt") {
  const std::vector<Span> trace{Written(1, 0, "read").threw(),
                                Written(2, 1, "read").attempt(2),
                                Written(3, 2, "price").threw(),
                                Written(4, 3, "price").attempt(2),
                                Written(5, 4, "tax"),
                                Written(6, 5, "print").threw(),
                                Written(7, 6, "print").attempt(2)};
  EXPECT_EQ(told(way_to(trace, 7)), "read 2, price 2, tax, print 2");
}

// A stage that throws over something right is to blame itself, after however many attempts.
STEP_TEST(3, Blame, NamesAStageThatThrewForNothing, "abandoned attempt") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price"),
                                Written(3, 2, "print").threw(),
                                Written(4, 3, "print").attempt(2).threw()};
  EXPECT_EQ(told(blame(trace, 4, is_right)), "print 2");
  EXPECT_EQ(told(blame(trace, 3, is_right)), "print");
}

// An attempt whose result was thrown away spoiled nothing, whatever it was.
STEP_TEST(3, Blame, DoesNotBlameAnAbandonedAttempt, "abandoned attempt") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(2, 1, "price").wrong(),
                                Written(3, 2, "price").attempt(2),
                                Written(4, 3, "tax").wrong(),
                                Written(5, 4, "print").threw()};
  EXPECT_EQ(told(blame(trace, 5, is_right)), "tax")
      << "price's first attempt was wrong, but its second took its place, and was right";
}

// The attempt that was used is to blame, whatever the one before it was.
STEP_TEST(3, Blame, BlamesTheAttemptThatWasUsed, "abandoned attempt") {
  const Span read = Written(1, 0, "read");
  const Span used = Written(3, 2, "price").attempt(2).wrong();
  const Span print = Written(4, 3, "print").wrong();
  for (const Span& first :
       {Span(Written(2, 1, "price")), Span(Written(2, 1, "price").wrong()),
        Span(Written(2, 1, "price").threw())}) {
    EXPECT_EQ(told(blame({read, first, used, print}, 4, is_right)), "price 2")
        << "nothing took what price's first attempt gave, which "
        << (first.threw         ? "threw"
            : first.gave == 666 ? "was wrong"
                                : "was right");
  }
}

// --- Step 4: what the trace lacks ---------------------------------------------------------------

// A span on the way is missing: the way begins behind it, and says so.
STEP_TEST(4, Blame, SaysThatTheWayIsNotWhole, "incomplete trace") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(3, 2, "tax"),
                                Written(4, 3, "print")};
  EXPECT_EQ(told(way_to(trace, 4)), "tax, print, and something is missing before");
  EXPECT_FALSE(way_to(trace, 9).whole);
}

// A missing attempt hides what all attempts took.
STEP_TEST(4, Blame, MissesTheFirstAttempt, "incomplete trace") {
  const std::vector<Span> trace{
      Written(1, 0, "read"), Written(3, 2, "price").attempt(2).threw(),
      Written(4, 3, "price").attempt(3).wrong(), Written(5, 4, "print").threw()};
  EXPECT_EQ(told(way_to(trace, 5)), "price 3, print, and something is missing before");
  EXPECT_EQ(told(blame(trace, 5, is_right)), "price 3, not certain")
      << "only the first attempt, which is missing, says what the others took";
}

// The span before the first wrong one is missing: either of the two may have done it.
STEP_TEST(4, Blame, IsNotCertainBehindAGap, "incomplete trace") {
  const std::vector<Span> trace{Written(1, 0, "read"), Written(3, 2, "tax").wrong(),
                                Written(4, 3, "print").threw()};
  EXPECT_EQ(told(blame(trace, 4, is_right)), "tax, not certain")
      << "what tax took is not in the trace: it may have been wrong already";
}

// A gap before something that is known to be right is no matter.
STEP_TEST(4, Blame, IsCertainBehindSomethingRight, "incomplete trace") {
  const std::vector<Span> trace{Written(3, 2, "tax"), Written(4, 3, "round").wrong(),
                                Written(5, 4, "print").threw()};
  EXPECT_EQ(told(blame(trace, 5, is_right)), "round")
      << "tax is known to be right: whatever is missing before it did no harm";
}

// Nothing is known of a span that the trace does not have.
STEP_TEST(4, Blame, KnowsNothingOfWhatIsNotThere, "incomplete trace") {
  EXPECT_EQ(told(blame({}, 1, is_right)), "nothing, not certain");
  EXPECT_EQ(told(blame({Written(1, 0, "read")}, 2, is_right)), "nothing, not certain");
}

// --- All of it, on lines that ran ----------------------------------------------------

// The parts of the line: what each stage should give, for a job of this number.
std::uint64_t priced(std::uint64_t job) { return 10 * job; }
std::uint64_t taxed(std::uint64_t job) { return priced(job) + 7; }

bool is_right_in_the_line(const Span& span) {
  const std::string stage = span.stage;
  const std::uint64_t should = stage == "price" ? priced(span.job)
                               : stage == "tax" ? taxed(span.job)
                                                : span.job;
  return span.gave == should;
}

// The span in which `job` failed, and no attempt came after it.
std::uint64_t shown_of(const std::vector<Span>& trace, std::uint64_t job) {
  std::uint64_t shown = 0;
  for (const Span& span : trace) {
    if (span.job == job && std::string(span.stage) == "print") shown = span.id;
  }
  return shown;
}

constexpr std::uint64_t spoiled = 37;
constexpr std::uint64_t jobs = 60;

// Throws at every third call.
class Moody {
 public:
  void call() {
    if (++calls_ % 3 == 0) throw std::runtime_error("busy");
  }

 private:
  int calls_ = 0;
};

// Lesson 5's line, every stage of which throws now and then and is tried again. Pricing
// spoils one job; printing refuses it.
STEP_TEST(3, Blame, FindsItInLessonFivesLine, "causality") {
  Recorder recorder;
  const auto record = [&recorder](const Span& span) { recorder.record(span); };
  using Numbers = std::uint64_t;
  {
    auto line = AssemblyLine<Traced<Numbers>>(4)
                    .then(traced("price", 2, record,
                                 [moody = Moody()](Numbers job) mutable {
                                   moody.call();
                                   return job == spoiled ? 1 : priced(job);
                                 }))
                    .then(traced("tax", 2, record,
                                 [moody = Moody()](Numbers price) mutable {
                                   moody.call();
                                   return price + 7;
                                 }))
                    .then(traced("print", 1, record, [](Numbers price) {
                      if (price < 10) throw std::runtime_error("no price is so low");
                      return price;
                    }));
    std::jthread source([&line] {
      for (Numbers job = 1; job <= jobs; ++job) line.put({job, 0, 0, job});
      line.finish();
    });
    for (bool more = true; more;) {
      try {
        more = line.take().has_value();
      } catch (const std::runtime_error&) {
        continue;  // the job that was refused
      }
    }
  }
  const std::vector<Span> trace = recorder.spans();
  const Blame found = blame(trace, shown_of(trace, spoiled), is_right_in_the_line);
  ASSERT_TRUE(found.broke.has_value()) << "the job was refused, so something broke it";
  EXPECT_EQ(std::string(found.broke->stage), "price");
  EXPECT_EQ(found.broke->job, spoiled);
  EXPECT_TRUE(found.certain) << "the trace is whole";
}

// Exercise 5.3's stage: three workers at once, and each attempt may throw.
STEP_TEST(3, Blame, FindsItBehindAParallelStage, "causality") {
  using Numbers = std::uint64_t;
  Recorder recorder;
  const auto record = [&recorder](const Span& span) { recorder.record(span); };
  {
    Reorder<Traced<Numbers>, Traced<Numbers>> price(
        3, 6, traced("price", 2, record, [](Numbers job) {
          thread_local Moody moody;
          moody.call();
          return job == spoiled ? 1 : priced(job);
        }));
    auto tax = traced("tax", 1, record, [](Numbers price_of) { return price_of + 7; });
    auto print = traced("print", 1, record, [](Numbers all) { return all; });
    std::jthread source([&price] {
      for (Numbers job = 1; job <= jobs; ++job) price.put({job, 0, 0, job});
      price.close();
    });
    while (auto job = price.take()) static_cast<void>(print(tax(std::move(*job))));
  }
  const std::vector<Span> trace = recorder.spans();
  const Blame found = blame(trace, shown_of(trace, spoiled), [](const Span& span) {
    return std::string(span.stage) == "print" ? span.gave == taxed(span.job)
                                              : is_right_in_the_line(span);
  });
  ASSERT_TRUE(found.broke.has_value()) << "what was printed is wrong";
  EXPECT_EQ(std::string(found.broke->stage), "price");
  EXPECT_EQ(found.broke->job, spoiled);
  const Blame another = blame(trace, shown_of(trace, spoiled + 1), [](const Span& span) {
    return std::string(span.stage) == "print" ? span.gave == taxed(span.job)
                                              : is_right_in_the_line(span);
  });
  EXPECT_FALSE(another.broke.has_value()) << "the job behind it is right";
}

}  // namespace
