#include "reading/readable.hpp"

#include <gtest/gtest.h>

namespace course::reading {
namespace {

TEST(Readable, LeavesTextAsItIs) {
  const std::string text = "a\tb\nü → 𝄞 a::b std::mutex # [x]\n";
  EXPECT_EQ(harmless(text), text);
  EXPECT_EQ(readable(text), text);
}

TEST(Readable, WritesATerminalsCommandsOut) {
  EXPECT_EQ(harmless("\033[2J\033]0;x\007\rpassed\x7f\b"),
            "\\x1b[2J\\x1b]0;x\\x07\\x0dpassed\\x7f\\x08");
  EXPECT_EQ(harmless("\u009b2J"), "\\x9b2J");  // CSI in one character
}

TEST(Readable, WritesOutWhatIsNoUtf8) {
  EXPECT_EQ(harmless("\xff\xc0\xaf\xed\xa0\x80\xe2\x86"),
            "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xe2\\x86");
  EXPECT_EQ(readable("a\xff"), "a\uFFFD");
}

TEST(Readable, WritesOutWhatTurnsTheText) {
  EXPECT_EQ(harmless("\u202Epassed"), "\\u{202e}passed");
}

TEST(Readable, TakesTheBeginningFromAWorkflowsCommands) {
  EXPECT_EQ(harmless("::error::x\n  ::stop-commands::y\nz ::w\n##[add-mask]"),
            "\\::error::x\n  \\::stop-commands::y\nz ::w\n\\##[add-mask]");
  EXPECT_EQ(harmless(" ::x"), " \\::x");
}

}  // namespace
}  // namespace course::reading
