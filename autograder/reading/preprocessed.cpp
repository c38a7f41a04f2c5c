#include "reading/preprocessed.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <utility>

#include "catalogue/files.hpp"

namespace course::reading {
namespace {

namespace fs = std::filesystem;

bool begins_word(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool continues_word(char c) { return begins_word(c) || is_digit(c); }

bool is_raw_prefix(std::string_view word) {
  return word == "R" || word == "LR" || word == "uR" || word == "UR" || word == "u8R";
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, int line) : text_(text), line_(line) {}

  std::vector<Token> all() {
    while (at_ < text_.size()) next();
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char here(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void next() {
    const char c = here();
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      take(1, false);
    } else if (begins_word(c)) {
      word();
    } else if (is_digit(c) || (c == '.' && is_digit(here(1)))) {
      number();
    } else if (c == '"' || c == '\'') {
      take(length_of_quoted(), true);
    } else {
      sign();
    }
  }

  void word() {
    std::size_t length = 1;
    while (continues_word(here(length))) ++length;
    const bool raw = here(length) == '"' && is_raw_prefix(text_.substr(at_, length));
    take(length, true);
    if (raw) take(length_of_raw(), true);
  }

  void number() {
    std::size_t length = 1;
    while (continues_word(here(length)) || here(length) == '.' ||
           (here(length) == '\'' && continues_word(here(length + 1)))) {
      ++length;
    }
    take(length, true);
  }

  void sign() {
    const std::string_view rest = text_.substr(at_, 2);
    if (rest == "::") return take(2, true);
    if (rest == "<:" || rest == ":>") {
      tokens_.push_back({rest == "<:" ? "[" : "]", line_});
      return take(2, false);
    }
    take(1, true);
  }

  [[nodiscard]] std::size_t length_of_quoted() const {
    std::size_t length = 1;
    while (at_ + length < text_.size() && here(length) != here() &&
           here(length) != '\n') {
      length += here(length) == '\\' ? 2 : 1;
    }
    return std::min(length + 1, text_.size() - at_);
  }

  [[nodiscard]] std::size_t length_of_raw() const {
    const std::size_t open = text_.find('(', at_);
    if (open == text_.npos) return 1;
    const std::string close =
        ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
    const std::size_t end = text_.find(close, open);
    return (end == text_.npos ? text_.size() : end + close.size()) - at_;
  }

  void take(std::size_t length, bool keep) {
    const std::string_view piece = text_.substr(at_, length);
    if (keep) tokens_.push_back({std::string(piece), line_});
    line_ += static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
    at_ += length;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_;
  std::vector<Token> tokens_;
};

// "# 12 "file" 1 3": where the next line stands.
struct Marker {
  int line = 0;
  std::string file;
  bool enters = false;
  bool system = false;
};

std::optional<Marker> marker_in(std::string_view line) {
  const std::size_t open = line.find('"');
  const std::size_t close = line.rfind('"');
  if (!line.starts_with("# ") || open < 3 || open == line.npos || close == open ||
      !is_digit(line[2])) {
    return std::nullopt;
  }
  Marker marker;
  marker.line = std::atoi(std::string(line.substr(2, open - 2)).c_str());
  for (std::size_t at = open + 1; at < close; ++at) {
    if (line[at] == '\\') ++at;
    marker.file += line[at];
  }
  const std::string_view flags = line.substr(close + 1);
  marker.enters = flags.find('1') != flags.npos;
  marker.system = flags.find('3') != flags.npos;
  return marker;
}

// What follows `word` in a directive, "#define NAME …" or "# pragma …"; none if it is another.
std::optional<std::string_view> after_directive(std::string_view line,
                                                std::string_view word) {
  if (!line.starts_with('#')) return std::nullopt;
  line = trimmed(line.substr(1));
  if (!line.starts_with(word)) return std::nullopt;
  return trimmed(line.substr(word.size()));
}

class Reader {
 public:
  Reader(const fs::path& file, const Resolve& resolve)
      : file_(file.lexically_normal()), resolve_(resolve) {}

  void take(std::string_view line) {
    if (const auto marker = marker_in(line)) return move(*marker);
    if (here_ == file_) keep(line);
    ++line_;
  }

  Preprocessed result() {
    flush();
    return std::move(result_);
  }

 private:
  void move(const Marker& marker) {
    if (marker.file != named_ || marker.line != line_) flush();
    if (marker.file != named_) {
      named_ = marker.file;
      const fs::path from = std::exchange(here_, resolve_(named_).lexically_normal());
      if (marker.enters) {
        result_.includes.push_back({here_, from, line_, marker.system});
      }
    }
    line_ = marker.line;
  }

  void keep(std::string_view line) {
    if (text_.empty()) text_begins_ = line_;
    const bool directive = take_directive(line);
    text_ += directive ? "\n" : std::string(line) + '\n';
  }

  bool take_directive(std::string_view line) {
    for (const std::string_view word : {"define", "undef"}) {
      if (const auto rest = after_directive(line, word)) {
        const std::vector<Token> tokens = tokens_of(*rest, line_);
        if (!tokens.empty()) result_.macros.push_back(tokens.front());
        add(tokens);
        return true;
      }
    }
    const auto pragma = after_directive(line, "pragma");
    if (pragma) result_.pragmas.push_back({std::string(*pragma), line_});
    return pragma.has_value();
  }

  void flush() {
    add(tokens_of(text_, text_begins_));
    text_.clear();
  }

  void add(const std::vector<Token>& tokens) {
    result_.tokens.insert(result_.tokens.end(), tokens.begin(), tokens.end());
  }

  const fs::path file_;
  const Resolve& resolve_;
  std::string named_;  // where the reader is, as the compiler names it
  fs::path here_;
  int line_ = 1;
  std::string text_;  // of the file, not yet cut into tokens: a text may span lines
  int text_begins_ = 1;
  Preprocessed result_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text, int line) {
  return Tokenizer(text, line).all();
}

Preprocessed read_preprocessed(std::string_view output, const fs::path& file,
                               const Resolve& resolve) {
  Reader reader(file, resolve);
  for (std::size_t begin = 0; begin < output.size();) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    reader.take(output.substr(begin, end - begin));
    begin = end + 1;
  }
  return reader.result();
}

}  // namespace course::reading
