#include "author/source_code.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "catalogue/code.hpp"

namespace course::author {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The longest first.
constexpr std::array<std::string_view, 22> symbols{
    "<=>", "<<=", ">>=", "...", "->", "::", "<=", ">=", "==", "!=", "&&",
    "||",  "++",  "--",  "+=",  "-=", "*=", "/=", "|=", "&=", "<<", "^="};

template <std::size_t size>
bool is_one_of(std::string_view text, const std::array<std::string_view, size>& all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// Of the code as `code_of` gives it: between quotes there are only blanks.
std::size_t end_of_token(std::string_view text, std::size_t at) {
  if (text[at] == '"' || text[at] == '\'') {
    return std::min(text.find(text[at], at + 1), text.size() - 1) + 1;
  }
  if (is_word(text[at])) {
    const bool number = std::isdigit(static_cast<unsigned char>(text[at])) != 0;
    while (at < text.size() && (is_word(text[at]) || (number && text[at] == '\''))) ++at;
    return at;
  }
  for (const std::string_view symbol : symbols) {
    if (text.substr(at, symbol.size()) == symbol) return at + symbol.size();
  }
  return at + 1;
}

// Where the blanks and preprocessor lines that begin at `at` end.
std::size_t end_of_blank(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (std::isspace(static_cast<unsigned char>(text[at])) != 0) {
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      break;
    }
  }
  return at;
}

}  // namespace

SourceCode::SourceCode(std::string_view text) : text_(text) {
  read_tokens();
  pair_brackets();
  read_block(0, tokens_.size(), tokens_.size());
  std::sort(statements_.begin(), statements_.end(),
            [](const Statement& one, const Statement& other) {
              return one.first != other.first ? one.first < other.first
                                              : one.last > other.last;
            });
}

std::string SourceCode::between(std::size_t first, std::size_t last) const {
  const std::size_t begin = tokens_[first].at;
  return std::string(text_.substr(begin, tokens_[last].end() - begin));
}

bool SourceCode::is(std::size_t index, std::string_view text) const {
  return index < tokens_.size() && tokens_[index].text == text;
}

void SourceCode::read_tokens() {
  const std::string code = code_of(text_);
  for (std::size_t at = end_of_blank(code, 0); at < code.size();) {
    const std::size_t end = end_of_token(code, at);
    tokens_.push_back({text_.substr(at, end - at), at, tokens_.size()});
    at = end_of_blank(code, end);
  }
}

void SourceCode::pair_brackets() {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (is(i, "(") || is(i, "[") || is(i, "{")) open.push_back(i);
    if ((is(i, ")") || is(i, "]") || is(i, "}")) && !open.empty()) {
      tokens_[i].partner = open.back();
      tokens_[open.back()].partner = i;
      open.pop_back();
    }
  }
}

void SourceCode::read_block(std::size_t first, std::size_t end, std::size_t block) {
  while (first < end) first = read_statement(first, end, block);
}

// Reads what begins at token `first`; returns the token after it.
std::size_t SourceCode::read_statement(std::size_t first, std::size_t end,
                                       std::size_t block) {
  static constexpr std::array<std::string_view, 4> headed{"if", "while", "for", "switch"};
  if (is(first, "{")) {
    const std::size_t close = tokens_[first].partner;
    read_block(first + 1, close, first);
    statements_.push_back({first, close, block, false});
    return close + 1;
  }
  if (is(first, "public") || is(first, "private") || is(first, "default"))
    return first + 2;
  if (is(first, "template") && is(first + 1, "<")) {
    while (first < end && !is(first, ">")) ++first;
    return first + 1;
  }
  if (is_one_of(tokens_[first].text, headed)) return read_headed(first, end, block);
  if (is(first, "try")) {
    std::size_t next = read_statement(first + 1, end, block);
    while (is(next, "catch")) {
      next = read_statement(tokens_[next + 1].partner + 1, end, block);
    }
    statements_.push_back({first, next - 1, block, false});
    return next;
  }
  return read_simple(first, end, block);
}

// `if`, `while`, `for`, `switch`, and what they head.
std::size_t SourceCode::read_headed(std::size_t first, std::size_t end,
                                    std::size_t block) {
  std::size_t open = first + 1;
  while (open < end && !is(open, "(")) ++open;
  read_lambdas(open);
  std::size_t next = read_statement(tokens_[open].partner + 1, end, block);
  if (is(first, "if") && is(next, "else")) next = read_statement(next + 1, end, block);
  statements_.push_back({first, next - 1, block, false});
  return next;
}

// Up to its `;`, or to the brace that closes a function's or a class's body.
std::size_t SourceCode::read_simple(std::size_t first, std::size_t end,
                                    std::size_t block) {
  const bool type = is(first, "struct") || is(first, "class") || is(first, "enum");
  for (std::size_t i = first; i < end; ++i) {
    if (is(i, ";")) {
      statements_.push_back({first, i, block, true});
      return i + 1;
    }
    if (is(i, "{") && (type || opens_block(i))) {
      const std::size_t close = tokens_[i].partner;
      // A lambda's body belongs to a statement that continues behind it.
      const bool continues =
          is(close + 1, ";") || is(close + 1, ",") || is(close + 1, "(");
      if (!is(first, "enum")) read_block(i + 1, close, i);
      if (type || !continues) return close + 1 + (type && is(close + 1, ";") ? 1 : 0);
      i = close;
    } else if (is(i, "(") || is(i, "[") || is(i, "{")) {
      read_lambdas(i);
      i = tokens_[i].partner;
    }
  }
  return end;
}

// The bodies of the lambdas inside the bracket that opens at `open`.
void SourceCode::read_lambdas(std::size_t open) {
  for (std::size_t i = open + 1; i < tokens_[open].partner; ++i) {
    if (!is(i, "{") || !opens_block(i)) continue;
    read_block(i + 1, tokens_[i].partner, i);
    i = tokens_[i].partner;
  }
}

// Whether statements follow the brace, and not what something is initialised with.
bool SourceCode::opens_block(std::size_t brace) const {
  static constexpr std::array<std::string_view, 9> before{
      ")", "]", "else", "do", "try", "mutable", "const", "noexcept", "override"};
  if (brace == 0) return true;
  if (is_one_of(tokens_[brace - 1].text, before)) return true;
  for (std::size_t back = 1; back < 10 && back < brace; ++back) {  // `-> a::type<b> {`
    const std::size_t i = brace - back;
    if (is(i, "->")) return is(i - 1, ")") || is(i - 1, "mutable");
    if (is(i, ";") || is(i, "{") || is(i, "}") || is(i, "(") || is(i, "=")) return false;
  }
  return false;
}

}  // namespace course::author
