// Tests of the reference. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
#include "event_log.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <thread>

#include "checksum.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// All commands in their order, "ab". Answers with what it is then.
struct Word {
  std::string letters;

  std::string apply(std::string_view command) { return letters += command; }
};

// What the lines of `log` make.
std::string rebuilt(const std::string& log) {
  std::istringstream lines(log);
  Word word;
  rebuild(lines, word);
  return word.letters;
}

// Commands are carried out in the order in which one thread submits them, and written down so.
TEST(EventLog, KeepsOrder) {
  std::ostringstream lines;
  EventLog<Word> log(Word{}, 0, lines);
  auto first = log.submit("a");
  auto second = log.submit("b c");
  EXPECT_EQ(first.get(), "a") << "an answer is the state of its moment";
  EXPECT_EQ(second.get(), "ab c");
  EXPECT_EQ(log.close().letters, "ab c");
  EXPECT_EQ(lines.str(), "1 a\n2 b c\n");
}

// I3, I4: whatever the schedule of two leaders, the log makes the state.
TEST(EventLog, LogMakesTheState) {
  explore([] {
    std::ostringstream lines;
    EventLog<Word> log(Word{}, 0, lines);
    {
      std::jthread leader([&log] { static_cast<void>(log.submit("b")); });
      static_cast<void>(log.submit("a"));
    }
    const std::string letters = log.close().letters;
    check(letters == "ab" || letters == "ba", "each command is applied once");
    check(rebuilt(lines.str()) == letters, "the log's order is the state's");
  });
}

// I3: a command that has been answered is in the log.
TEST(EventLog, AnswersWhatIsWritten) {
  explore([] {
    std::ostringstream lines;
    EventLog<Word> log(Word{}, 0, lines);
    check(log.submit("a").get() == "a", "it is answered");
    check(lines.str() == "1 a\n", "and in the log by then");
  });
}

// I5: where the log cannot be written, no command is applied, and no later one either.
TEST(EventLog, StopsWhereTheLogDoes) {
  std::stringbuf nothing(std::ios::in);  // takes no byte
  std::ostream full(&nothing);
  EventLog<Word> log(Word{}, 0, full);
  auto first = log.submit("a");
  auto second = log.submit("b");
  EXPECT_THROW(first.get(), std::runtime_error);
  EXPECT_THROW(second.get(), std::runtime_error);
  EXPECT_EQ(log.close().letters, "");
}

// What would not be one line, or comes after the end, is refused.
TEST(EventLog, RefusesWhatIsNoLine) {
  std::ostringstream lines;
  EventLog<Word> log(Word{}, 0, lines);
  EXPECT_THROW(log.submit("a\nb"), std::invalid_argument);
  log.close();
  EXPECT_THROW(log.submit("c"), std::logic_error);
  EXPECT_EQ(lines.str(), "");
}

// A log that is continued has the next number, and makes the same state as one that ran through.
TEST(EventLog, Continues) {
  std::ostringstream lines;
  EventLog<Word>(Word{}, 0, lines).submit("a").get();
  EventLog<Word>(Word{rebuilt(lines.str())}, 1, lines).submit("b").get();
  EXPECT_EQ(lines.str(), "1 a\n2 b\n");
  EXPECT_EQ(rebuilt(lines.str()), "ab");
}

// A last line without its end is left out, wherever it was cut, and its place is told.
TEST(Rebuild, LeavesOutATornLine) {
  const std::string all = "1 a\n2 b\n3 long\n";
  for (std::size_t cut = 8; cut < all.size(); ++cut) {
    std::istringstream lines(all.substr(0, cut));
    Word word;
    const Rebuilt rebuilt = rebuild(lines, word);
    EXPECT_EQ(word.letters, "ab") << "cut behind byte " << cut;
    EXPECT_EQ(rebuilt.last, 2U) << "cut behind byte " << cut;
    EXPECT_EQ(rebuilt.bytes, 8U) << "cut behind byte " << cut;
  }
}

// A line that is missing, twice there or no line is found.
TEST(Rebuild, FindsAGap) {
  for (const char* broken : {"1 a\n3 b\n", "1 a\n1 a\n", "2 a\n", "1 a\n\n", "1\n"}) {
    EXPECT_THROW(rebuilt(broken), std::runtime_error) << broken;
  }
  EXPECT_EQ(rebuilt(""), "");
  EXPECT_EQ(rebuilt("1 \n2 b\n"), "b") << "an empty command is one";
}

// A checksum of pieces is that of the whole; one bit makes another.
TEST(Checksum, OfPieces) {
  EXPECT_EQ(checksum("6789", checksum("12345")), checksum("123456789"));
  EXPECT_EQ(checksum(""), 0U);
  EXPECT_NE(checksum("a"), checksum("c"));
}

}  // namespace
