// Property: every broken form is found, as what it is; every right form stays clean for
// 10,000 schedules, or is checked completely.
//
// What was measured goes to table.txt with:   INTERLEAVE_TABLE=write classics_test
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "classic.hpp"

namespace interleave::classics {
namespace {

std::vector<Classic> all_classics() {
  std::vector<Classic> all;
  for (const auto group : {mutual_exclusion(), publication(), reclamation(),
                           lock_free_containers(), waiting(), check_then_act()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

Options thorough() {
  Options options;
  options.schedules = 10'000;
  options.seconds = 60;
  return options;
}

class EachClassic : public testing::TestWithParam<Classic> {};

TEST_P(EachClassic, IsFoundInItsBrokenForm) {
  const Result result = find_failure(GetParam().broken, thorough());
  EXPECT_EQ(result.kind, GetParam().kind) << result.message << '\n' << result.picture;
}

TEST_P(EachClassic, IsCleanInItsRightForm) {
  const Result result = find_failure(GetParam().right, thorough());
  EXPECT_TRUE(result.clean()) << result.message << '\n' << result.picture;
  EXPECT_TRUE(result.exhaustive || result.schedules >= thorough().schedules)
      << result.coverage;
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
