// Property: every broken form is found, as what it is; every right form stays clean for
// 10,000 schedules, or is checked completely. Partial-order reduction alone finds the same,
// and sees in the right forms all that a search without reduction sees.
//
// table.txt holds what was found and how soon. It is written again by
//
//   CLASSICS_WRITE_TABLE=1 classics_test
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "all_classics.hpp"

namespace interleave::classics {

// For GoogleTest's messages.
void PrintTo(const Classic& classic, std::ostream* out) { *out << classic.name; }

namespace {

Options thorough(std::string_view strategy = "portfolio") {
  Options options;
  options.schedules = 10'000;
  options.seconds = 60;
  options.strategy = strategy;
  return options;
}

// -- The table --------------------------------------------------------------------------

// The fourth part of a token is the strategy that found the schedule.
std::string strategy_in(const std::string& token) {
  std::istringstream parts(token);
  std::string part;
  for (int number = 0; number < 4; ++number) std::getline(parts, part, '@');
  return part;
}

std::string column(std::string_view text, std::size_t width) {
  std::string padded(text);
  padded.resize(std::max(width, padded.size()), ' ');
  return padded + "  ";
}

// What does not change from machine to machine.
std::string what_is_found(const Classic& classic) {
  return column(classic.name, 24) + column(classic.mistake, 47) +
         column(classic.kind, 14);
}

std::string row_of(const Classic& classic, const Result& result) {
  char measured[48];
  std::snprintf(measured, sizeof measured, "%9llu  %12.2f",
                static_cast<unsigned long long>(result.schedules), result.milliseconds);
  return what_is_found(classic) + column(strategy_in(result.token), 8) + measured;
}

std::string header() {
  return column("algorithm", 24) + column("its mistake", 47) + column("found as", 14) +
         column("by", 8) + "schedules  milliseconds";
}

class Table : public testing::Environment {
 public:
  void add(const std::string& row) { rows_.push_back(row); }
  void TearDown() override {
    if (std::getenv("CLASSICS_WRITE_TABLE") == nullptr) return;
    std::ofstream file(CLASSICS_TABLE);
    file << header() << '\n';
    for (const std::string& row : rows_) file << row << '\n';
  }

 private:
  std::vector<std::string> rows_;
};

Table& table() {
  static auto* const instance =
      static_cast<Table*>(testing::AddGlobalTestEnvironment(new Table));
  return *instance;
}

TEST(ClassicsTable, IsOfTheseClassics) {
  if (std::getenv("CLASSICS_WRITE_TABLE") != nullptr) GTEST_SKIP() << "being written";
  std::ifstream file(CLASSICS_TABLE);
  std::string line;
  ASSERT_TRUE(std::getline(file, line) && line == header()) << CLASSICS_TABLE;
  for (const Classic& classic : all_classics()) {
    std::getline(file, line);
    EXPECT_EQ(line.substr(0, what_is_found(classic).size()), what_is_found(classic))
        << "fix it with: CLASSICS_WRITE_TABLE=1 classics_test";
  }
  EXPECT_FALSE(std::getline(file, line)) << "a row too many: " << line;
}

// -- The algorithms ---------------------------------------------------------------------

class EachClassic : public testing::TestWithParam<Classic> {};

TEST_P(EachClassic, IsFoundInItsBrokenForm) {
  const Result result = find_failure(GetParam().broken, thorough());
  EXPECT_EQ(result.kind, GetParam().kind) << result.message << '\n' << result.picture;
  table().add(row_of(GetParam(), result));
}

TEST_P(EachClassic, IsCleanInItsRightForm) {
  for (const std::string_view strategy : {"portfolio", "sticky20"}) {
    const Result result = find_failure(GetParam().right, thorough(strategy));
    ASSERT_TRUE(result.clean()) << result.message << '\n' << result.picture;
    ASSERT_TRUE(result.exhaustive || result.schedules >= thorough().schedules)
        << strategy << " stopped early: " << result.coverage;
  }
}

TEST_P(EachClassic, IsFoundByReductionAlone) {
  const Result result = find_failure(GetParam().broken, thorough("reduced"));
  EXPECT_EQ(result.kind, GetParam().kind) << result.message << '\n' << result.picture;
}

TEST_P(EachClassic, IsReducedWithoutLoss) {
  if (GetParam().spins) GTEST_SKIP() << "how often it went round is not a behaviour";
  Options options = thorough("exhaustive");
  options.schedules = 50'000;
  const Result everything = find_failure(GetParam().right, options);
  if (!everything.exhaustive) GTEST_SKIP() << "too many schedules to compare with";
  const Result reduced = find_failure(GetParam().right, thorough("reduced"));
  EXPECT_TRUE(reduced.exhaustive) << reduced.coverage;
  EXPECT_EQ(reduced.executions, everything.executions)
      << reduced.coverage << " of " << everything.coverage;
}

std::string test_name(const testing::TestParamInfo<Classic>& info) {
  std::string name;
  bool word_begins = true;
  for (const char letter : info.param.name) {
    const bool counts = std::isalnum(static_cast<unsigned char>(letter)) != 0;
    if (counts) {
      name += word_begins ? static_cast<char>(std::toupper(letter)) : letter;
    }
    word_begins = !counts;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Classics, EachClassic, testing::ValuesIn(all_classics()),
                         test_name);

}  // namespace
}  // namespace interleave::classics
