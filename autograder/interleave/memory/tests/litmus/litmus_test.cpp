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
  const Executions weak = found(MemoryMode::kRc11);
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
  const Executions standard = judge(GetParam().program, Axioms::kStandard);
  EXPECT_EQ(found(MemoryMode::kSequential).race, sequential.race);
  EXPECT_EQ(found(MemoryMode::kRc11).race, weak.race);
  EXPECT_EQ(found(MemoryMode::kWeak).race, standard.race);
  if (weak.race) return;
  EXPECT_EQ(found(MemoryMode::kSequential).outcomes, sequential.outcomes);
  EXPECT_EQ(found(MemoryMode::kRc11).outcomes, weak.outcomes);
  EXPECT_EQ(found(MemoryMode::kWeak).outcomes, standard.outcomes);
}

// x.store(1) strongly happens before the load of y: they are not both read as 0. The paper
// looks at whether something stands between the two stores to x, be it an access to z.
Executions stores_in_a_row(MemoryMode mode, bool apart) {
  Code writer = {store(x, 1, sc), store(x, 2, sc)};
  if (apart) writer.insert(writer.begin() + 1, plain_write(z, 1));
  const Program program = {
      "stores_in_a_row",
      {{load(x, acq), load(y, sc)}, writer, {store(y, 1, sc), load(x, sc)}}};
  return enumerate(program, mode, Runs::kEvery);
}

TEST(StandardAndPaper, DifferWhereOnlyStrongHappensBeforeOrders) {
  const std::string outcome = "2 0 | | 0 ";
  EXPECT_FALSE(stores_in_a_row(MemoryMode::kWeak, false).has(outcome));
  EXPECT_FALSE(stores_in_a_row(MemoryMode::kWeak, true).has(outcome));
  EXPECT_TRUE(stores_in_a_row(MemoryMode::kRc11, false).has(outcome));
  EXPECT_FALSE(stores_in_a_row(MemoryMode::kRc11, true).has(outcome));
}

// The store of 1 precedes the read of 2 in any order, though no seq_cst store of 2 does.
TEST(StandardAndPaper, DifferWhereAReadComesInBetween) {
  const Program program = {"read_in_between",
                           {{load(y, sc), store(x, 1, sc)},
                            {store(x, 2, rlx)},
                            {load(x, sc), load(y, sc)},
                            {store(y, 1, sc)}}};
  const std::string outcome = "1 | | 2 0 | ; 2";
  EXPECT_FALSE(enumerate(program, MemoryMode::kWeak, Runs::kMerged).has(outcome));
  EXPECT_TRUE(enumerate(program, MemoryMode::kRc11, Runs::kMerged).has(outcome));
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
