// Tests of exercise 14.1. Each opens with its property. Every message that is read lies in a
// block of exactly its size, so that AddressSanitizer sees the first byte that is read beyond
// it; the blocks begin at odd addresses too.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>
#include <wire_codec.hpp>  // in <>, so that the include path decides whose it is

#include "course/fuzz.hpp"
#include "course/records.hpp"
#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// --- What the tests need --------------------------------------------------------------

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

std::string hex(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    char two[4];
    std::snprintf(two, sizeof two, "%02x ", std::to_integer<unsigned>(byte));
    text += two;
  }
  return text;
}

// A copy of some bytes that ends where its block ends, and begins `shift` bytes behind an
// address that is a multiple of 16.
class Copy {
 public:
  explicit Copy(Bytes bytes, std::size_t shift = 0)
      : block_(std::make_unique<std::byte[]>(shift + bytes.size())),
        bytes_(block_.get() + shift, bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), block_.get() + shift);
  }
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  std::unique_ptr<std::byte[]> block_;
  Bytes bytes_;
};

template <typename T>
std::vector<std::byte> written(T value) {
  WireWriter writer;
  writer.put(value);
  return writer.take();
}

void expect_error(const WireReader& reader, const std::string& field,
                  std::size_t offset) {
  ASSERT_TRUE(reader.error()) << "field " << field << " is wrong, but there is no error";
  EXPECT_EQ(reader.error()->field, field);
  EXPECT_EQ(reader.error()->offset, offset) << "the first byte of field " << field;
}

// --- Step 1: numbers ------------------------------------------------------------------

// A number has one form, its most significant byte first, on every machine.
STEP_TEST(1, WireCodec, NumbersAreMostSignificantFirst, "byte order") {
  EXPECT_EQ(hex(written(std::uint8_t{0xa1})), "a1 ");
  EXPECT_EQ(hex(written(std::uint16_t{0xa1b2})), "a1 b2 ");
  EXPECT_EQ(hex(written(std::uint32_t{0xa1b2c3d4})), "a1 b2 c3 d4 ");
  EXPECT_EQ(hex(written(std::uint64_t{0xa1b2c3d4e5f60718})), "a1 b2 c3 d4 e5 f6 07 18 ");
  const Copy message(bytes_of({0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18}));
  EXPECT_EQ(WireReader(message.bytes()).get<std::uint64_t>("id"), 0xa1b2c3d4e5f60718U);
  EXPECT_EQ(WireReader(message.bytes()).get<std::uint32_t>("id"), 0xa1b2c3d4U);
  EXPECT_EQ(WireReader(message.bytes()).get<std::uint16_t>("id"), 0xa1b2U);
  EXPECT_EQ(WireReader(message.bytes()).get<std::uint8_t>("id"), 0xa1U);
}

template <typename T>
void numbers_come_back() {
  constexpr T greatest = std::numeric_limits<T>::max();
  for (const T value : {T{0}, T{1}, T{0x7f}, T{0x80}, static_cast<T>(greatest / 2),
                        static_cast<T>(greatest / 2 + 1), greatest}) {
    for (std::size_t shift = 0; shift < 16; ++shift) {
      const Copy message(written(value), shift);
      WireReader reader(message.bytes());
      ASSERT_EQ(reader.get<T>("quantity"), value) << "size: " << sizeof(T);
      ASSERT_FALSE(reader.error()) << "all bytes of the field are there";
      ASSERT_EQ(reader.left(), 0U);
    }
  }
}

// Every number comes back, wherever its bytes lie.
STEP_TEST(1, WireCodec, NumbersComeBackFromAnyAddress, "alignment") {
  numbers_come_back<std::uint8_t>();
  numbers_come_back<std::uint16_t>();
  numbers_come_back<std::uint32_t>();
  numbers_come_back<std::uint64_t>();
}

// Fields are read one behind the other, whatever their sizes.
STEP_TEST(1, WireCodec, FieldsFollowEachOther, "wire format") {
  WireWriter writer;
  writer.put(std::uint8_t{1});
  writer.put(std::uint64_t{2});
  writer.put(std::uint16_t{3});
  writer.put(std::uint32_t{4});
  const Copy message(writer.take());
  ASSERT_EQ(message.bytes().size(), 15U);
  WireReader reader(message.bytes());
  EXPECT_EQ(reader.get<std::uint8_t>("a"), 1U);
  EXPECT_EQ(reader.get<std::uint64_t>("b"), 2U);
  EXPECT_EQ(reader.get<std::uint16_t>("c"), 3U);
  EXPECT_EQ(reader.at(), 11U);
  EXPECT_EQ(reader.get<std::uint32_t>("d"), 4U);
  EXPECT_FALSE(reader.error());
}

template <typename T>
void cut_off_everywhere() {
  for (std::size_t there = 0; there < sizeof(T); ++there) {
    WireWriter writer;
    writer.put(std::uint8_t{9});
    const std::vector<std::byte> number = written(std::numeric_limits<T>::max());
    std::vector<std::byte> bytes = writer.take();
    bytes.insert(bytes.end(), number.begin(),
                 number.begin() + static_cast<std::ptrdiff_t>(there));
    const Copy message(bytes);
    WireReader reader(message.bytes());
    ASSERT_EQ(reader.get<std::uint8_t>("side"), 9U);
    ASSERT_EQ(reader.get<T>("quantity"), 0U)
        << "bytes there: " << there << " of " << sizeof(T);
    expect_error(reader, "quantity", 1);
  }
}

// A number whose bytes are not all there is an error of its field, and nothing beyond the
// message is read.
STEP_TEST(1, WireCodec, ANumberCutOffIsAnError, "trusted length") {
  cut_off_everywhere<std::uint8_t>();
  cut_off_everywhere<std::uint16_t>();
  cut_off_everywhere<std::uint32_t>();
  cut_off_everywhere<std::uint64_t>();
}

// After a failure nothing more is read, and the first field that was wrong is the one named.
STEP_TEST(1, WireCodec, TheFirstFailureIsKept, "wire format") {
  const Copy message(bytes_of({1, 2, 3}));
  WireReader reader(message.bytes());
  EXPECT_EQ(reader.get<std::uint32_t>("quantity"), 0U);
  EXPECT_EQ(reader.get<std::uint8_t>("side"), 0U)
      << "a field behind one that failed cannot be where it seems to be";
  EXPECT_EQ(reader.get<std::uint64_t>({"fills", 3, "price"}), 0U);
  expect_error(reader, "quantity", 0);
}

// --- Step 2: lengths ------------------------------------------------------------------

// Bytes come back as they are, behind a length of four bytes; the reader copies nothing.
STEP_TEST(2, WireCodec, BytesComeBack, "wire format") {
  for (const std::size_t size : {0U, 1U, 5U, 255U, 256U, 70'000U}) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7);
    WireWriter writer;
    writer.put(std::uint8_t{1});
    writer.put_bytes(bytes);
    writer.put(std::uint8_t{2});
    const Copy message(writer.take());
    ASSERT_EQ(message.bytes().size(), size + 6);
    EXPECT_EQ(hex(message.bytes().subspan(1, 4)),
              hex(written(static_cast<std::uint32_t>(size))));
    WireReader reader(message.bytes());
    EXPECT_EQ(reader.get<std::uint8_t>("side"), 1U);
    const Bytes read = reader.get_bytes("symbol");
    ASSERT_FALSE(reader.error()) << "bytes there: " << size;
    ASSERT_TRUE(std::ranges::equal(read, bytes)) << "bytes: " << size;
    if (size > 0) {
      EXPECT_EQ(read.data(), message.bytes().data() + 5)
          << "where they lie in the message";
    }
    EXPECT_EQ(reader.get<std::uint8_t>("end"), 2U);
    EXPECT_FALSE(reader.error());
  }
}

// Reads bytes of the announced length from a message in which `there` of them are, behind
// `before` bytes of other fields.
void announce(std::uint32_t length, std::size_t there, std::size_t before) {
  std::vector<std::byte> bytes(before, std::byte{1});
  const std::vector<std::byte> announced = written(length);
  bytes.insert(bytes.end(), announced.begin(), announced.end());
  bytes.resize(bytes.size() + there, std::byte{0x55});
  const Copy message(bytes);
  WireReader reader(message.bytes());
  for (std::size_t i = 0; i < before; ++i) {
    ASSERT_EQ(reader.get<std::uint8_t>("before"), 1U);
  }
  std::size_t sum = 0;
  for (const std::byte byte : reader.get_bytes("symbol")) {
    sum += std::to_integer<std::size_t>(byte);  // whatever was given is read
  }
  ASSERT_EQ(sum, 0U) << "bytes there: " << there << "; a length of " << length
                     << " must give none";
  expect_error(reader, "symbol", before);
}

// A length beyond what is left is an error of its field: by one byte, by many.
STEP_TEST(2, WireCodec, ALengthThatLies, "trusted length") {
  for (const std::size_t there : {0U, 1U, 3U, 40U}) {
    for (std::uint32_t more = 1; more <= 12; ++more) {
      announce(static_cast<std::uint32_t>(there) + more, there, 9);
    }
    for (const std::uint32_t length : {1U << 8, 1U << 16, 1U << 24, 0x7fffffffU}) {
      announce(length, there, 9);
    }
  }
}

// A length near the greatest is a length beyond what is left, wherever it stands: added to a
// position in 32 bits it is a small number again.
STEP_TEST(2, WireCodec, ALengthNearTheGreatest, "wrap-around") {
  for (std::uint32_t less = 0; less < 64; ++less) {
    for (const std::size_t before : {0U, 9U, 40U}) announce(~less, 20, before);
  }
}

// A length whose own bytes are not all there is an error of its field.
STEP_TEST(2, WireCodec, ALengthCutOff, "trusted length") {
  for (std::size_t there = 0; there < 4; ++there) {
    const Copy message{std::vector<std::byte>(there)};
    WireReader reader(message.bytes());
    EXPECT_TRUE(reader.get_bytes("symbol").empty());
    expect_error(reader, "symbol", 0);
    WireReader counting(message.bytes());
    EXPECT_EQ(counting.get_count("fills", 12), 0U);
    expect_error(counting, "fills", 0);
  }
}

// After a failure there are no bytes and there is nothing to count.
STEP_TEST(2, WireCodec, NothingBehindAFailure, "wire format") {
  const Copy message(bytes_of({0, 0, 0, 1, 7}));
  WireReader reader(message.bytes());
  static_cast<void>(reader.get<std::uint64_t>("id"));
  EXPECT_TRUE(reader.get_bytes("symbol").empty());
  EXPECT_EQ(reader.get_count("fills", 1), 0U);
  expect_error(reader, "id", 0);
}

// How many elements a reader believes in, where `left` bytes follow the count.
std::uint32_t counted(std::uint32_t count, std::size_t least, std::size_t left,
                      bool& failed) {
  std::vector<std::byte> bytes = written(std::uint8_t{0});
  const std::vector<std::byte> announced = written(count);
  bytes.insert(bytes.end(), announced.begin(), announced.end());
  bytes.resize(bytes.size() + left);
  const Copy message(bytes);
  WireReader reader(message.bytes());
  static_cast<void>(reader.get<std::uint8_t>("side"));
  const std::uint32_t believed = reader.get_count("fills", least);
  failed = reader.error().has_value();
  if (failed) expect_error(reader, "fills", 1);
  return believed;
}

// A count is believed if so many elements can follow, and not otherwise: no element need be
// looked at, and no memory taken, to find that out.
STEP_TEST(2, WireCodec, ACountOfWhatCannotFollow, "trusted length") {
  for (const std::size_t least : {1U, 8U, 12U}) {
    for (const std::uint32_t count : {0U, 1U, 2U, 5U}) {
      bool failed = false;
      EXPECT_EQ(counted(count, least, count * least, failed), count);
      EXPECT_FALSE(failed) << "a count of " << count << " fits exactly";
      EXPECT_EQ(counted(count, least, count * least + least - 1, failed), count);
      EXPECT_FALSE(failed) << "what follows the elements is not the count's business";
      if (count == 0) continue;
      EXPECT_EQ(counted(count, least, count * least - 1, failed), 0U)
          << "a count of " << count << ", elements of size " << least
          << ", cannot be true: a byte is missing";
      EXPECT_TRUE(failed) << "a count of " << count << ", elements of size " << least
                          << ", cannot be true: a byte is missing";
    }
  }
}

// A count is not believed because its product with a size is small again in 32 bits.
STEP_TEST(2, WireCodec, ACountWhoseProductWraps, "wrap-around") {
  bool failed = false;
  for (const std::uint32_t count :
       {0x15555556U, 0x2aaaaaabU, 0x40000000U, 0x55555556U, 0xfffffffeU, 0xffffffffU}) {
    EXPECT_EQ(counted(count, 12, 24, failed), 0U);
    EXPECT_TRUE(failed) << count << " elements of 12 bytes cannot follow in 24 bytes";
  }
  EXPECT_EQ(counted(0x20000000U, 8, 8, failed), 0U);
  EXPECT_TRUE(failed);
}

// --- Step 3: an order -----------------------------------------------------------------

Order an_order() {
  Order order;
  order.id = 0x0102030405060708;
  order.side = Side::kSell;
  order.quantity = 0x11121314;
  order.symbol = "ACME";
  order.fills = {{0x2122232425262728, 0x31323334}, {1, 2}};
  return order;
}

std::vector<Order> orders() {
  std::vector<Order> all{Order(), an_order(), an_order(), an_order(), an_order()};
  all[1].fills.clear();
  all[2].symbol = std::string("\0\xff nul\n", 7);
  all[3].symbol = std::string(Order::longest_symbol, 'x');
  all[3].quantity = std::numeric_limits<std::uint32_t>::max();
  for (std::uint32_t i = 0; i < 300; ++i)
    all[4].fills.push_back({~std::uint64_t{i}, i + 1});
  return all;
}

Order decoded(Bytes bytes) {
  const Copy message(bytes);
  std::variant<Order, WireError> result = decode(message.bytes());
  if (const auto* error = std::get_if<WireError>(&result)) {
    ADD_FAILURE() << "decode refuses what encode made: " << error->field << " "
                  << error->reason;
    return {};
  }
  return std::get<Order>(std::move(result));
}

// decode undoes encode.
STEP_TEST(3, WireCodec, AnOrderComesBack, "wire format") {
  for (const Order& order : orders()) {
    EXPECT_EQ(decoded(encode(order)), order) << "bytes of symbol: " << order.symbol.size()
                                             << "; fills: " << order.fills.size();
  }
}

// An order's bytes are those of the picture in the header, so that a program in another
// language can read them.
STEP_TEST(3, WireCodec, AnOrdersBytes, "wire format") {
  EXPECT_EQ(hex(encode(an_order())),
            "01 02 03 04 05 06 07 08 "  // id
            "01 "                       // side
            "11 12 13 14 "              // quantity
            "00 00 00 04 41 43 4d 45 "  // symbol
            "00 00 00 02 "              // fills
            "21 22 23 24 25 26 27 28 31 32 33 34 "
            "00 00 00 00 00 00 00 01 00 00 00 02 ");
}

// A sender is told at once of an order that every receiver would refuse.
STEP_TEST(3, WireCodec, EncodeRefusesWhatDecodeWould, "wire format") {
  Order long_symbol = an_order();
  long_symbol.symbol = std::string(Order::longest_symbol + 1, 'x');
  EXPECT_THROW(static_cast<void>(encode(long_symbol)), std::invalid_argument);
  Order empty_fill = an_order();
  empty_fill.fills[1].quantity = 0;
  EXPECT_THROW(static_cast<void>(encode(empty_fill)), std::invalid_argument);
}

void expect_refused(Bytes bytes, const std::string& field, std::size_t offset) {
  const Copy message(bytes);
  const std::variant<Order, WireError> result = decode(message.bytes());
  const auto* error = std::get_if<WireError>(&result);
  ASSERT_TRUE(error) << "field " << field << " is wrong, but decode gives an order";
  EXPECT_EQ(error->field, field);
  EXPECT_EQ(error->offset, offset) << "the first byte of field " << field;
}

// What no encode makes is an error, which names the field.
STEP_TEST(3, WireCodec, WhatNoEncodeMakes, "wire format") {
  const std::vector<std::byte> bytes = encode(an_order());
  for (const int side : {2, 3, 0x80, 0xff}) {
    std::vector<std::byte> wrong = bytes;
    wrong[8] = static_cast<std::byte>(side);
    expect_refused(wrong, "side", 8);
  }
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  expect_refused(longer, "end", bytes.size());

  std::vector<std::byte> empty_fill = bytes;
  empty_fill.back() = std::byte{0};
  expect_refused(empty_fill, "fills[1].quantity", bytes.size() - 4);

  WireWriter writer;
  writer.put(std::uint64_t{1});
  writer.put(std::uint8_t{0});
  writer.put(std::uint32_t{1});
  writer.put_bytes(std::vector<std::byte>(Order::longest_symbol + 1, std::byte{65}));
  writer.put(std::uint32_t{0});
  expect_refused(writer.take(), "symbol", 13);
}

// Where two fields are wrong the first is named.
STEP_TEST(3, WireCodec, TheFirstWrongFieldIsNamed, "wire format") {
  std::vector<std::byte> wrong = encode(an_order());
  wrong[8] = std::byte{7};
  wrong.resize(30);
  expect_refused(wrong, "side", 8);

  Order order = an_order();
  order.fills.resize(4, {9, 1});
  wrong = encode(order);
  const std::size_t fills_at = wrong.size() - 4 * 12;
  for (const std::size_t fill : {1U, 3U}) wrong[fills_at + 12 * fill + 11] = std::byte{0};
  wrong.push_back(std::byte{0});
  expect_refused(wrong, "fills[1].quantity", fills_at + 12 + 8);
}

// A million fills that are announced cost no more than a message without them.
STEP_TEST(3, WireCodec, AnnouncedFillsCostNothing, "trusted length") {
  Order order = an_order();
  order.fills.clear();
  std::vector<std::byte> bytes = encode(order);
  const std::size_t count_at = bytes.size() - 4;
  for (const std::uint32_t count : {1U, 1'000'000U, 0xffffffffU}) {
    const std::vector<std::byte> announced = written(count);
    std::copy(announced.begin(), announced.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(count_at));
    expect_refused(bytes, "fills", count_at);
  }
}

// --- Step 4: whatever is sent ---------------------------------------------------------

// The field in which a message of `order` ends if it is cut to `size` bytes.
std::pair<std::string, std::size_t> field_at(const Order& order, std::size_t size) {
  const std::size_t fills_at = 17 + order.symbol.size();
  if (size < 8) return {"id", 0};
  if (size < 9) return {"side", 8};
  if (size < 13) return {"quantity", 9};
  if (size < fills_at) return {"symbol", 13};
  return {"fills", fills_at};  // the count: so many cannot follow any more
}

// A message that is cut anywhere is an error of the field in which it ends. Where fills are
// missing that is their count: not all of them can follow.
STEP_TEST(4, WireCodec, EveryTruncation, "trusted length") {
  for (const Order& order : orders()) {
    const std::vector<std::byte> bytes = encode(order);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto [field, offset] = field_at(order, size);
      expect_refused(Bytes(bytes).first(size), field, offset);
      if (testing::Test::HasFailure()) {
        FAIL() << "of " << bytes.size() << " bytes the first " << size << " were there";
      }
    }
  }
}

// What must hold for any bytes: they are refused, with a field and an offset, or they are
// exactly what encode makes of the order that they gave. Returns what does not hold.
std::string what_is_wrong_with(Bytes bytes) {
  const Copy message(bytes);
  const std::variant<Order, WireError> result = decode(message.bytes());
  if (const auto* error = std::get_if<WireError>(&result)) {
    if (error->field.empty()) return "an error names no field";
    if (error->offset > bytes.size()) return "an error lies behind the message";
    return {};
  }
  const std::vector<std::byte> again = encode(std::get<Order>(result));
  if (std::ranges::equal(again, bytes)) return {};
  return "decode took an order from bytes that no encode makes:\n" + hex(bytes) +
         "\nencoded again it is\n" + hex(again);
}

// A flipped bit is an error, or another order: never the same one, never half of one.
STEP_TEST(4, WireCodec, EveryFlippedBit, "wire format") {
  std::vector<Order> all = orders();
  all.pop_back();  // of 300 fills: the same again
  for (const Order& order : all) {
    const std::vector<std::byte> bytes = encode(order);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::vector<std::byte> flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      const std::string wrong = what_is_wrong_with(flipped);
      ASSERT_EQ(wrong, "") << "bit " << bit << " was flipped";
    }
  }
}

// The same for bytes that are wrong in many places: cut, spliced, with great numbers put in.
STEP_TEST(4, WireCodec, ManyWrongBytes, "trusted length") {
  std::mt19937_64 random(course::seed());
  const auto below = [&](std::size_t bound) {
    return random() % std::max(bound, std::size_t{1});
  };
  std::vector<std::vector<std::byte>> corpus;
  for (const Order& order : orders()) corpus.push_back(encode(order));
  corpus.pop_back();
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes = corpus[below(corpus.size())];
    for (std::size_t change = below(4) + 1; change > 0; --change) {
      const std::size_t at = below(bytes.size());
      const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      switch (below(4)) {
        case 0:
          bytes.resize(at);
          break;
        case 1:
          bytes.insert(place, below(9), static_cast<std::byte>(random()));
          break;
        case 2:
          for (std::size_t i = at; i < std::min(at + 4, bytes.size()); ++i) {
            bytes[i] = i % 2 == 0 ? std::byte{0xff} : static_cast<std::byte>(random());
          }
          break;
        default:
          if (!bytes.empty()) bytes[at] = static_cast<std::byte>(random());
      }
    }
    ASSERT_EQ(what_is_wrong_with(bytes), "") << "seed " << course::seed();
  }
}

// The same for bytes that libFuzzer finds, which looks for those that take new ways through
// your code: some seconds of it, in the stage that has Clang's AddressSanitizer.
STEP_TEST(4, WireCodec, WhatAFuzzerFinds, "trusted length") {
  EXPECT_EQ(what_is_wrong_with({}), "");
  EXPECT_TRUE(course::holds_when_fuzzed(what_is_wrong_with))
      << "the fuzzer found bytes for which the property does not hold, or a read beyond "
         "them: its report stands above";
}

// --- What it costs --------------------------------------------------------------------

// An order with fills takes memory once: for the fills, when their number is known.
STEP_TEST(3, WireCodec, CostOfADecode) {
  explore([] {
    Order order = an_order();
    order.fills.resize(64, {1, 1});
    const std::vector<std::byte> bytes = encode(order);
    std::variant<Order, WireError> result;
    {
      const interleave::Cost cost("decode");
      result = decode(bytes);
    }
    check(std::holds_alternative<Order>(result), "decode refuses what encode made");
  });
}

}  // namespace
