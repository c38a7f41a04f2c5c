#include "interleave/report/source_text.hpp"

#include <regex.h>

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

// X in "X.member(" or "X->member(", for the first of these members in the line.
std::string receiver_of(std::string_view line, const Pattern& members) {
  const auto found = members.find_in(line);
  if (!found) return {};
  return expression_before(line,
                           static_cast<std::size_t>((*found)[0].data() - line.data()));
}

// X in "std::lock_guard guard(X)".
std::string locked_by_guard(std::string_view line) {
  static const Pattern kGuard(
      R"((lock_guard|unique_lock|scoped_lock|shared_lock)(<[^;]*>)?\s+\w+\s*[({]\s*)"
      R"(([^,(){}]+(\([^()]*\))?[^,(){}]*))");
  const auto found = kGuard.find_in(line);
  return found ? trimmed((*found)[3]) : std::string();
}

// X in "++X", "X++", "X += 1", "X = 1": an atomic used through its operators.
std::string changed_by_operator(std::string_view line) {
  static const Pattern kPrefix(R"((\+\+|--)\s*([A-Za-z_]([].[:alnum:]_[]|->)*))");
  static const Pattern kPostfix(
      R"(()([A-Za-z_]([].[:alnum:]_[]|->)*)\s*(\+\+|--|[-+|&^]?=([^=]|$)))");
  for (const auto* pattern : {&kPrefix, &kPostfix}) {
    if (const auto found = pattern->find_in(line)) return std::string((*found)[2]);
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

}  // namespace

std::string object_in(std::string_view line, OperationKind kind) {
  static const Pattern kLocks(R"((\.|->)(try_)?(un)?lock(_shared)?(_for|_until)?\()");
  static const Pattern kConditions(
      R"((\.|->)(wait(_for|_until)?|notify_one|notify_all)\()");
  static const Pattern kWords(
      R"((\.|->)(wait|notify_one|notify_all|acquire|release|try_acquire\w*|count_down)"
      R"(|arrive\w*|get|set_value|set_exception)\()");
  static const Pattern kAtomics(
      R"((\.|->)(load|store|exchange|fetch_\w+|compare_exchange_\w+|test_and_set|test)"
      R"(|clear|wait)\()");
  if (is_lock(kind)) {
    const std::string guarded = locked_by_guard(line);
    return guarded.empty() ? receiver_of(line, kLocks) : guarded;
  }
  if (is_condition(kind)) return receiver_of(line, kConditions);
  if (is_atomic(kind)) {
    std::string name = receiver_of(line, kAtomics);
    if (name.empty()) name = changed_by_operator(line);
    return name.empty() ? only_member(line) : name;
  }
  if (kind == OperationKind::kPlainRead || kind == OperationKind::kPlainWrite) {
    const std::string name = changed_by_operator(line);
    return name.empty() ? only_member(line) : name;
  }
  return receiver_of(line, kWords);
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

std::string SourceText::line(const std::string& file, std::uint32_t number) {
  const auto [found, added] = files_.try_emplace(file);
  if (added) {
    std::ifstream stream(file);
    for (std::string text; std::getline(stream, text);) found->second.push_back(text);
  }
  if (number == 0 || number > found->second.size()) return {};
  const std::string& text = found->second[number - 1];
  const std::size_t comment = text.find("//");
  return trimmed(std::string_view(text).substr(0, comment));
}

}  // namespace interleave
