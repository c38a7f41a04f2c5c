#include "catalogue/code.hpp"

#include <gtest/gtest.h>

namespace course {
namespace {

bool holds_todo(std::string_view text) {
  return code_of(text).find("todo") != std::string::npos;
}

TEST(Code, IsWhatTheCompilerTakes) {
  EXPECT_TRUE(holds_todo("todo(1);"));
  EXPECT_TRUE(holds_todo("x = 'a'; todo(1);"));
  EXPECT_TRUE(holds_todo("x = 1'000; todo(1);"));
  EXPECT_TRUE(holds_todo("say(\"\\\"\"); todo(1);"));
  EXPECT_TRUE(holds_todo("x = R\"a(\")a\"; todo(1);"));
  EXPECT_TRUE(holds_todo("/* no */ todo(1);"));
  EXPECT_TRUE(holds_todo("#if 0\n#else\ntodo(1);\n#endif\n"));
  EXPECT_TRUE(holds_todo("#if 1\ntodo(1);\n#endif\n"));
}

TEST(Code, HoldsNoComment) {
  EXPECT_FALSE(holds_todo("go(); // todo(1);"));
  EXPECT_FALSE(holds_todo("// was \\\ntodo(1);"));
  EXPECT_FALSE(holds_todo("/* was\n   todo(1);\n*/ go();"));
  EXPECT_FALSE(holds_todo("/* todo"));
}

TEST(Code, HoldsNothingBetweenQuotes) {
  EXPECT_FALSE(holds_todo("say(\"todo(1)\");"));
  EXPECT_FALSE(holds_todo("say(R\"(a \" todo(1))\");"));
  EXPECT_FALSE(holds_todo("say(R\"x(a )\" todo(1))x\");"));
}

TEST(Code, HoldsNothingThatIsLeftOut) {
  EXPECT_FALSE(holds_todo("#if 0\ntodo(1);\n#endif\n"));
  EXPECT_FALSE(
      holds_todo("# if 0  // not yet\n#ifdef A\ntodo(1);\n#else\ntodo\n#endif\n"
                 "todo(1);\n#endif\ngo();\n"));
}

TEST(Code, KeepsItsLines) {
  const std::string code = code_of("/* a\nb */\n\"c\"\n#if 0\nd\n#endif\ntodo(1);\n");
  EXPECT_EQ(line_at(code, code.find("todo")), 7U);
}

}  // namespace
}  // namespace course
