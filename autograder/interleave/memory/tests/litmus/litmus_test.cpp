// Property: each litmus program has exactly the executions that its derivation says, under
// sequential consistency and under RC11, by the memory model and by the axioms.
#include <gtest/gtest.h>

#include "interleave/memory/tests/litmus/axioms.hpp"
#include "interleave/memory/tests/litmus/enumerator.hpp"
#include "interleave/memory/tests/litmus/litmus_table.hpp"

namespace litmus {

static void PrintTo(const Litmus& litmus, std::ostream* out) {
  *out << text(litmus.program);
}

namespace {

using interleave::MemoryMode;

class LitmusTest : public testing::TestWithParam<Litmus> {
 protected:
  static Executions found(MemoryMode mode) {
    return enumerate(GetParam().program, mode, Runs::kMerged);
  }
};

TEST_P(LitmusTest, HasExactlyTheseExecutions) {
  const Litmus& litmus = GetParam();
  const Executions sequential = found(MemoryMode::kSequential);
  const Executions weak = found(MemoryMode::kWeak);
  EXPECT_EQ(weak.race, litmus.race);
  if (litmus.race) return;  // then the program means nothing, and has no executions
  EXPECT_EQ(sequential.count(), litmus.sequential);
  EXPECT_EQ(weak.count(), litmus.rc11);
  for (const std::string& outcome : litmus.weak) {
    EXPECT_TRUE(weak.has(outcome)) << outcome;
    EXPECT_FALSE(sequential.has(outcome)) << outcome;
  }
  for (const std::string& outcome : litmus.never)
    EXPECT_FALSE(weak.has(outcome)) << outcome;
}

TEST_P(LitmusTest, AgreesWithTheAxioms) {
  const Executions sequential = judge(GetParam().program, Axioms::kSequential);
  const Executions weak = judge(GetParam().program, Axioms::kRc11);
  EXPECT_EQ(found(MemoryMode::kSequential).race, sequential.race);
  EXPECT_EQ(found(MemoryMode::kWeak).race, weak.race);
  if (weak.race) return;
  EXPECT_EQ(found(MemoryMode::kSequential).outcomes, sequential.outcomes);
  EXPECT_EQ(found(MemoryMode::kWeak).outcomes, weak.outcomes);
}

INSTANTIATE_TEST_SUITE_P(Table, LitmusTest, testing::ValuesIn(litmus_table()),
                         [](const auto& litmus) {
                           std::string name;
                           for (const char letter : litmus.param.program.name) {
                             const bool plain = std::isalnum(letter) != 0;
                             name += plain ? letter : '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace litmus
