#include "reading/readable.hpp"

#include <cstdint>
#include <cstdio>

namespace course::reading {
namespace {

// One character of UTF-8; a length of 0: the first byte begins none.
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;
};

// How many bytes a character has that begins with `first`; 0 if none does.
std::size_t length_after(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return static_cast<unsigned char>(text[at + offset]);
  };
  const std::size_t length = length_after(byte(0));
  if (length <= 1) return {byte(0), length};
  if (at + length > text.size()) return {};
  std::uint32_t code = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t offset = 1; offset < length; ++offset) {
    if ((byte(offset) & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (byte(offset) & 0x3FU);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < least[length] || code > 0x10FFFF || surrogate) return {};
  return {code, length};
}

// Controls, and what turns or joins the text around it.
bool is_command(std::uint32_t code) {
  if (code == '\n' || code == '\t') return false;
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool turns = (code >= 0x202A && code <= 0x202E) ||
                     (code >= 0x2066 && code <= 0x2069) || code == 0x200E ||
                     code == 0x200F || code == 0x061C;
  return control || turns || code == 0x2028 || code == 0x2029 || code == 0xFEFF;
}

std::string written_out(std::uint32_t code) {
  char text[16];
  std::snprintf(text, sizeof text, code < 0x100 ? "\\x%02x" : "\\u{%x}",
                static_cast<unsigned>(code));
  return text;
}

// A workflow's runner looks for "::" at the beginning of a line, and for "##[" in all of it.
bool begins_workflow_command(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("##[")) return true;
  if (!text.substr(at).starts_with("::")) return false;
  const std::size_t before = text.find_last_not_of(" \t", at == 0 ? text.npos : at - 1);
  return at == 0 || before == text.npos || text[before] == '\n';
}

}  // namespace

std::string readable(std::string_view text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    const std::size_t length = character.length == 0 ? 1 : character.length;
    all += character.length == 0 ? "\uFFFD" : text.substr(at, length);
    at += length;
  }
  return all;
}

std::string harmless(std::string_view text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.length == 0) {
      all += written_out(static_cast<unsigned char>(text[at]));
      ++at;
      continue;
    }
    if (begins_workflow_command(text, at)) all += '\\';
    all += is_command(character.code) ? written_out(character.code)
                                      : std::string(text.substr(at, character.length));
    at += character.length;
  }
  return all;
}

}  // namespace course::reading
