// Tests of exercise 13.1: bytes as they come, and bytes that are no RESP. Each test opens with
// its property. A test that draws prints its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <resp_parser.hpp>  // in <>, so that the include path decides whose it is
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "course/fuzz.hpp"
#include "course/step_test.hpp"

namespace {

using Kind = Value::Kind;
using Values = std::vector<Value>;

Value simple(std::string text) {
  return {.kind = Kind::kSimple, .text = std::move(text)};
}
Value error(std::string text) { return {.kind = Kind::kError, .text = std::move(text)}; }
Value integer(std::int64_t number) { return {.kind = Kind::kInteger, .integer = number}; }
Value bulk(std::string text) { return {.kind = Kind::kBulk, .text = std::move(text)}; }
Value null() { return {}; }
Value array(Values items) { return {.kind = Kind::kArray, .items = std::move(items)}; }

// A parser, and what it has given.
struct Parsed {
  explicit Parsed(RespLimits limits = {}) : parser(limits) {}

  // Gives a copy of exactly these bytes, so that a sanitizer sees a look beyond them.
  testing::AssertionResult feed(std::string_view bytes) {
    const std::vector<char> exactly(bytes.begin(), bytes.end());
    const auto keep = [this](Value value) { values.push_back(std::move(value)); };
    if (parser.feed({exactly.data(), exactly.size()}, keep)) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure()
           << "it refuses " << testing::PrintToString(std::string(bytes.substr(0, 60)))
           << ": " << parser.error();
  }

  RespParser parser;
  Values values;
};

// What the whole of `bytes` gives.
Values values_of(std::string_view bytes, RespLimits limits = {}) {
  Parsed parsed(limits);
  EXPECT_TRUE(parsed.feed(bytes));
  return parsed.values;
}

// Whether `bytes` are refused: whole, and a byte at a time. If so, an error says why, and what
// comes afterwards is refused too.
testing::AssertionResult refused(std::string_view bytes, RespLimits limits = {}) {
  Parsed whole(limits);
  const bool at_once = !whole.feed(bytes);
  Parsed slow(limits);
  bool in_pieces = false;
  for (const char byte : bytes) in_pieces = !slow.feed({&byte, 1});
  const std::string shown = testing::PrintToString(std::string(bytes.substr(0, 60)));
  EXPECT_EQ(at_once, in_pieces)
      << "whether it refuses " << shown << " whole, and a byte at a time";
  EXPECT_EQ(at_once, !whole.parser.error().empty())
      << "an error says why, and only an error: for " << shown;
  if (!at_once) return testing::AssertionFailure() << "it takes " << shown;
  EXPECT_FALSE(whole.feed("+OK\r\n")) << "it was refused before";
  EXPECT_TRUE(whole.values == slow.values) << "what came before the error is given";
  return testing::AssertionSuccess()
         << "it refuses " << shown << ": " << whole.parser.error();
}

// All that there is in the protocol, and what its values are.
const std::vector<std::pair<std::string, Value>>& corpus() {
  static const std::vector<std::pair<std::string, Value>> all{
      {"+OK\r\n", simple("OK")},
      {"+\r\n", simple("")},
      {"-ERR no such thing\r\n", error("ERR no such thing")},
      {":0\r\n", integer(0)},
      {":-12\r\n", integer(-12)},
      {":9223372036854775807\r\n", integer(std::numeric_limits<std::int64_t>::max())},
      {":-9223372036854775808\r\n", integer(std::numeric_limits<std::int64_t>::min())},
      {"$3\r\nfoo\r\n", bulk("foo")},
      {"$0\r\n\r\n", bulk("")},
      {"$4\r\n\r\n\r\n\r\n", bulk("\r\n\r\n")},
      {"$6\r\n$1\r\na\r\r\n", bulk("$1\r\na\r")},
      {std::string("$3\r\na\0b\r\n", 9), bulk(std::string("a\0b", 3))},
      {"$-1\r\n", null()},
      {"*0\r\n", array({})},
      {"*-1\r\n", null()},
      {"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", array({bulk("GET"), bulk("k")})},
      {"*3\r\n:1\r\n$-1\r\n+x\r\n", array({integer(1), null(), simple("x")})},
      {"*2\r\n*1\r\n*0\r\n*2\r\n:1\r\n*1\r\n-E\r\n",
       array({array({array({})}), array({integer(1), array({error("E")})})})},
      {"*2\r\n*-1\r\n$-1\r\n", array({null(), null()})}};
  return all;
}

// --- Step 1: numbers ------------------------------------------------------------------

// A number is all of the text, or none of it.
STEP_TEST(1, Number, IsAllOfTheText, "trusted length") {
  EXPECT_EQ(RespParser::to_number("0"), 0);
  EXPECT_EQ(RespParser::to_number("42"), 42);
  EXPECT_EQ(RespParser::to_number("-1"), -1);
  for (const char* none :
       {"", "-", "+1", " 1", "1 ", "1a", "a", "0x10", "--1", "1-", "1.0"}) {
    EXPECT_EQ(RespParser::to_number(none), std::nullopt)
        << "'" << none << "' is no number";
  }
}

// The largest and the smallest are numbers; one more is none, nor are a hundred digits.
STEP_TEST(1, Number, HasSixtyFourBits, "trusted length") {
  EXPECT_EQ(RespParser::to_number("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(RespParser::to_number("-9223372036854775808"), INT64_MIN);
  for (const char* none : {"9223372036854775808", "-9223372036854775809",
                           "18446744073709551617", "9999999999999999999"}) {
    EXPECT_EQ(RespParser::to_number(none), std::nullopt)
        << none << " has no room in 64 bits";
  }
  EXPECT_EQ(RespParser::to_number(std::string(100, '9')), std::nullopt);
}

// --- Step 2: lines --------------------------------------------------------------------

// The values that are one line.
STEP_TEST(2, Line, IsAValue, "partial command") {
  EXPECT_EQ(values_of("+OK\r\n"), Values{simple("OK")});
  EXPECT_EQ(values_of("-ERR no\r\n:-12\r\n+\r\n"),
            (Values{error("ERR no"), integer(-12), simple("")}));
}

// A line ends where it ends, not where a read ended; between '\r' and '\n' too.
STEP_TEST(2, Line, MayComeInPieces, "partial command") {
  Parsed parsed;
  for (const char* piece : {"+", "O", "K", "\r"}) {
    EXPECT_TRUE(parsed.feed(piece));
    EXPECT_TRUE(parsed.values.empty()) << "the line's end has not come";
  }
  EXPECT_TRUE(parsed.feed(""));
  EXPECT_TRUE(parsed.feed("\n:1\r"));
  EXPECT_EQ(parsed.values, Values{simple("OK")});
  EXPECT_TRUE(parsed.feed("\n"));
  EXPECT_EQ(parsed.values.size(), 2U);
}

// A '\r' or a '\n' that is not part of an end is none of its own.
STEP_TEST(2, Line, EndsWithBoth, "protocol error") {
  EXPECT_TRUE(refused("+OK\n"));
  EXPECT_TRUE(refused("+O\rK\r\n"));
  EXPECT_TRUE(refused("+OK\r\r\n"));
  EXPECT_TRUE(refused("+OK\rX:1\r\n")) << "X is in the place of the line feed";
  EXPECT_TRUE(refused("\n"));
}

// A line may be as long as it may, and no longer; that its end is missing is no excuse.
STEP_TEST(2, Line, HasALimit, "trusted length") {
  EXPECT_FALSE(refused("+123456789\r\n", {.line = 10}));
  EXPECT_FALSE(refused("+123456789", {.line = 10}));
  EXPECT_FALSE(refused("+123456789\r", {.line = 10})) << "its end may have begun";
  EXPECT_TRUE(refused("+1234567890", {.line = 10}))
      << "eleven bytes, and no end: it cannot become shorter";
  EXPECT_TRUE(refused("+1234567890\r\n", {.line = 10}));
}

// What begins with none of + - : $ * is no value.
STEP_TEST(2, Line, BeginsWithItsKind, "protocol error") {
  for (const char* bytes :
       {"PING\r\n", "\r\n", "(1\r\n", "GET / HTTP/1.1\r\n", " +OK\r\n"}) {
    EXPECT_TRUE(refused(bytes));
  }
  for (const char* bytes : {":\r\n", ":1a\r\n", ":+1\r\n", ":9223372036854775808\r\n"}) {
    EXPECT_TRUE(refused(bytes));
  }
  EXPECT_TRUE(refused(std::string("\0\r\n", 3)));
  EXPECT_TRUE(refused("\xff\xfe\r\n"));
}

// What came before the error has been given; nothing is given after it.
STEP_TEST(2, Line, BeforeAnErrorIsGiven, "protocol error") {
  Parsed parsed;
  EXPECT_FALSE(parsed.feed("+one\r\n:2\r\nthree\r\n+four\r\n"));
  EXPECT_EQ(parsed.values, (Values{simple("one"), integer(2)}));
  EXPECT_FALSE(parsed.feed("+five\r\n"));
  EXPECT_EQ(parsed.values.size(), 2U);
}

// A line that comes in many pieces is looked at once, not once for each piece.
STEP_TEST(2, Line, IsLookedAtOnce, "quadratic scan") {
  const std::string line = "+" + std::string(20'000, 'x') + "\r\n";
  Parsed parsed({.line = 100'000});
  for (const char byte : line) ASSERT_TRUE(parsed.feed({&byte, 1}));
  ASSERT_EQ(parsed.values.size(), 1U);
  EXPECT_LE(parsed.parser.looked_at(), 4 * line.size())
      << "looks at a byte, for a line of " << line.size() << " that came one at a time";
}

// --- Step 3: bulk strings -------------------------------------------------------------

// A bulk string is as long as it says, whatever is in it.
STEP_TEST(3, Bulk, HasTheLengthThatItSays, "partial command") {
  EXPECT_EQ(values_of("$3\r\nfoo\r\n$0\r\n\r\n$4\r\n\r\n\r\n\r\n"),
            (Values{bulk("foo"), bulk(""), bulk("\r\n\r\n")}));
  EXPECT_EQ(values_of(std::string("$3\r\na\0b\r\n", 9)),
            Values{bulk(std::string("a\0b", 3))});
}

// Null is no empty string.
STEP_TEST(3, Bulk, MayBeNull, "partial command") {
  EXPECT_EQ(values_of("$-1\r\n$0\r\n\r\n"), (Values{null(), bulk("")}));
}

// Half of it is nothing yet, and its end belongs to it.
STEP_TEST(3, Bulk, IsWholeWithItsEnd, "partial command") {
  Parsed parsed;
  for (const char* piece : {"$5\r", "\nhe", "llo", "\r"}) {
    EXPECT_TRUE(parsed.feed(piece));
    EXPECT_TRUE(parsed.values.empty()) << "its end has not come";
  }
  EXPECT_TRUE(parsed.feed("\n"));
  EXPECT_EQ(parsed.values, Values{bulk("hello")});
}

// Lengths that lie are refused when they are said, not when the bytes come, or fail to.
STEP_TEST(3, Bulk, RefusesALengthThatLies, "trusted length") {
  for (const char* bytes :
       {"$-2\r\n", "$-9223372036854775808\r\n", "$\r\n", "$1x\r\n", "$536870913\r\n",
        "$4294967296\r\n\r\n", "$9223372036854775807\r\n", "$9999999999999999999\r\n",
        "$18446744073709551615\r\n"}) {
    EXPECT_TRUE(refused(bytes));
  }
  EXPECT_TRUE(refused("$11\r\n", {.body = 10}));
  EXPECT_FALSE(refused("$10\r\n0123456789\r\n", {.body = 10}));
}

// A length that is too short leaves something else where the end should be.
STEP_TEST(3, Bulk, RefusesAnotherEnd, "protocol error") {
  EXPECT_TRUE(refused("$2\r\nfoo\r\n"));
  EXPECT_TRUE(refused("$3\r\nfoo\n\n"));
  EXPECT_TRUE(refused("$3\r\nfoo\r$"));
  EXPECT_TRUE(refused("$0\r\n:1\r\n"));
}

// What is announced costs nothing before it comes: not even where every limit allows it.
STEP_TEST(3, Bulk, TakesNoMemoryForAPromise, "trusted length") {
  constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  for (const char* bytes : {"$9223372036854775807\r\nabc", "$1000000000000000\r\nabc"}) {
    Parsed parsed({.line = 100, .body = all, .items = all});
    EXPECT_TRUE(parsed.feed(bytes));
    EXPECT_TRUE(parsed.feed("def"));
    EXPECT_TRUE(parsed.values.empty()) << "six bytes of so many have come";
  }
}

// A long one in many pieces is looked at once.
STEP_TEST(3, Bulk, IsLookedAtOnce, "quadratic scan") {
  const std::string body(20'000, '\r');
  const std::string whole = "$" + std::to_string(body.size()) + "\r\n" + body + "\r\n";
  Parsed parsed;
  for (std::size_t i = 0; i < whole.size(); i += 10) {
    ASSERT_TRUE(parsed.feed(std::string_view(whole).substr(i, 10)));
  }
  EXPECT_EQ(parsed.values, Values{bulk(body)});
  EXPECT_LE(parsed.parser.looked_at(), 4 * whole.size())
      << "looks at a byte, for " << whole.size() << " that came ten at a time";
}

// --- Step 4: arrays, and everything ----------------------------------------------------

// Arrays hold values of every kind, and arrays.
STEP_TEST(4, Array, HoldsValues, "partial command") {
  for (const auto& [bytes, value] : corpus()) {
    EXPECT_EQ(values_of(bytes), Values{value}) << bytes;
  }
}

// Cut anywhere, in two places, the same values come, and none before its last byte.
STEP_TEST(4, Array, EverySplitGivesTheSame, "partial command") {
  std::string all;
  Values expected;
  std::vector<std::size_t> ends;
  for (const auto& [bytes, value] : corpus()) {
    all += bytes;
    expected.push_back(value);
    ends.push_back(all.size());
  }
  const auto whole_at = [&](std::size_t place) {
    return static_cast<std::size_t>(std::count_if(
        ends.begin(), ends.end(), [&](std::size_t e) { return e <= place; }));
  };
  const std::string_view view = all;
  for (std::size_t first = 0; first <= all.size(); ++first) {
    for (std::size_t second = first; second <= all.size(); ++second) {
      Parsed parsed;
      ASSERT_TRUE(parsed.feed(view.substr(0, first)));
      ASSERT_EQ(parsed.values.size(), whole_at(first)) << "cut at " << first;
      ASSERT_TRUE(parsed.feed(view.substr(first, second - first)));
      ASSERT_EQ(parsed.values.size(), whole_at(second))
          << "cut at " << first << " and " << second;
      ASSERT_TRUE(parsed.feed(view.substr(second)));
      ASSERT_TRUE(parsed.values == expected) << "cut at " << first << " and " << second;
    }
  }
}

// A byte at a time.
STEP_TEST(4, Array, AByteAtATimeGivesTheSame, "partial command") {
  Parsed parsed;
  Values expected;
  for (const auto& [bytes, value] : corpus()) {
    for (const char byte : bytes) ASSERT_TRUE(parsed.feed({&byte, 1}));
    expected.push_back(value);
    ASSERT_TRUE(parsed.values == expected) << "after " << bytes;
  }
}

// Lengths that lie, and promises that no peer keeps.
STEP_TEST(4, Array, RefusesALengthThatLies, "trusted length") {
  for (const char* bytes :
       {"*-2\r\n", "*\r\n", "*1x\r\n", "*1048577\r\n", "*4294967296\r\n",
        "*9223372036854775807\r\n", "*9999999999999999999\r\n", "*2\r\n*-5\r\n"}) {
    EXPECT_TRUE(refused(bytes));
  }
  EXPECT_TRUE(refused("*3\r\n", {.items = 2}));
  EXPECT_FALSE(refused("*2\r\n:1\r\n:2\r\n", {.items = 2}));
}

// A promise of values takes no memory either.
STEP_TEST(4, Array, TakesNoMemoryForAPromise, "trusted length") {
  constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  for (const char* bytes :
       {"*9223372036854775807\r\n:1\r\n", "*1000000000000\r\n:1\r\n"}) {
    Parsed parsed({.line = 100, .body = all, .items = all});
    EXPECT_TRUE(parsed.feed(bytes));
    EXPECT_TRUE(parsed.values.empty()) << "one value of so many has come";
  }
}

// Arrays within arrays have a limit, and as deep as that they may be.
STEP_TEST(4, Array, HasALimitOfDepth, "trusted length") {
  const auto deep = [](int depth) {
    std::string bytes;
    for (int i = 0; i < depth; ++i) bytes += "*1\r\n";
    return bytes;
  };
  EXPECT_FALSE(refused(deep(16) + ":1\r\n"));
  EXPECT_TRUE(refused(deep(17)));
  EXPECT_TRUE(refused(deep(16) + "*0\r\n")) << "an empty one is as deep as any other";
  EXPECT_TRUE(refused(deep(100'000)));
  EXPECT_FALSE(refused(deep(16) + ":1\r\n" + deep(16) + ":1\r\n"))
      << "one after the other";
}

// A large array in small pieces is looked at once.
STEP_TEST(4, Array, IsLookedAtOnce, "quadratic scan") {
  std::string whole = "*5000\r\n";
  for (int i = 0; i < 5000; ++i) whole += "$5\r\nhello\r\n";
  Parsed parsed;
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    ASSERT_TRUE(parsed.feed(std::string_view(whole).substr(i, 7)));
  }
  ASSERT_EQ(parsed.values.size(), 1U);
  EXPECT_EQ(parsed.values[0].items.size(), 5000U);
  EXPECT_LE(parsed.parser.looked_at(), 4 * whole.size())
      << "looks at a byte, for " << whole.size() << " that came seven at a time";
}

// Whatever comes: no crash, no look beyond it, no more values than bytes, and the same verdict
// in other pieces. First the checker itself is tried, on bytes that are in order.
STEP_TEST(4, Array, OutlivesAnyBytes, "protocol error") {
  constexpr unsigned seed = 1301;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::string all;
  for (const auto& [bytes, value] : corpus()) all += bytes;
  ASSERT_FALSE(refused(all));
  std::mt19937 random(seed);
  constexpr std::string_view likely = "+-:$*\r\n0123456789";
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = all;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t place = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[place] = static_cast<char>(random());
          break;
        case 1:
          bytes[place] = likely[random() % likely.size()];
          break;
        case 2:
          bytes.erase(place, 1 + random() % 5);
          break;
        default:
          bytes.insert(place, 1, likely[random() % likely.size()]);
          break;
      }
      if (bytes.empty()) bytes = "+";
    }
    static_cast<void>(refused(bytes));
    ASSERT_FALSE(HasFailure()) << "by the bytes: " << testing::PrintToString(bytes);
  }
}

// The first byte says in what pieces the others come. Returns what does not hold: the values
// and the verdict are those of all at once, and each byte is looked at a few times at most.
std::string what_is_wrong_with(std::span<const std::byte> drawn) {
  if (drawn.empty()) return {};
  const std::size_t piece = 1 + std::to_integer<std::size_t>(drawn[0]) % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(drawn.data()) + 1,
                               drawn.size() - 1);
  // Small limits, so that they are met.
  constexpr RespLimits limits{.line = 40, .body = 100, .items = 20, .depth = 4};
  Parsed whole(limits);
  const bool at_once = whole.feed(bytes);
  Parsed slow(limits);
  bool in_pieces = true;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    in_pieces = slow.feed(bytes.substr(i, piece));
  }
  if (at_once != in_pieces) return "refused whole, and not in pieces, or the reverse";
  if (whole.values != slow.values)
    return "the values in pieces are not those of the whole";
  if (slow.parser.looked_at() > 4 * bytes.size() + 4)
    return "bytes are looked at too often";
  return {};
}

// The same for bytes that libFuzzer finds, which looks for those that take new ways through
// your code: some seconds of it, in the stage that has Clang's AddressSanitizer.
STEP_TEST(4, Array, OutlivesWhatAFuzzerFinds, "protocol error") {
  constexpr std::string_view in_order = "\1*2\r\n$3\r\nfoo\r\n:1\r\n";
  EXPECT_EQ(what_is_wrong_with(std::as_bytes(std::span(in_order))), "");
  EXPECT_TRUE(course::holds_when_fuzzed(what_is_wrong_with))
      << "the fuzzer found bytes for which this does not hold, or a look beyond them: "
         "its "
         "report stands above";
}

}  // namespace
