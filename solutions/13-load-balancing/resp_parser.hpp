// A parser of the Redis protocol (RESP2) for bytes as they come: cut anywhere, and perhaps no
// RESP at all.
//
//   feed --> unread_ --line--> a head: + - : done, $ a body follows, * values follow
//               |                 |                      |               |
//               |                 v                      v               v
//               +--body------> complete <------------ body_           open_
//                                 |
//                                 +--> the innermost open array, or the caller
//
// Threads     One.
// Progress    Each byte is looked at a constant number of times, however it is cut.
//
// Invariants
//   I1  Memory is taken for what came, never for what was announced.
//   I2  The first scanned_ bytes of unread_ have been looked at, and end no line. Between two
//       feeds a head or a body is begun and not whole, or nothing is unread.
//   I3  open_ holds the arrays that are not whole, the innermost last; each has fewer items
//       than announced, and there are never more than limits_.depth of them.
//   I4  After an error nothing is kept, and nothing is parsed.
//
// Left out    RESP3, the inline commands that people type, and writing.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unread_bytes.hpp"

// One value. `kind` says which of the others means something.
struct Value {
  enum class Kind { kSimple, kError, kInteger, kBulk, kArray, kNull };
  Kind kind = Kind::kNull;
  std::string text = {};          // kSimple, kError, kBulk
  std::int64_t integer = 0;       // kInteger
  std::vector<Value> items = {};  // kArray

  bool operator==(const Value&) const = default;
};

// What a peer may have. More is an error.
struct RespLimits {
  std::uint64_t line = 1024;  // bytes of a line: its first one counts, its end does not
  std::uint64_t body = 512u << 20;    // bytes of a bulk string
  std::uint64_t items = 1024 * 1024;  // of one array
  std::uint64_t depth = 16;           // arrays within arrays, the outermost counted
};

class RespParser {
 public:
  using Each = std::function<void(Value)>;

  explicit RespParser(RespLimits limits = {}) : limits_(limits) {}

  // Takes bytes, which may begin and end anywhere, and calls `each` with every value that is
  // whole now, in order; `each` must leave this parser alone. Returns false as soon as the
  // bytes are no RESP, or break a limit: then `error` says why, the values before have been
  // given, and there will be no more.
  bool feed(std::string_view bytes, const Each& each) {
    if (!error_.empty()) return false;
    each_ = &each;
    unread_.append(bytes);
    while (error_.empty() && (body_ ? take_body() : take_head())) {
    }
    return error_.empty();
  }

  // Empty, or what was wrong.
  [[nodiscard]] const std::string& error() const { return error_; }

  // How many times a byte was looked at.
  [[nodiscard]] std::uint64_t looked_at() const { return unread_.looked_at(); }

  // What stands between the first byte of a line and its end: a decimal number of 64 bits, with
  // or without a minus, and nothing else. Nothing if it is none.
  [[nodiscard]] static std::optional<std::int64_t> to_number(std::string_view digits) {
    //> step 1(digits): all of it, or nothing
    std::int64_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc() || rest != end) return std::nullopt;
    return number;
    //<
  }

 private:
  // An array of which not all items have come.
  struct Open {
    Value array;
    std::uint64_t announced = 0;
  };

  // The next line without its "\r\n", once all of it has come; it is valid until the next
  // feed. Nothing if it has not, or after `fail`: at a line of more than limits_.line bytes,
  // whether its end has come or not; at a '\r' or a '\n' that is not part of an end.
  std::optional<std::string_view> take_line() {
    //> step 2(unread_, scanned_, limits_): continue where the last look ended
    for (; scanned_ < unread_.size(); ++scanned_) {
      const char byte = unread_.at(scanned_);
      if (byte == '\n') return fail("a line feed without its carriage return");
      if (byte == '\r') {
        if (scanned_ + 1 == unread_.size()) return std::nullopt;
        if (unread_.at(scanned_ + 1) != '\n') return fail("a carriage return in a line");
        const std::size_t size = std::exchange(scanned_, 0);
        return unread_.take(size + 2).substr(0, size);
      }
      if (scanned_ == limits_.line) {
        return fail("a line of more than " + std::to_string(limits_.line) + " bytes");
      }
    }
    return std::nullopt;
    //<
  }

  // Parses the line that a value begins with. Returns false if nothing more can be done now.
  bool take_head() {
    const auto line = take_line();
    if (!line) return false;
    if (line->empty()) return broken("an empty line where a value should begin");
    const std::string_view rest = line->substr(1);
    switch (line->front()) {
      case '+':
        return complete({.kind = Value::Kind::kSimple, .text = std::string(rest)});
      case '-':
        return complete({.kind = Value::Kind::kError, .text = std::string(rest)});
      case ':':
        if (const auto number = to_number(rest)) {
          return complete({.kind = Value::Kind::kInteger, .integer = *number});
        }
        return broken("an integer that is none");
      case '$':
        return begin_body(to_number(rest));
      case '*':
        return begin_array(to_number(rest));
      default:
        return broken("a value that begins with byte " +
                      std::to_string(static_cast<unsigned char>(line->front())));
    }
  }

  // A bulk string of so many bytes follows; -1 is null. Anything else that is negative, more
  // than limits_.body, or no number, is an error.
  bool begin_body(std::optional<std::int64_t> length) {
    //> step 3(length, body_, limits_): remember how many, and take no memory for them
    if (length == -1) return complete({});
    if (!length || *length < 0) return broken("a bulk string whose length is none");
    if (static_cast<std::uint64_t>(*length) > limits_.body) {
      return broken("a bulk string of more than " + std::to_string(limits_.body) +
                    " bytes");
    }
    body_ = static_cast<std::uint64_t>(*length);
    return true;
    //<
  }

  // Takes the body, and the "\r\n" behind it, if all of it has come. Returns false if not, or if
  // something else stands in the place of its end: then after `broken`.
  bool take_body() {
    //> step 3(unread_, body_): look at nothing before all of it is there
    const std::uint64_t length = *body_;
    if (unread_.size() < length + 2) return false;
    body_.reset();
    const std::string_view bytes = unread_.take(static_cast<std::size_t>(length) + 2);
    if (!bytes.ends_with("\r\n")) return broken("a bulk string without its end");
    return complete({.kind = Value::Kind::kBulk,
                     .text = std::string(bytes.substr(0, bytes.size() - 2))});
    //<
  }

  // An array of so many values follows; -1 is null. Anything else that is negative, more than
  // limits_.items or deeper than limits_.depth, or no number, is an error.
  bool begin_array(std::optional<std::int64_t> announced) {
    //> step 4(announced, open_, limits_): an empty one is whole already
    if (announced == -1) return complete({});
    if (!announced || *announced < 0) return broken("an array whose length is none");
    const auto items = static_cast<std::uint64_t>(*announced);
    if (items > limits_.items) {
      return broken("an array of more than " + std::to_string(limits_.items) + " values");
    }
    if (open_.size() >= limits_.depth) {
      return broken("arrays more than " + std::to_string(limits_.depth) + " deep");
    }
    Value array{.kind = Value::Kind::kArray};
    if (items == 0) return complete(std::move(array));
    open_.push_back({std::move(array), items});
    return true;
    //<
  }

  // `value` is whole. Returns true.
  bool complete(Value value) {
    while (!open_.empty()) {
      if (!fills_array(value)) return true;
    }
    (*each_)(std::move(value));
    return true;
  }

  // Puts `value` into the innermost open array. If that is whole now, it is open no longer,
  // `value` is that array, and the result is true.
  bool fills_array(Value& value) {
    //> step 4(value, open_): the array may be the last item of another one
    Open& innermost = open_.back();
    innermost.array.items.push_back(std::move(value));
    if (innermost.array.items.size() < innermost.announced) return false;
    value = std::move(innermost.array);
    open_.pop_back();
    return true;
    //<
  }

  // The bytes are no RESP, or too much of it.
  std::nullopt_t fail(std::string why) {
    error_ = std::move(why);
    unread_.clear();
    open_.clear();
    body_.reset();
    return std::nullopt;
  }
  bool broken(std::string why) {
    fail(std::move(why));
    return false;
  }

  const RespLimits limits_;
  UnreadBytes unread_;
  std::size_t scanned_ = 0;
  std::optional<std::uint64_t> body_;  // a bulk string of so many bytes is awaited
  std::vector<Open> open_;
  const Each* each_ = nullptr;  // of the feed that runs
  std::string error_;
};
