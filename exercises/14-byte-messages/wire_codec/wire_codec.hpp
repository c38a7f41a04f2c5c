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

#include "course/todo.hpp"

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
    // TODO 1: the same bytes on every machine; append them
    course::todo(1, value);
  }

  // A length of 4 bytes, then the bytes. Throws std::length_error if there are more of them
  // than 4 bytes can count.
  void put_bytes(Bytes bytes) {
    // TODO 2: the length, then the bytes
    course::todo(2, bytes);
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
    // TODO 1: only if all of its bytes are there
    course::todo(1, field, message_, at_);
  }

  // The bytes that put_bytes wrote, where they lie in the message; none if they are not all
  // there, or after an earlier failure.
  [[nodiscard]] Bytes get_bytes(Field field) {
    // TODO 2: a length is what the other side says
    course::todo(2, field, message_, at_);
  }

  // The number of elements that follow, written with put<std::uint32_t>; each of them takes
  // `least` bytes or more. 0, and a failure of this field, if so many cannot follow.
  [[nodiscard]] std::uint32_t get_count(Field field, std::size_t least) {
    // TODO 2: no more than there can be
    course::todo(2, field, least, at_);
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
  // TODO 3: the fields, in the order of the picture
  course::todo(3, order);
}

// The order that these bytes are, or the first field that is wrong: "id", "side",
// "quantity", "symbol", "fills", "fills[N].price", "fills[N].quantity", with N from 0 on, or
// "end" where bytes are left over.
[[nodiscard]] inline std::variant<Order, WireError> decode(Bytes message) {
  // TODO 3: the mirror image; what no encode makes is an error
  course::todo(3, message);
}
