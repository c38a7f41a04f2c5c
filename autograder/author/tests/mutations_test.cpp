#include "author/mutations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace course::author {
namespace {

// `body` as the one step of a solution, in a function.
std::string solution_of(const std::string& body) {
  return "#include <mutex>\n\nvoid given() { never(touched); }\n\nvoid written() {\n"
         "  //> step 1(): all of it\n" +
         body + "  //<\n}\n";
}

struct Change {
  std::string rule;
  std::string becomes;

  bool operator==(const Change&) const = default;
};

std::vector<Change> changes_of(const std::string& body) {
  std::vector<Change> all;
  for (const auto& mutation : mutations_of("solution.hpp", solution_of(body))) {
    all.push_back({mutation.rule, mutation.becomes});
  }
  return all;
}

testing::AssertionResult makes(const std::string& body, const std::string& rule,
                               const std::string& becomes) {
  std::string all;
  for (const auto& change : changes_of(body)) {
    if (change == Change{rule, becomes}) return testing::AssertionSuccess();
    all += "\n  " + change.rule + ": " + change.becomes;
  }
  return testing::AssertionFailure() << "it makes" << all;
}

TEST(Mutations, ChangeOnlyWhatTheStudentWrites) {
  const std::string text = solution_of("  go(1);\n");
  for (const auto& mutation : mutations_of("solution.hpp", text)) {
    EXPECT_EQ(mutation.line, 7U) << mutation.rule;
    EXPECT_NE(mutation.source.find("never(touched)"), std::string::npos);
  }
}

TEST(Mutations, OfStatements) {
  const std::string body = "  go(1);\n  halt(2);\n";
  EXPECT_TRUE(makes(body, "a statement dropped", "nothing"));
  EXPECT_TRUE(makes(body, "a statement doubled", "go(1); go(1);"));
  EXPECT_TRUE(makes(body, "neighbours exchanged", "halt(2); go(1);"));
  const std::string declared = "  const int there = 1;\n  go(there);\n";
  for (const auto& change : changes_of(declared)) {
    EXPECT_NE(change.rule, "neighbours exchanged") << "it would not compile";
  }
}

TEST(Mutations, OfLocks) {
  const std::string scoped = "  const std::scoped_lock lock(mutex_);\n  go(1);\n";
  EXPECT_TRUE(makes(scoped, "a lock dropped", "nothing"));
  EXPECT_TRUE(
      makes(scoped, "a lock shortened", "{ const std::scoped_lock lock(mutex_); }"));
  EXPECT_TRUE(makes(scoped, "a lock taken twice",
                    "const std::scoped_lock lock(mutex_); const std::unique_lock "
                    "taken_twice(mutex_);"));
  EXPECT_TRUE(makes("  std::unique_lock lock(mutex_);\n", "a lock dropped",
                    "mutex_, std::defer_lock"));
  const std::string two =
      "  const std::scoped_lock low(one);\n  const std::scoped_lock high(other);\n";
  EXPECT_TRUE(
      makes(two, "neighbours exchanged",
            "const std::scoped_lock high(other); const std::scoped_lock low(one);"));
}

TEST(Mutations, AcrossAnUnlock) {
  const std::string body =
      "  {\n    const std::scoped_lock lock(mutex_);\n    ++count_;\n  }\n"
      "  full_.notify_one();\n";
  EXPECT_TRUE(makes(body, "moved before the unlock", "full_.notify_one(); }"));
  EXPECT_TRUE(makes(body, "moved behind the unlock", "} ++count_;"));
  EXPECT_TRUE(makes(body, "one for all", "notify_all"));
}

TEST(Mutations, OfOrders) {
  const auto with = [](const std::string& call) { return "  " + call + ";\n"; };
  EXPECT_TRUE(makes(with("x.load(std::memory_order_acquire)"), "weakened",
                    "memory_order_relaxed"));
  EXPECT_TRUE(makes(with("x.store(1, std::memory_order_release)"), "weakened",
                    "memory_order_relaxed"));
  EXPECT_TRUE(makes(with("x.fetch_add(1, std::memory_order_acq_rel)"), "weakened",
                    "memory_order_acquire"));
  EXPECT_TRUE(makes(with("x.fetch_add(1, std::memory_order_acquire)"),
                    "acquire and release exchanged", "memory_order_release"));
  EXPECT_TRUE(makes(with("x.load()"), "weakened", "load(std::memory_order_acquire)"));
  EXPECT_TRUE(
      makes(with("x.store(1)"), "weakened", "store(1, std::memory_order_release)"));
  for (const auto& change : changes_of(with("x.load(std::memory_order_acquire)"))) {
    EXPECT_NE(change.becomes, "memory_order_release") << "no load can be that";
  }
}

TEST(Mutations, OfReadModifyWrites) {
  EXPECT_TRUE(makes("  was = x->count.fetch_add(2, std::memory_order_relaxed);\n",
                    "split into load and store",
                    "[&] { auto was = x->count.load(); x->count.store(was + (2)); return "
                    "was; }()"));
  EXPECT_TRUE(makes("  if (x.compare_exchange_weak(seen, next)) return;\n",
                    "split into load and store",
                    "[&] { auto now = x.load(); if (now != seen) { seen = now; return "
                    "false; } x.store(next); return true; }()"));
}

TEST(Mutations, OfWaits) {
  const std::string body =
      "  full_.wait(lock, [this] { return size_ < 3 || closed_; });\n  "
      "full_.notify_one();\n";
  EXPECT_TRUE(
      makes(body, "while to if",
            "if (!([this] { return size_ < 3 || closed_; })()) full_.wait(lock)"));
  EXPECT_TRUE(makes(body, "a condition dropped", "nothing"));
  EXPECT_TRUE(makes(body, "a condition negated", "!(size_ < 3)"));
  EXPECT_TRUE(makes(body, "a condition negated", "!(closed_)"));
  EXPECT_TRUE(makes(body, "an edge moved", "size_ <= 3"));
  const auto all = mutations_of("solution.hpp", solution_of(body));
  const auto polls = std::find_if(all.begin(), all.end(), [](const Mutation& mutation) {
    return mutation.rule == "a wait that polls, and no notify";
  });
  ASSERT_NE(polls, all.end());
  EXPECT_NE(polls->source.find("wait_for(lock"), std::string::npos);
  EXPECT_EQ(polls->source.find("notify_one"), std::string::npos)
      << "who notifies hides that the other polls";
  EXPECT_TRUE(makes("  while (head == tail) rest();\n", "while to if", "if"));
}

TEST(Mutations, OfMovesAndExceptions) {
  EXPECT_TRUE(makes("  jobs_.push_back(std::move(job));\n", "a copy for a move", "job"));
  EXPECT_TRUE(
      makes("  change(std::as_const(seen));\n", "a move for a copy", "std::move(seen)"));
  EXPECT_TRUE(makes("  try {\n    go(1);\n  } catch (...) {\n    halt(2);\n  }\n",
                    "a catch dropped", "{ go(1); }"));
}

TEST(Mutations, AreToldApart) {
  const auto all =
      mutations_of("solution.hpp", solution_of("  ++one;\n  go(1);\n  ++one;\n"));
  std::vector<std::size_t> numbers;
  for (const auto& mutation : all) {
    if (mutation.rule == "a statement dropped" && mutation.was == "++one;") {
      numbers.push_back(mutation.nth);
    }
  }
  EXPECT_EQ(numbers, (std::vector<std::size_t>{1, 2}));
}

}  // namespace
}  // namespace course::author
