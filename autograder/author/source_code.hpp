// What a C++ source says, as far as mutation needs to know: its tokens, which brackets belong
// together, and its statements.
//
// It reads what clang-format has written of the course's own solutions, not all of C++: a binary
// operator has spaces around it, and a template's angle bracket has none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace course::author {

// A name, a number, a text or a symbol; no comment and no preprocessor line.
struct Token {
  std::string_view text;  // of the source
  std::size_t at;         // where it begins there
  std::size_t partner;    // of a bracket: the index of the other one; else its own

  [[nodiscard]] std::size_t end() const { return at + text.size(); }
};

// Tokens [first, last], the `;` or the closing brace included.
struct Statement {
  std::size_t first;
  std::size_t last;
  std::size_t
      block;    // the index of the brace that it stands in; that of no token at the top
  bool simple;  // it ends with `;` and holds no statement but those of lambdas
};

class SourceCode {
 public:
  // `text` must outlive this object.
  explicit SourceCode(std::string_view text);

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }
  // In the order of their beginnings.
  [[nodiscard]] const std::vector<Statement>& statements() const { return statements_; }

  // The text of the tokens [first, last], with all that stands between them.
  [[nodiscard]] std::string between(std::size_t first, std::size_t last) const;

  // Whether token `index` is `text`; false beyond the end.
  [[nodiscard]] bool is(std::size_t index, std::string_view text) const;

 private:
  void read_tokens();
  void pair_brackets();
  void read_block(std::size_t first, std::size_t end, std::size_t block);
  std::size_t read_statement(std::size_t first, std::size_t end, std::size_t block);
  std::size_t read_headed(std::size_t first, std::size_t end, std::size_t block);
  std::size_t read_simple(std::size_t first, std::size_t end, std::size_t block);
  void read_lambdas(std::size_t open);
  [[nodiscard]] bool opens_block(std::size_t brace) const;

  std::string_view text_;
  std::vector<Token> tokens_;
  std::vector<Statement> statements_;
};

}  // namespace course::author
