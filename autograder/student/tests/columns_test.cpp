// Property: no line of a picture is wider than the terminal, however many threads there are, and
// no word of it is lost.
#include "student/columns.hpp"

#include <gtest/gtest.h>

#include "catalogue/files.hpp"
#include "grader/wrapping.hpp"

namespace course::student {
namespace {

using nlohmann::json;

// Each of `busy` threads of `threads` takes a step.
json record_of(std::size_t threads, std::size_t busy) {
  json record{{"threads", {"leader"}}, {"steps", json::array()}};
  for (std::size_t i = 1; i < threads; ++i)
    record["threads"].push_back("worker " + std::to_string(i));
  for (std::size_t i = 0; i < busy; ++i) {
    record["steps"].push_back(
        {{"thread", i},
         {"words",
          "compare-exchange a_rather_long_name_: 0x10000000000 -> 0x10000000001"},
         {"file", "/course/exercises/02-shared-state/ledger/striped_counter.hpp"},
         {"line", 154},
         {"note", "old: step 3 stored a newer one"},
         {"source", "while (!head_.compare_exchange_weak(expected, next)) {"}});
  }
  return record;
}

std::string whole(const json& record, std::size_t width) {
  const Columns columns(record, width);
  std::string text = columns.header();
  for (std::size_t i = 1; i <= record["steps"].size(); ++i) text += columns.row(i);
  return text;
}

std::string without_spaces(std::string text) {
  std::erase_if(text, [](char letter) { return letter == ' ' || letter == '\n'; });
  return text;
}

TEST(Columns, AreNeverWiderThanTheTerminalAndLoseNoWord) {
  for (const std::size_t width : {40u, 80u, 132u, 200u}) {
    for (const std::size_t threads : {1u, 2u, 3u, 5u, 34u, 64u}) {
      const std::string text = whole(record_of(threads, threads), width);
      for (const std::string& line : lines_of(text))
        EXPECT_LE(grader::columns_of(line), width) << line;
      const std::string bare = without_spaces(text);
      EXPECT_NE(bare.find("0x10000000000->0x10000000001striped_counter.hpp:154"),
                std::string::npos)
          << text;
      EXPECT_NE(bare.find("compare_exchange_weak(expected,next)"), std::string::npos);
    }
  }
}

TEST(Columns, StandBelowTheThreadsNamesWhereTheyFit) {
  const std::string two = whole(record_of(2, 2), 80);
  EXPECT_EQ(two.substr(0, two.find('\n')),
            "      leader" + std::string(34, ' ') + "worker 1");
  const std::string many = whole(record_of(34, 34), 80);
  EXPECT_TRUE(many.starts_with("  1   leader     compare-exchange")) << many;
}

TEST(Columns, TellWhichThreadsDoNothing) {
  EXPECT_NE(whole(record_of(34, 2), 80)
                .find("32 threads do nothing here: worker 2 to worker 33"),
            std::string::npos);
  EXPECT_NE(whole(record_of(3, 2), 80).find("worker 2 does nothing here"),
            std::string::npos);
  EXPECT_EQ(whole(record_of(2, 2), 80).find("nothing here"), std::string::npos);
}

}  // namespace
}  // namespace course::student
