// Tests of exercise 11.1. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <limits>
#include <memory>
#include <parallel_reduce.hpp>  // in <>, so that the include path decides whose it is
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"
#include "team.hpp"

namespace {

using interleave::check;
using interleave::explore;

// A team of one, which runs each call where it is forked: no thread, no waiting.
class AtOnce {
 public:
  void fork(Call& call) { call.run(); }
  bool help() { return false; }
  void rest(const std::atomic<bool>&) {}
  void wake() {}
};

// Few types, because each is another parallel_reduce for the compiler.
using Range = std::pair<std::size_t, std::size_t>;
using Pieces = std::vector<Range>;

Pieces joined(Pieces left, const Pieces& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Pieces pieces_of(std::size_t first, std::size_t last, std::size_t grain) {
  AtOnce team;
  return parallel_reduce(
      team, first, last, grain,
      [](std::size_t from, std::size_t to) {
        return Pieces{{from, to}};
      },
      joined);
}

// Each index as a letter: 'a' for 0, and so on.
std::string letters(std::size_t first, std::size_t last) {
  std::string text;
  for (std::size_t i = first; i < last; ++i) text += static_cast<char>('a' + i);
  return text;
}

std::string appended(std::string left, const std::string& right) { return left + right; }

// --- Step 1: the result of a loop, made of pieces ----------------------------------------

// Joining text is associative and not commutative: whatever the grain, it comes out in order.
STEP_TEST(1, ParallelReduce, CombinesFromLeftToRight, "associativity") {
  AtOnce team;
  for (std::size_t grain = 1; grain <= 11; ++grain) {
    EXPECT_EQ(parallel_reduce(team, 0, 10, grain, letters, appended), "abcdefghij")
        << "with a grain of " << grain;
  }
}

// An empty range is one piece, and an empty one.
STEP_TEST(1, ParallelReduce, AnEmptyRangeIsOnePiece, "grain") {
  EXPECT_EQ(pieces_of(0, 0, 4), (Pieces{{0, 0}}));
  EXPECT_EQ(pieces_of(7, 7, 1), (Pieces{{7, 7}}));
}

// Each index is in one piece; no piece is longer than the grain, none shorter than half of it.
STEP_TEST(1, ParallelReduce, PiecesAreAboutAGrain, "grain") {
  for (const std::size_t grain : std::vector<std::size_t>{1, 2, 3, 4, 7, 10, 99, 100}) {
    const Pieces pieces = pieces_of(5, 105, grain);
    std::size_t next = 5;
    for (const auto& [first, last] : pieces) {
      EXPECT_EQ(first, next) << "an index is missing, or in two pieces";
      EXPECT_LE(last - first, grain) << "a piece is longer than the grain";
      EXPECT_GE(2 * (last - first), grain) << "a piece is far shorter than the grain";
      next = last;
    }
    EXPECT_EQ(next, 105U) << "the pieces must reach the end of the range";
  }
}

// A range that fits into a grain is one piece.
STEP_TEST(1, ParallelReduce, ASmallRangeIsNotCut, "grain") {
  EXPECT_EQ(pieces_of(3, 7, 4), (Pieces{{3, 7}}));
  EXPECT_EQ(pieces_of(3, 7, ~std::size_t{0}), (Pieces{{3, 7}}));
}

// A grain of 0 counts as 1.
STEP_TEST(1, ParallelReduce, AGrainOfNoneIsOne, "grain") {
  EXPECT_EQ(pieces_of(0, 3, 0), (Pieces{{0, 1}, {1, 2}, {2, 3}}));
}

// Indices are as large as the machine has them.
STEP_TEST(1, ParallelReduce, IndicesMayBeLarge, "integer overflow") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(pieces_of(most - 4, most, 2),
            (Pieces{{most - 4, most - 2}, {most - 2, most}}));
  EXPECT_EQ(pieces_of(0, std::size_t{1} << 40, std::size_t{1} << 39).size(), 2U);
}

// Values are moved: they need not be copied, and need no default.
STEP_TEST(1, ParallelReduce, ValuesAreOnlyMoved, "lifetime") {
  class Owned {
   public:
    explicit Owned(std::size_t number) : number_(std::make_unique<std::size_t>(number)) {}
    [[nodiscard]] std::size_t number() const { return *number_; }

   private:
    std::unique_ptr<std::size_t> number_;
  };
  AtOnce team;
  const Owned sum = parallel_reduce(
      team, 0, 9, 2, [](std::size_t from, std::size_t to) { return Owned(to - from); },
      [](Owned left, Owned right) { return Owned(left.number() + right.number()); });
  EXPECT_EQ(sum.number(), 9U);
}

// --- Step 2: the whole team works --------------------------------------------------------

// The same order whatever the schedule, whichever piece ends first.
STEP_TEST(2, ParallelReduce, KeepsTheOrderWhateverTheSchedule, "associativity") {
  explore([] {
    Team team(1);
    check(parallel_reduce(team, 0, 3, 1, letters, appended) == "abc",
          "the pieces must be combined from left to right, whichever ends first");
  });
}

// Sums add up whatever the schedule.
STEP_TEST(2, ParallelReduce, AddsUpWhateverTheSchedule, "data race") {
  explore([] {
    Team team(1);
    const auto number = [](std::size_t first, std::size_t) { return first + 1; };
    const auto add = [](std::size_t left, std::size_t right) { return left + right; };
    check(parallel_reduce(team, 0, 3, 1, number, add) == 6,
          "each piece must be added once");
  });
}

// Two pieces run at the same time: here each waits for the other.
STEP_TEST(2, ParallelReduce, PiecesRunAtTheSameTime, "parallelism") {
  explore([] {
    Team team(1);
    const auto both = std::make_unique<std::latch>(2);
    const auto meet = [&](std::size_t first, std::size_t last) {
      both->arrive_and_wait();
      return letters(first, last);
    };
    check(parallel_reduce(team, 0, 2, 1, meet, appended) == "ab", "both must be there");
  });
}

// A piece reduces a range of its own. With one worker beside the leader it only ends if the
// threads that wait run pieces.
STEP_TEST(2, ParallelReduce, APieceMayReduceToo, "waiting without helping") {
  explore([] {
    Team team(1);
    const auto nested = [&](std::size_t first, std::size_t) {
      return parallel_reduce(team, 2 * first, 2 * first + 2, 1, letters, appended);
    };
    check(parallel_reduce(team, 0, 2, 1, nested, appended) == "abcd",
          "the inner ranges must be combined in order too");
  });
}

// With no worker the leader runs every piece.
STEP_TEST(2, ParallelReduce, TheLeaderAloneIsEnough, "waiting without helping") {
  explore([] {
    Team team(0);
    check(parallel_reduce(team, 0, 5, 1, letters, appended) == "abcde",
          "the leader must run what it waits for");
  });
}

// The team may be used again, at once.
STEP_TEST(2, ParallelReduce, LeavesNothingBehind, "lifetime") {
  explore([] {
    Team team(1);
    for (int round = 0; round < 2; ++round) {
      check(parallel_reduce(team, 0, 2, 1, letters, appended) == "ab",
            "each round must give its own result");
    }
    check(!team.help(), "no call may be left in the team");
  });
}

// A thread that has to wait, and finds nothing to run, sleeps until it is woken.
STEP_TEST(2, ParallelReduce, CostOfWaiting) {
  explore([] {
    Team team(1);
    const auto right_runs = std::make_unique<std::latch>(1);
    const auto slow_right = [&](std::size_t first, std::size_t last) {
      if (first == 0) {
        right_runs->wait();
      } else {
        right_runs->count_down();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return letters(first, last);
    };
    const interleave::Cost cost("a reduce that waits");
    check(parallel_reduce(team, 0, 2, 1, slow_right, appended) == "ab", "as ever");
  });
}

// Eight pieces are seven forks: what is paid for is the pieces, not the elements.
STEP_TEST(2, ParallelReduce, CostOfEightPieces) {
  explore([] {
    Team team(0);
    const auto count = [](std::size_t first, std::size_t last) { return last - first; };
    const auto add = [](std::size_t left, std::size_t right) { return left + right; };
    const interleave::Cost cost("512 elements, a grain of 64");
    check(parallel_reduce(team, 0, 512, 64, count, add) == 512, "each must be counted");
  });
}

// --- Step 3: exceptions ------------------------------------------------------------------

// Throws in the pieces that begin with an index in `bad`, which is what it throws.
class Picky {
 public:
  explicit Picky(std::vector<std::size_t> bad) : bad_(std::move(bad)) {}
  std::string operator()(std::size_t first, std::size_t last) const {
    for (const std::size_t bad : bad_) {
      if (first == bad) throw static_cast<int>(bad);
    }
    return letters(first, last);
  }

 private:
  std::vector<std::size_t> bad_;
};

// What reducing four elements one by one throws; -1 if nothing.
template <typename AnyTeam>
int thrown_by(AnyTeam& team, const Picky& piece) {
  try {
    static_cast<void>(parallel_reduce(team, 0, 4, 1, piece, appended));
  } catch (int bad) {
    return bad;
  }
  return -1;
}

// Whichever piece throws, and whatever it throws: it comes out.
STEP_TEST(3, ParallelReduce, AnExceptionComesOut, "exception safety") {
  explore([] {
    Team team(0);
    check(thrown_by(team, Picky({0})) == 0,
          "what the leftmost piece throws must come out");
    check(thrown_by(team, Picky({2})) == 2, "what a middle piece throws must come out");
    check(thrown_by(team, Picky({3})) == 3, "what the last piece throws must come out");
    check(thrown_by(team, Picky({})) == -1, "nothing was thrown");
  });
}

// If several throw, it is always the first of them in the range that comes out.
STEP_TEST(3, ParallelReduce, TheFirstInTheRangeComesOut, "exception safety") {
  explore([] {
    Team team(1);
    check(thrown_by(team, Picky({1, 2})) == 1,
          "of two that throw, the first in the range must come out");
  });
}

// What `combine` throws comes out too.
STEP_TEST(3, ParallelReduce, CombineMayThrow, "exception safety") {
  explore([] {
    Team team(1);
    const auto refuse = [](std::string left, const std::string& right) {
      if (right == "c") throw std::runtime_error("no c");
      return left + right;
    };
    std::string thrown;
    try {
      static_cast<void>(parallel_reduce(team, 0, 3, 1, letters, refuse));
    } catch (const std::runtime_error& error) {
      thrown = error.what();
    }
    check(thrown == "no c", "what combine throws must come out");
  });
}

// When it throws, no piece runs any more, and none will: what the pieces use may die.
STEP_TEST(3, ParallelReduce, NoPieceOutlivesTheCall, "lifetime") {
  explore([] {
    Team team(1);
    auto used = std::make_unique<std::string>("right");
    const auto piece = [&](std::size_t first, std::size_t) {
      return first == 0 ? throw std::runtime_error("left") : *used;
    };
    try {
      static_cast<void>(parallel_reduce(team, 0, 2, 1, piece, appended));
      check(false, "what the left piece threw must come out");
    } catch (const std::runtime_error&) {
      used.reset();
    }
    check(!team.help(), "no call may be left in the team");
  });
}

}  // namespace
