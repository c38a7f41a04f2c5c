// Property: an exploration under "reduced" whose subtrees are explored ahead by copies walks the
// same schedules in the same order as one alone, and claims the same, whichever copy runs when,
// stops when and is dropped when. On thousands of random programs, without processes.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "every_schedule.hpp"
#include "interleave/search/reduced.hpp"

namespace interleave::simulation {
namespace {

// What an exploration counted, in its order.
struct Walk {
  struct One {
    std::uint64_t trace = 0;
    bool pruned = false;
    friend bool operator==(const One&, const One&) = default;
  };
  std::vector<One> schedules;
  bool exhaustive = false;
  std::string coverage;
};

constexpr std::size_t kMostSchedules = 500;

Walk alone(const Program& program) {
  Walk walk;
  Reduced search;
  while (!search.finished() && walk.schedules.size() < kMostSchedules) {
    const Schedule one = run(program, search);
    walk.schedules.push_back({one.trace, one.pruned});
  }
  walk.exhaustive = search.exhaustive();
  walk.coverage = search.coverage();
  return walk;
}

// What happened to the subtrees.
struct Happened {
  std::uint64_t programs = 0;
  std::uint64_t schedules = 0;
  std::uint64_t failing = 0;      // of those, in the shared explorations
  std::uint64_t elsewhere = 0;    // schedules that a copy ran and that were counted
  std::uint64_t given = 0;        // of the subtrees: given out
  std::uint64_t completed = 0;    // counted to their end
  std::uint64_t handed_over = 0;  // counted in part, then adopted
  std::uint64_t missed = 0;       // the walk found another or none
  std::uint64_t dropped = 0;      // for no reason
};

// A schedule that a copy ran.
struct Told {
  Schedule schedule;
  std::uint64_t tally = 0;
  std::vector<Reduced::Notice> notices;
};

struct Ahead {
  std::deque<Told> told;
  std::optional<std::string> rest;  // it was stopped
  bool begun = false;               // counting it
};

struct Copy {
  Reduced search;
  std::optional<std::uint32_t> subtree;
};

class Shared {
 public:
  Shared(const Program& program, std::size_t copies, Random& random, Happened& happened)
      : program_(program), random_(random), happened_(happened), copies_(copies) {}

  Walk explored() {
    while (!search_.finished() && walk_.schedules.size() < kMostSchedules) {
      Copy& copy = copies_[random_.below(copies_.size())];
      switch (random_.below(12)) {
        case 0:
        case 1:
          employ(copy);
          break;
        case 2:
          if (random_.chance(0.1)) stop(copy);
          break;
        case 3:
          if (random_.chance(0.1)) drop(copy);
          break;
        case 4:
        case 5:
        case 6:
          run_ahead(copy);
          break;
        default:
          walk_on();
      }
      forget_missed();
    }
    walk_.exhaustive = search_.exhaustive();
    walk_.coverage = search_.coverage();
    return walk_;
  }

 private:
  void employ(Copy& copy) {
    if (copy.subtree) return;
    const auto subtree = search_.give_out(1 + random_.below(4));
    if (!subtree) return;
    copy.search.explore_only(subtree->place);
    copy.subtree = subtree->id;
    ahead_.emplace(subtree->id, Ahead{});
    ++happened_.given;
  }

  void run_ahead(Copy& copy) {
    for (std::uint64_t count = 1 + random_.below(4); count > 0 && copy.subtree; --count) {
      const Schedule one = run(program_, copy.search);
      const auto ahead = ahead_.find(*copy.subtree);
      const bool over = copy.search.finished();
      Told told{one, copy.search.tally(), copy.search.take_notices()};
      if (ahead != ahead_.end()) ahead->second.told.push_back(std::move(told));
      if (over) copy.subtree.reset();
    }
  }

  // Not before it has run anything: it could not tell where it stands.
  void stop(Copy& copy) {
    if (!copy.subtree) return;
    const auto ahead = ahead_.find(*copy.subtree);
    if (ahead != ahead_.end()) ahead->second.rest = copy.search.rest();
    copy.subtree.reset();
  }

  // As if it had never been given out; later than that, its schedules would come twice.
  void drop(Copy& copy) {
    if (!copy.subtree) return;
    const auto ahead = ahead_.find(*copy.subtree);
    if (ahead == ahead_.end() || ahead->second.begun) return;
    search_.take_back(*copy.subtree);
    ahead_.erase(ahead);
    copy.subtree.reset();
    ++happened_.dropped;
  }

  void walk_on() {
    const std::optional<std::uint32_t> here = search_.given_here();
    if (!here) {
      note(run(program_, search_));
      return;
    }
    Ahead& ahead = ahead_.at(*here);
    if (!ahead.told.empty()) {
      count(ahead, *here);
    } else if (ahead.rest) {
      search_.adopt(*ahead.rest);
      ahead_.erase(*here);
      ++happened_.handed_over;
    } else if (random_.chance(0.3)) {
      for (Copy& copy : copies_) {
        if (copy.subtree == here) stop(copy);
      }
    }
  }

  void note(const Schedule& one) {
    walk_.schedules.push_back({one.trace, one.pruned});
    happened_.failing += one.stuck;
  }

  void count(Ahead& ahead, std::uint32_t id) {
    const Told told = std::move(ahead.told.front());
    ahead.told.pop_front();
    ahead.begun = true;
    search_.hear(told.notices);
    const bool last = search_.heard_last();
    search_.begin_schedule();
    ScheduleEnd end;
    end.pruned = told.schedule.pruned;
    search_.end_elsewhere(end, told.tally);
    note(told.schedule);
    ++happened_.elsewhere;
    if (!last) return;
    ahead_.erase(id);
    ++happened_.completed;
  }

  // The copies that explore one find out when they look for it.
  void forget_missed() {
    for (const std::uint32_t id : search_.take_missed()) {
      ASSERT_EQ(ahead_.erase(id), 1U);
      ++happened_.missed;
      for (Copy& copy : copies_) {
        if (copy.subtree == id && random_.chance(0.5)) copy.subtree.reset();
      }
    }
  }

  const Program& program_;
  Random& random_;
  Happened& happened_;
  Reduced search_;
  std::vector<Copy> copies_;
  std::map<std::uint32_t, Ahead> ahead_;
  Walk walk_;
};

void compare(const Program& program, Random& random, Happened& happened) {
  const Walk expected = alone(program);
  if (expected.schedules.size() < 10) return;
  ++happened.programs;
  happened.schedules += expected.schedules.size();
  for (std::size_t copies = 1; copies <= 3; ++copies) {
    const Walk found = Shared(program, copies, random, happened).explored();
    ASSERT_EQ(found.schedules.size(), expected.schedules.size())
        << copies << text_of(program);
    ASSERT_TRUE(found.schedules == expected.schedules) << copies << text_of(program);
    ASSERT_EQ(found.exhaustive, expected.exhaustive) << text_of(program);
    ASSERT_EQ(found.coverage, expected.coverage) << text_of(program);
  }
}

// As long as two of those that the reduction itself is tried on.
Program long_program(Random& random, bool weak) {
  Program program = random_program(random, weak);
  const Program more = random_program(random, weak);
  for (std::size_t thread = 0; thread < more.threads.size(); ++thread) {
    if (thread == program.threads.size()) program.threads.emplace_back();
    std::vector<Instruction>& own = program.threads[thread];
    own.insert(own.end(), more.threads[thread].begin(), more.threads[thread].end());
  }
  return program;
}

void print(const Happened& happened) {
  const auto number = [](std::uint64_t count) {
    return static_cast<unsigned long long>(count);
  };
  std::printf(
      "%llu programs, %llu schedules each time; %llu schedules failed, %llu were run by "
      "copies; subtrees: %llu given out, %llu completed, %llu handed over, %llu missed, "
      "%llu dropped\n",
      number(happened.programs), number(happened.schedules), number(happened.failing),
      number(happened.elsewhere), number(happened.given), number(happened.completed),
      number(happened.handed_over), number(happened.missed), number(happened.dropped));
}

// Else the property would say little.
void expect_that_much_happened(const Happened& happened) {
  EXPECT_GT(happened.programs, 400U);
  EXPECT_GT(happened.failing, 1000U);
  EXPECT_GT(happened.elsewhere, happened.schedules / 2);
  EXPECT_GT(happened.completed, 1000U);
  EXPECT_GT(happened.handed_over, 1000U);
  EXPECT_GT(happened.missed, 200U);
  EXPECT_GT(happened.dropped, 1000U);
}

void compare_all(std::uint64_t seed, int programs, bool weak) {
  Random random(seed);
  Happened happened;
  for (int number = 0; number < programs && !testing::Test::HasFatalFailure(); ++number) {
    compare(long_program(random, weak), random, happened);
  }
  print(happened);
  expect_that_much_happened(happened);
}

TEST(Subtrees, AreWalkedAsTheyWouldBeAlone) { compare_all(31, 2000, false); }

TEST(Subtrees, AreWalkedAsTheyWouldBeAloneUnderWeakMemory) { compare_all(32, 600, true); }

// -- In the portfolio -------------------------------------------------------------------

// Each subtree that can be given out is, and explored once the portfolio comes to it.
class SharedPortfolio {
 public:
  SharedPortfolio(const Program& program, const StrategyOptions& options)
      : program_(program), portfolio_(make_strategy("portfolio", options)) {}

  void run_one() {
    Reduced* const tree = portfolio_->tree();
    if (tree != nullptr) {
      while (const auto subtree = tree->give_out(1)) given_[subtree->id] = subtree->place;
    }
    const bool in_tree = &portfolio_->next_part() == tree;
    const auto here = in_tree ? tree->given_here() : std::nullopt;
    if (!here) {
      static_cast<void>(run(program_, *portfolio_));
      return;
    }
    if (explored_ != here) copy_.explore_only(given_.at(*here));
    explored_ = here;
    ScheduleEnd end;
    end.pruned = run(program_, copy_).pruned;
    tree->hear(copy_.take_notices());
    portfolio_->begin_schedule();
    portfolio_->end_elsewhere(end, copy_.tally());
    ++elsewhere_;
  }

  [[nodiscard]] const Strategy& portfolio() const { return *portfolio_; }
  [[nodiscard]] std::uint64_t elsewhere() const { return elsewhere_; }

 private:
  const Program& program_;
  std::unique_ptr<Strategy> portfolio_;
  std::map<std::uint32_t, std::string> given_;
  Reduced copy_;
  std::optional<std::uint32_t> explored_;
  std::uint64_t elsewhere_ = 0;
};

TEST(Subtrees, OfThePortfolioAreCountedAsItsOwn) {
  Random random(33);
  StrategyOptions options;
  options.schedules = 1000;
  std::uint64_t elsewhere = 0;
  std::uint64_t proved = 0;
  for (int number = 0; number < 100; ++number) {
    const Program program = random_program(random, number % 2 == 0);
    const auto alone = make_strategy("portfolio", options);
    SharedPortfolio shared(program, options);
    for (std::uint64_t had = 0; !alone->finished() && had < options.schedules; ++had) {
      static_cast<void>(run(program, *alone));
      shared.run_one();
      ASSERT_EQ(shared.portfolio().coverage(), alone->coverage()) << text_of(program);
      ASSERT_EQ(shared.portfolio().name(), alone->name()) << text_of(program);
      ASSERT_EQ(shared.portfolio().finished(), alone->finished()) << text_of(program);
    }
    elsewhere += shared.elsewhere();
    proved += alone->exhaustive() && shared.elsewhere() != 0;
  }
  EXPECT_GT(elsewhere, 100U);
  EXPECT_GT(proved, 10U);
}

// -- What random programs do not do ------------------------------------------------------

Program counting(std::size_t threads, std::size_t steps) {
  Program program;
  program.threads.assign(threads, std::vector<Instruction>(steps, {Do::kAdd, 0, 0}));
  return program;
}

// Runs one schedule of another body in a subtree of a search, and counts it there.
Reduced after_a_subtree_of(const Program& other) {
  Reduced search;
  static_cast<void>(run(counting(2, 3), search));
  static_cast<void>(run(counting(2, 3), search));
  const auto subtree = search.give_out(1);
  EXPECT_TRUE(subtree.has_value());
  Reduced copy;
  copy.explore_only(subtree->place);
  static_cast<void>(run(other, copy));
  while (search.given_here() != subtree->id && !search.finished()) {
    static_cast<void>(run(counting(2, 3), search));
  }
  EXPECT_EQ(search.given_here(), subtree->id);
  search.hear(copy.take_notices());
  search.begin_schedule();
  search.end_elsewhere({}, copy.tally());
  return search;
}

TEST(Subtrees, TellThatTheSchedulesAreTooLong) {
  const Reduced search = after_a_subtree_of(counting(2, 600));
  EXPECT_TRUE(search.finished());
  EXPECT_EQ(search.coverage(),
            "partial-order reduction: not tried, the schedules are too long");
}

TEST(Subtrees, TellThatTheBodyChanges) {
  Reduced search = after_a_subtree_of(counting(3, 3));
  EXPECT_NE(search.coverage().find("the body changes from run to run"), std::string::npos)
      << search.coverage();
}

TEST(Subtrees, AreMissedWhereTheBodyChanges) {
  Reduced search;
  static_cast<void>(run(counting(2, 3), search));
  static_cast<void>(run(counting(2, 3), search));
  const auto subtree = search.give_out(1);
  ASSERT_TRUE(subtree.has_value());
  static_cast<void>(run(counting(1, 1), search));
  EXPECT_EQ(search.take_missed(), std::vector{subtree->id});
  EXPECT_EQ(search.given_here(), std::nullopt);
}

}  // namespace
}  // namespace interleave::simulation
