#include "reading/preprocessed.hpp"

#include <gtest/gtest.h>

namespace course::reading {
namespace {

std::vector<std::string> texts(const std::vector<Token>& tokens) {
  std::vector<std::string> all;
  for (const Token& token : tokens) {
    all.push_back(token.text + "@" + std::to_string(token.line));
  }
  return all;
}

using Texts = std::vector<std::string>;

Preprocessed read(std::string_view output) {
  return read_preprocessed(output, "/course/slot.hpp", [](const std::string& name) {
    return std::filesystem::path("/course") / name;
  });
}

TEST(Preprocessed, CutsCodeIntoTokens) {
  EXPECT_EQ(texts(tokens_of("a::b[[x]] 1'000.5e3 'c' \"d e\"\nu8R\"(f\n\")\" <:g:>")),
            (Texts{"a@1", "::@1", "b@1", "[@1", "[@1", "x@1", "]@1", "]@1", "1'000.5e3@1",
                   "'c'@1", "\"d e\"@1", "u8R@2", "\"(f\n\")\"@2", "[@3", "g@3", "]@3"}));
}

TEST(Preprocessed, KeepsTheFilesOwnLinesAlone) {
  const Preprocessed seen = read(
      "# 1 \"slot_test.cpp\"\n"
      "int test;\n"
      "# 1 \"slot.hpp\" 1\n"
      "\n"
      "# 1 \"/usr/include/mutex\" 1 3\n"
      "int system_;\n"
      "# 3 \"slot.hpp\" 2\n"
      "#define GUARD asm\n"
      "int one;\n"
      "# 9 \"slot.hpp\"\n"
      "#pragma GCC unroll 4\n"
      "int two;\n"
      "# 3 \"slot_test.cpp\" 2\n"
      "int test_again;\n");
  EXPECT_EQ(texts(seen.tokens), (Texts{"GUARD@3", "asm@3", "int@4", "one@4", ";@4",
                                       "int@10", "two@10", ";@10"}));
  EXPECT_EQ(texts(seen.macros), Texts{"GUARD@3"});
  EXPECT_EQ(texts(seen.pragmas), Texts{"GCC unroll 4@9"});
  ASSERT_EQ(seen.includes.size(), 2U);
  EXPECT_EQ(seen.includes[0].file, "/course/slot.hpp");
  EXPECT_EQ(seen.includes[0].line, 2);  // after "int test;"
  EXPECT_FALSE(seen.includes[0].system);
  EXPECT_EQ(seen.includes[1].from, "/course/slot.hpp");
  EXPECT_EQ(seen.includes[1].line, 2);
  EXPECT_TRUE(seen.includes[1].system);
}

}  // namespace
}  // namespace course::reading
