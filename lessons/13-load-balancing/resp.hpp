// The part of the Redis protocol that the services speak: commands in, replies out.
//
//   *2\r\n  $3\r\nGET\r\n  $4\r\nname\r\n   -->  GET name  -->   $3\r\nAda\r\n
//
// Threads     Any; all of it is functions of their arguments.
//
// Left out    A command that came half is looked at again from its beginning when more comes,
//             and replies are not parsed: exercise 13.1.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The words of one command, as they stand in the bytes that it was taken from.
using Words = std::vector<std::string_view>;

enum class Taken { kCommand, kNotYet, kNoCommand };

// What a client may send. The first is also the longest that a command is looked at again.
constexpr std::size_t longest_command = 1 << 20;
constexpr std::size_t most_words = 1024;

namespace resp {

// Takes "$123\r\n" or "*123\r\n" from the front of `bytes`. kNotYet if its end has not come.
inline Taken take_length(std::string_view& bytes, char kind, std::size_t& length) {
  constexpr std::size_t longest = 12;
  const std::size_t end = bytes.substr(0, longest).find('\n');
  if (!bytes.empty() && bytes.front() != kind) return Taken::kNoCommand;
  if (end == bytes.npos) {
    return bytes.size() < longest ? Taken::kNotYet : Taken::kNoCommand;
  }
  if (end < 3 || bytes[end - 1] != '\r') return Taken::kNoCommand;
  const char* const last = bytes.data() + end - 1;
  const auto [rest, error] = std::from_chars(bytes.data() + 1, last, length);
  if (error != std::errc() || rest != last) return Taken::kNoCommand;
  bytes.remove_prefix(end + 1);
  return Taken::kCommand;
}

inline Taken take_word(std::string_view& bytes, Words& words) {
  std::size_t length = 0;
  const Taken head = take_length(bytes, '$', length);
  if (head != Taken::kCommand) return head;
  if (length > longest_command) return Taken::kNoCommand;
  if (bytes.size() < length + 2) return Taken::kNotYet;
  if (bytes.substr(length, 2) != "\r\n") return Taken::kNoCommand;
  words.push_back(bytes.substr(0, length));
  bytes.remove_prefix(length + 2);
  return Taken::kCommand;
}

}  // namespace resp

//> region take-command
// Takes the first command off `bytes`, if all of it has come; else `bytes` stays as it is.
inline Taken take_command(std::string_view& bytes, Words& words) {
  words.clear();
  std::string_view rest = bytes;
  std::size_t count = 0;
  Taken taken = resp::take_length(rest, '*', count);
  if (taken == Taken::kCommand && (count == 0 || count > most_words)) {
    taken = Taken::kNoCommand;
  }
  for (std::size_t i = 0; i < count && taken == Taken::kCommand; ++i) {
    taken = resp::take_word(rest, words);
  }
  if (taken == Taken::kCommand) bytes = rest;
  if (taken == Taken::kNotYet && bytes.size() > longest_command) return Taken::kNoCommand;
  return taken;
}
//<

inline void append_status(std::string& out, std::string_view status) {
  out.append("+").append(status).append("\r\n");
}
inline void append_error(std::string& out, std::string_view error) {
  out.append("-ERR ").append(error).append("\r\n");
}
inline void append_head(std::string& out, char kind, std::int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(1, kind).append(digits, end).append("\r\n");
}
inline void append_integer(std::string& out, std::int64_t number) {
  append_head(out, ':', number);
}
inline void append_bulk(std::string& out, std::string_view text) {
  append_head(out, '$', static_cast<std::int64_t>(text.size()));
  out.append(text).append("\r\n");
}
inline void append_null(std::string& out) { out.append("$-1\r\n"); }

// Appends a command, as a client sends it.
inline void append_command(std::string& out, const Words& words) {
  append_head(out, '*', static_cast<std::int64_t>(words.size()));
  for (const std::string_view word : words) append_bulk(out, word);
}
