#include "interleave/report/source_text.hpp"

#include <regex.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace interleave {
namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// A POSIX extended regular expression, with GNU's \w, \s and \>. The C library's, because
// the templates of std::regex take the compiler longer than all else in this file.
class Pattern {
 public:
  // What was found, and the groups in it; a group that took no part is empty.
  using Found = std::array<std::string_view, 4>;

  explicit Pattern(const char* text) {
    if (::regcomp(&compiled_, text, REG_EXTENDED) != 0) {
      throw std::logic_error(std::string("not a regular expression: ") + text);
    }
  }
  ~Pattern() { ::regfree(&compiled_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // The first occurrence in `text`.
  [[nodiscard]] std::optional<Found> find_in(std::string_view text) const {
    std::array<regmatch_t, std::tuple_size_v<Found>> matches{};
    const std::string terminated(text);
    if (::regexec(&compiled_, terminated.c_str(), matches.size(), matches.data(), 0) != 0)
      return std::nullopt;
    Found found;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (matches[i].rm_so < 0) continue;
      const auto begin = static_cast<std::size_t>(matches[i].rm_so);
      found[i] = text.substr(begin, static_cast<std::size_t>(matches[i].rm_eo) - begin);
    }
    return found;
  }

  // The occurrence that holds the column; the first one if that is not known.
  [[nodiscard]] std::optional<Found> find_at(std::string_view text,
                                             std::size_t column) const {
    std::string_view rest = text;
    while (const auto found = find_in(rest)) {
      const auto begin = static_cast<std::size_t>((*found)[0].data() - text.data());
      const std::size_t end = begin + (*found)[0].size();
      if (column == text.npos || (begin <= column && column <= end)) return found;
      rest = text.substr(std::max(end, begin + 1));
    }
    return std::nullopt;
  }

 private:
  regex_t compiled_;
};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The postfix expression that ends just before `end`: "a[i].b->c" in "x = a[i].b->c".
std::string expression_before(std::string_view line, std::size_t end) {
  std::size_t begin = end;
  int depth = 0;
  while (begin > 0) {
    const char c = line[begin - 1];
    if (c == ']' || c == ')') {
      ++depth;
    } else if (c == '[' || c == '(') {
      if (depth == 0) break;
      --depth;
    } else if (depth == 0 && !is_word(c) && c != '.' && c != ':' &&
               !(c == '>' && begin > 1 && line[begin - 2] == '-') &&
               !(c == '-' && line[begin] == '>')) {
      break;
    }
    --begin;
  }
  return trimmed(line.substr(begin, end - begin));
}

// The postfix expression that has the column in its last word: "b.c" in "a = b.c;". Not a number,
// a keyword or a function: those stand before another word or a bracket.
std::string expression_at(std::string_view line, std::size_t column) {
  if (column >= line.size() || !is_word(line[column])) return {};
  std::size_t end = column;
  while (end < line.size() && is_word(line[end])) ++end;
  const std::size_t next = line.find_first_not_of(' ', end);
  if (next != line.npos && (is_word(line[next]) || line[next] == '(')) return {};
  const std::string found = expression_before(line, end);
  return std::isdigit(static_cast<unsigned char>(found.front())) != 0 ? "" : found;
}

// X in "X.member(" or "X->member(", for that of these members at the column.
std::string receiver_of(std::string_view line, const Pattern& members,
                        std::size_t column) {
  const auto found = members.find_at(line, column);
  if (!found) return {};
  return expression_before(line,
                           static_cast<std::size_t>((*found)[0].data() - line.data()));
}

// What stands between commas outside brackets.
std::vector<std::string> split_at_commas(std::string_view list) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : list) {
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (depth < 0) break;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  for (std::string& part : parts) part = trimmed(part);
  return parts;
}

// X in "std::lock_guard guard(X)", or that of several which is meant.
std::string locked_by_guard(std::string_view line, const PlaceInLine& place) {
  static const Pattern kGuard(
      R"((lock_guard|unique_lock|scoped_lock|shared_lock)(<[^;]*>)?\s+\w+\s*[({]\s*)"
      R"(([^,(){}]))");
  const auto found = kGuard.find_at(line, place.column);
  if (!found) return {};
  const auto begin = static_cast<std::size_t>((*found)[3].data() - line.data());
  const std::vector<std::string> locks = split_at_commas(line.substr(begin));
  return (*found)[1] == "scoped_lock" ? locks[place.lock % locks.size()] : locks.front();
}

// X in "++X", "X++", "X += 1", "X = 1": an atomic used through its operators.
std::string changed_by_operator(std::string_view line, std::size_t column) {
  static const Pattern kPrefix(R"((\+\+|--)\s*([A-Za-z_]([].[:alnum:]_[]|->)*))");
  static const Pattern kPostfix(
      R"(()([A-Za-z_]([].[:alnum:]_[]|->)*)\s*(\+\+|--|[-+|&^]?=([^=]|$)))");
  for (const auto* pattern : {&kPrefix, &kPostfix}) {
    if (const auto found = pattern->find_at(line, column))
      return std::string((*found)[2]);
  }
  return {};
}

// X in "y = X;", and in "X == y": plain memory that is read.
std::string only_read(std::string_view line, std::size_t column) {
  static const Pattern kCopied(
      R"([^-+*/%|&^=!<>]=\s*(\*?([A-Za-z_]([].[:alnum:]_[]|->)*))\s*;)");
  static const Pattern kCompared(R"((\*?[A-Za-z_]([].[:alnum:]_[]|->)*)\s*[=!<>]=)");
  for (const auto* pattern : {&kCopied, &kCompared}) {
    if (const auto found = pattern->find_at(line, column))
      return std::string((*found)[1]);
  }
  return {};
}

// The only member (a word that ends in "_") in the line.
std::string only_member(std::string_view line) {
  static const Pattern kMember(R"([A-Za-z]\w*_\>)");
  std::string_view only;
  while (const auto found = kMember.find_in(line)) {
    const std::string_view member = (*found)[0];
    if (!only.empty() && only != member) return {};
    only = member;
    line.remove_prefix(static_cast<std::size_t>(member.end() - line.begin()));
  }
  return std::string(only);
}

bool is_condition(OperationKind kind) {
  return kind == OperationKind::kConditionWait || kind == OperationKind::kConditionWake ||
         kind == OperationKind::kNotifyOne || kind == OperationKind::kNotifyAll;
}

std::string object_at(std::string_view line, OperationKind kind,
                      const PlaceInLine& place) {
  static const Pattern kLocks(R"((\.|->)(try_)?(un)?lock(_shared)?(_for|_until)?\()");
  static const Pattern kConditions(
      R"((\.|->)(wait(_for|_until)?|notify_one|notify_all)\()");
  static const Pattern kWords(
      R"((\.|->)(wait|notify_one|notify_all|acquire|release|try_acquire\w*|count_down)"
      R"(|arrive\w*|get|set_value|set_exception)\()");
  static const Pattern kAtomics(
      R"((\.|->)(load|store|exchange|fetch_\w+|compare_exchange_\w+|test_and_set|test)"
      R"(|clear|wait)\()");
  const std::size_t column = place.column;
  if (is_lock(kind)) {
    const std::string guarded = locked_by_guard(line, place);
    return guarded.empty() ? receiver_of(line, kLocks, column) : guarded;
  }
  if (is_condition(kind)) return receiver_of(line, kConditions, column);
  if (is_atomic(kind)) {
    const std::string name = receiver_of(line, kAtomics, column);
    if (!name.empty()) return name;
    if (kind != OperationKind::kAtomicLoad || column == line.npos) {
      const std::string changed = changed_by_operator(line, column);
      if (!changed.empty()) return changed;
    }
    return expression_at(line, column);
  }
  if (kind == OperationKind::kPlainRead) {
    const std::string name = only_read(line, column);
    if (!name.empty()) return name;
  }
  if (is_plain(kind)) {
    return changed_by_operator(line, column);
  }
  return receiver_of(line, kWords, column);
}

}  // namespace

std::string object_in(std::string_view line, OperationKind kind,
                      const PlaceInLine& place) {
  std::string name = object_at(line, kind, place);
  if (name.empty() && place.column != line.npos)
    name = object_at(line, kind, {.column = line.npos, .lock = place.lock});
  return name.empty() && (is_atomic(kind) || is_plain(kind)) ? only_member(line) : name;
}

std::string indexed_in(std::string_view line, std::size_t column) {
  std::string nearest;
  std::size_t least = line.npos;
  for (std::size_t at = line.find('['); at != line.npos; at = line.find('[', at + 1)) {
    const std::string indexed = expression_before(line, at);
    const std::size_t distance =
        column == line.npos ? at : std::max(at, column) - std::min(at, column);
    if (indexed.empty() || distance >= least) continue;
    least = distance;
    nearest = indexed;
  }
  return nearest;
}

std::string argument_of_call(std::string_view line, std::string_view member) {
  const std::size_t at = line.find(std::string(member) + "(");
  if (at == line.npos) return {};
  return split_at_commas(line.substr(at + member.size() + 1)).front();
}

std::string receiver_of_call(std::string_view line, std::string_view member) {
  for (std::size_t at = line.find(member); at != std::string_view::npos;
       at = line.find(member, at + 1)) {
    const bool called =
        at + member.size() < line.size() && line[at + member.size()] == '(';
    if (!called || at == 0) continue;
    if (line[at - 1] == '.') return expression_before(line, at - 1);
    if (at > 1 && line.substr(at - 2, 2) == "->") return expression_before(line, at - 2);
  }
  return {};
}

std::string_view SourceText::whole_line(const std::string& file, std::uint32_t number) {
  const auto [found, added] = files_.try_emplace(file);
  if (added) {
    std::ifstream stream(file);
    for (std::string text; std::getline(stream, text);) found->second.push_back(text);
  }
  if (number == 0 || number > found->second.size()) return {};
  return found->second[number - 1];
}

std::string SourceText::line(const std::string& file, std::uint32_t number) {
  const std::string_view text = whole_line(file, number);
  return trimmed(text.substr(0, text.find("//")));
}

std::size_t SourceText::indent(const std::string& file, std::uint32_t number) {
  const std::string_view text = whole_line(file, number);
  return std::min(text.find_first_not_of(" \t"), text.size());
}

}  // namespace interleave
