#include "interleave/runtime/token.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace interleave {
namespace {

// What comes before the separator, which is taken off too.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

bool to_number(std::string_view text, std::uint32_t& number, int base = 10) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

bool parse_memory(std::string_view text, Token& token) {
  token.spurious = !text.ends_with("-calm");
  if (!token.spurious) text.remove_suffix(std::string_view("-calm").size());
  const std::optional<Memory> memory = memory_called(text);
  token.memory = memory.value_or(Memory::kWeak);
  return memory.has_value();
}

}  // namespace

Deviations deviations_of(const std::vector<std::uint32_t>& choices) {
  Deviations deviations;
  for (std::uint32_t number = 0; number < choices.size(); ++number) {
    if (choices[number] != 0) deviations.push_back({number, choices[number]});
  }
  return deviations;
}

std::string_view name_of(Memory memory) {
  switch (memory) {
    case Memory::kSequential:
      return "sequential";
    case Memory::kWeak:
      return "weak";
    case Memory::kRc11:
      return "rc11";
  }
  return "unknown";
}

std::optional<Memory> memory_called(std::string_view name) {
  for (const Memory memory : {Memory::kSequential, Memory::kWeak, Memory::kRc11}) {
    if (name_of(memory) == name) return memory;
  }
  return std::nullopt;
}

std::string to_text(const Token& token) {
  std::string text = token.test + "@" + std::to_string(token.exploration) + "@" +
                     std::string(name_of(token.memory)) +
                     (token.spurious ? "@" : "-calm@") + token.strategy + "@";
  for (const Deviation& deviation : token.deviations) {
    if (text.back() != '@') text += '-';
    text +=
        std::to_string(deviation.decision) + "." + std::to_string(deviation.alternative);
  }
  std::array<char, 16> steps{};
  std::snprintf(steps.data(), steps.size(), "@%08x", token.steps);
  return text + steps.data();
}

std::optional<Token> parse_token(std::string_view text) {
  Token token;
  token.test = take(text, '@');
  if (!to_number(take(text, '@'), token.exploration)) return std::nullopt;
  if (!parse_memory(take(text, '@'), token)) return std::nullopt;
  token.strategy = take(text, '@');
  std::string_view deviations = take(text, '@');
  if (!to_number(text, token.steps, 16)) return std::nullopt;
  while (!deviations.empty()) {
    std::string_view deviation = take(deviations, '-');
    Deviation parsed;
    if (!to_number(take(deviation, '.'), parsed.decision)) return std::nullopt;
    if (!to_number(deviation, parsed.alternative)) return std::nullopt;
    token.deviations.push_back(parsed);
  }
  return token;
}

}  // namespace interleave
