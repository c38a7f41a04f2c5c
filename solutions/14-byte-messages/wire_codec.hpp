// An order as bytes that any machine can read, and back, from bytes that anyone may have
// sent.
//
//   id 8 | side 1 | quantity 4 | symbol: length 4, bytes | fills: count 4, each: price 8,
//   quantity 4                                     every number: most significant byte first
//
// Threads     Each object is one thread's; encode and decode may be called by any.
//
// Invariants
//   I1  Nothing beyond the bytes given is read, and no address need be a multiple of
//       anything.
//   I2  A reader that has failed keeps its first failure: later reads give 0 or nothing.
//   I3  No memory is taken for what is only announced: each announced element has its bytes.
//   I4  An order has one form: bytes that decode accepts are what encode makes of its result.
//
// Left out    Versions and optional fields; a checksum: a flipped bit in a number is another
//             number.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using Bytes = std::span<const std::byte>;

enum class Side : std::uint8_t { kBuy = 0, kSell = 1 };

struct Fill {
  std::uint64_t price = 0;
  std::uint32_t quantity = 0;  // 1 or more
  bool operator==(const Fill&) const = default;
};

struct Order {
  static constexpr std::size_t longest_symbol = 16;

  std::uint64_t id = 0;
  Side side = Side::kBuy;
  std::uint32_t quantity = 0;
  std::string symbol;  // of at most longest_symbol bytes, whichever
  std::vector<Fill> fills;
  bool operator==(const Order&) const = default;
};

// What a field is called in an error: "symbol", or "fills[2].price". The text is made only
// when there is an error.
struct Field {
  Field(const char* name_in) : name(name_in) {}  // implicit: reader.get<…>("id")
  Field(const char* list_in, std::uint32_t index_in, const char* name_in)
      : list(list_in), index(index_in), name(name_in) {}

  [[nodiscard]] std::string text() const {
    if (list == nullptr) return name;
    return std::string(list) + "[" + std::to_string(index) + "]." + name;
  }

  const char* list = nullptr;
  std::uint32_t index = 0;
  const char* name;
};

// The first field that could not be read.
struct WireError {
  std::string field;
  std::size_t offset = 0;  // of its first byte
  std::string reason;
};

// The number whose bytes in memory are those of `value`, the most significant first; and, the
// other way around, the number whose bytes were read in that order. One instruction at most.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T most_significant_first(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  return static_cast<T>(__builtin_bswap64(value));
}

// Appends fields to a message.
class WireWriter {
 public:
  explicit WireWriter(std::size_t bytes_expected = 0) : room_(bytes_expected) {}

  // An unsigned number, all its bytes, the most significant first.
  template <std::unsigned_integral T>
  void put(T value) {
    //> step 1(value): the same bytes on every machine; append them
    value = most_significant_first(value);
    append(&value, sizeof value);
    //<
  }

  // A length of 4 bytes, then the bytes. Throws std::length_error if there are more of them
  // than 4 bytes can count.
  void put_bytes(Bytes bytes) {
    //> step 2(bytes): the length, then the bytes
    if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
      throw std::length_error("more bytes than a length of 4 bytes can count");
    }
    put(static_cast<std::uint32_t>(bytes.size()));
    append(bytes.data(), bytes.size());
    //<
  }

  [[nodiscard]] std::vector<std::byte> take() {
    room_.resize(std::exchange(size_, 0));
    return std::move(room_);
  }

 private:
  // Appends `size` bytes, as they lie in memory.
  void append(const void* bytes, std::size_t size) {
    if (room_.size() - size_ < size) room_.resize(2 * room_.size() + size);
    if (size > 0) std::memcpy(room_.data() + size_, bytes, size);
    size_ += size;
  }

  std::vector<std::byte> room_;  // begins with what was put
  std::size_t size_ = 0;
};

// Takes fields from the front of a message, which must outlive it.
class WireReader {
 public:
  explicit WireReader(Bytes message) : message_(message) {}

  // The number that WireWriter::put wrote; 0 if its bytes are not all there, or after an
  // earlier failure.
  template <std::unsigned_integral T>
  [[nodiscard]] T get(Field field) {
    //> step 1(field, message_, at_): only if all of its bytes are there
    if (error_) return 0;
    if (left() < sizeof(T)) {
      fail(field, at_, "is cut off");
      return 0;
    }
    T value = 0;
    std::memcpy(&value, message_.data() + at_, sizeof value);
    at_ += sizeof value;
    return most_significant_first(value);
    //<
  }

  // The bytes that put_bytes wrote, where they lie in the message; none if they are not all
  // there, or after an earlier failure.
  [[nodiscard]] Bytes get_bytes(Field field) {
    //> step 2(field, message_, at_): a length is what the other side says
    const std::size_t start = at_;
    const std::size_t length = get<std::uint32_t>(field);
    if (length > left()) fail(field, start, "is longer than what is left");
    if (error_) return {};
    const Bytes bytes = message_.subspan(at_, length);
    at_ += length;
    return bytes;
    //<
  }

  // The number of elements that follow, written with put<std::uint32_t>; each of them takes
  // `least` bytes or more. 0, and a failure of this field, if so many cannot follow.
  [[nodiscard]] std::uint32_t get_count(Field field, std::size_t least) {
    //> step 2(field, least, at_): no more than there can be
    const std::size_t start = at_;
    const auto count = get<std::uint32_t>(field);
    if (count > left() / least) {
      fail(field, start, "counts more than can follow");
      return 0;
    }
    return count;
    //<
  }

  // Fails the field that begins at `offset`, unless one before it has failed already.
  void fail(Field field, std::size_t offset, const char* reason) {
    if (!error_) error_ = WireError{field.text(), offset, reason};
  }

  [[nodiscard]] const std::optional<WireError>& error() const { return error_; }
  // Where the next field begins.
  [[nodiscard]] std::size_t at() const { return at_; }
  // Bytes that were not read yet.
  [[nodiscard]] std::size_t left() const { return message_.size() - at_; }

 private:
  Bytes message_;
  std::size_t at_ = 0;
  std::optional<WireError> error_;
};

// The order as bytes. Throws std::invalid_argument for one that decode would refuse: its symbol
// is too long, or a fill is of nothing.
[[nodiscard]] inline std::vector<std::byte> encode(const Order& order) {
  //> step 3(order): the fields, in the order of the picture
  if (order.symbol.size() > Order::longest_symbol) {
    throw std::invalid_argument("the symbol is longer than the longest");
  }
  WireWriter writer(21 + order.symbol.size() + 12 * order.fills.size());
  writer.put(order.id);
  writer.put(static_cast<std::uint8_t>(order.side));
  writer.put(order.quantity);
  writer.put_bytes(std::as_bytes(std::span(order.symbol)));
  writer.put(static_cast<std::uint32_t>(order.fills.size()));
  for (const Fill& fill : order.fills) {
    if (fill.quantity == 0) throw std::invalid_argument("a fill of nothing");
    writer.put(fill.price);
    writer.put(fill.quantity);
  }
  return writer.take();
  //<
}

// The order that these bytes are, or the first field that is wrong: "id", "side",
// "quantity", "symbol", "fills", "fills[N].price", "fills[N].quantity", with N from 0 on, or
// "end" where bytes are left over.
[[nodiscard]] inline std::variant<Order, WireError> decode(Bytes message) {
  //> step 3(message): the mirror image; what no encode makes is an error
  WireReader reader(message);
  Order order;
  order.id = reader.get<std::uint64_t>("id");
  const std::size_t side_at = reader.at();
  const auto side = reader.get<std::uint8_t>("side");
  if (side > 1) reader.fail("side", side_at, "is neither 0 nor 1");
  order.side = static_cast<Side>(side);
  order.quantity = reader.get<std::uint32_t>("quantity");
  const std::size_t symbol_at = reader.at();
  const Bytes symbol = reader.get_bytes("symbol");
  if (symbol.size() > Order::longest_symbol) {
    reader.fail("symbol", symbol_at, "is longer than the longest");
  }
  const std::uint32_t count = reader.get_count("fills", 12);
  if (reader.error()) return *reader.error();
  order.symbol.assign(reinterpret_cast<const char*>(symbol.data()), symbol.size());
  order.fills.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Fill fill;
    fill.price = reader.get<std::uint64_t>({"fills", i, "price"});
    const std::size_t quantity_at = reader.at();
    fill.quantity = reader.get<std::uint32_t>({"fills", i, "quantity"});
    if (fill.quantity == 0) {
      reader.fail({"fills", i, "quantity"}, quantity_at, "is 0");
    }
    order.fills.push_back(fill);
  }
  if (reader.left() > 0) reader.fail("end", reader.at(), "is not where the bytes end");
  if (reader.error()) return *reader.error();
  return order;
  //<
}
