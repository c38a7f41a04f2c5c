// Property: partial-order reduction shows every behaviour of a program, each once, and
// says that it has only when it has. Checked against every schedule of thousands of small
// programs.
#include <gtest/gtest.h>

#include "every_schedule.hpp"

namespace interleave::simulation {
namespace {

struct Tally {
  std::uint64_t programs = 0;
  std::uint64_t schedules = 0;  // without reduction
  std::uint64_t behaviours = 0;
  std::uint64_t explored = 0;  // with reduction
  std::uint64_t repeated = 0;  // of those, behaviours seen before
  std::uint64_t given_up = 0;
};

// Both searches of one program must end with the same behaviours and the same outcomes.
void compare(const Program& program, Tally& tally) {
  const auto everything = make_strategy("exhaustive", {});
  const Seen all = explore(program, *everything, 20'000);
  if (!all.finished) return;
  const auto reduced = make_strategy("reduced", {});
  const Seen seen = explore(program, *reduced, 60'000);
  ASSERT_TRUE(seen.finished) << text_of(program);
  ASSERT_TRUE(reduced->exhaustive()) << text_of(program);
  ASSERT_EQ(seen.outcomes, all.outcomes) << text_of(program);
  for (const auto& [trace, count] : all.traces) {
    ASSERT_TRUE(seen.traces.contains(trace))
        << "a behaviour is missing" << text_of(program);
  }
  ASSERT_EQ(seen.traces.size(), all.traces.size()) << text_of(program);
  const std::string count = std::to_string(all.traces.size());
  ASSERT_EQ(reduced->coverage(), count == "1" ? "the only behaviour checked"
                                              : "all " + count + " behaviours checked")
      << text_of(program);
  ++tally.programs;
  tally.schedules += all.schedules;
  tally.behaviours += all.traces.size();
  tally.explored += seen.schedules;
  tally.repeated += seen.schedules - seen.traces.size();
  tally.given_up += seen.pruned;
}

void report(const Tally& tally) {
  std::printf(
      "%llu programs, %llu schedules, %llu behaviours: %llu explored, of which "
      "%llu repeated; %llu given up\n",
      static_cast<unsigned long long>(tally.programs),
      static_cast<unsigned long long>(tally.schedules),
      static_cast<unsigned long long>(tally.behaviours),
      static_cast<unsigned long long>(tally.explored),
      static_cast<unsigned long long>(tally.repeated),
      static_cast<unsigned long long>(tally.given_up));
}

TEST(Reduced, ShowsEveryBehaviourOfRandomPrograms) {
  Random random(21);
  Tally tally;
  for (int number = 0; number < 4000 && !HasFatalFailure(); ++number) {
    compare(random_program(random, false), tally);
  }
  report(tally);
  EXPECT_GT(tally.programs, 3000U);
}

TEST(Reduced, ShowsEveryBehaviourUnderWeakMemory) {
  Random random(22);
  Tally tally;
  for (int number = 0; number < 1000 && !HasFatalFailure(); ++number) {
    compare(random_program(random, true), tally);
  }
  report(tally);
  EXPECT_GT(tally.programs, 900U);
}

Program threads_of(std::size_t threads, std::vector<Instruction> each) {
  Program program;
  program.threads.assign(threads, each);
  return program;
}

TEST(Reduced, CountsWhatCanBeCountedByHand) {
  // n locks of one mutex come in n! orders.
  const std::vector<Instruction> locked = {
      {Do::kLock, 0, 0}, {Do::kAdd, 0, 0}, {Do::kUnlock, 0, 0}};
  // Two writes each: 4! / (2! 2!) = 6 orders.
  const std::vector<Instruction> writes = {{Do::kWrite, 0, 1}, {Do::kWrite, 0, 2}};
  Program independent = threads_of(4, {});
  for (std::uint32_t thread = 0; thread < 4; ++thread) {
    independent.threads[thread].assign(5, {Do::kAdd, thread, 0});
  }
  for (const auto& [program, expected] :
       {std::pair{threads_of(2, locked), "all 2 behaviours checked"},
        std::pair{threads_of(4, locked), "all 24 behaviours checked"},
        std::pair{threads_of(2, writes), "all 6 behaviours checked"},
        std::pair{independent, "the only behaviour checked"}}) {
    const auto reduced = make_strategy("reduced", {});
    (void)explore(program, *reduced, 1000);
    EXPECT_EQ(reduced->coverage(), expected);
  }
}

TEST(Reduced, DoesNotClaimWhatItHasNotDone) {
  const auto reduced = make_strategy("reduced", {});
  const Program program = threads_of(3, {{Do::kAdd, 0, 0}, {Do::kAdd, 0, 0}});
  (void)explore(program, *reduced, 89);
  EXPECT_FALSE(reduced->exhaustive());
  EXPECT_EQ(reduced->coverage(), "partial-order reduction: 89 behaviours, not all");
  (void)explore(program, *reduced, 1);
  EXPECT_TRUE(reduced->exhaustive()) << reduced->coverage();
}

TEST(Reduced, DeclinesProgramsThatAreTooLong) {
  const auto reduced = make_strategy("reduced", {});
  const std::vector<Instruction> many(600, {Do::kAdd, 0, 0});
  EXPECT_EQ(explore(threads_of(2, many), *reduced, 10).schedules, 1U);
  EXPECT_TRUE(reduced->finished());
  EXPECT_FALSE(reduced->exhaustive());
}

}  // namespace
}  // namespace interleave::simulation
