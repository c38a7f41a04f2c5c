// Reads Trace Event JSON, strictly, and says what in it a viewer would not understand.
//
// The format is the Trace Event Format of the Chromium project, as Perfetto reads it:
// docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Of its kinds of
// events this knows those that the course writes: M, X, s and f.
//
// Threads     Any.
// Errors      read_json throws std::runtime_error, with the place, for what is not JSON.
#pragma once

#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct Json {
  enum class Kind { null, boolean, number, text, list, object };

  Kind kind = Kind::null;
  std::string text;  // of a text: unescaped; of a number or a boolean: as it is written
  std::vector<Json> items;
  std::map<std::string, Json> members;

  [[nodiscard]] bool is(Kind other) const { return kind == other; }
  [[nodiscard]] double number() const { return std::strtod(text.c_str(), nullptr); }

  // A member of an object; null where there is none.
  [[nodiscard]] const Json& operator[](const std::string& name) const {
    static const Json none;
    const auto member = members.find(name);
    return member == members.end() ? none : member->second;
  }
};

// One value after the other, from the front of a text.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Json whole() {
    Json json = value();
    if (peek() != '\0') fail("something behind the end");
    return json;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const auto from = next_ < 20 ? 0 : next_ - 20;
    throw std::runtime_error(
        "not JSON: " + what + " at byte " + std::to_string(next_) +
        ", behind: " + std::string(text_.substr(from, next_ - from)));
  }

  // The next character that is no space; 0 at the end.
  char peek() {
    while (next_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[next_]) != std::string_view::npos) {
      ++next_;
    }
    return next_ < text_.size() ? text_[next_] : '\0';
  }

  bool skip(char c) {
    if (peek() != c) return false;
    ++next_;
    return true;
  }

  void expect(char c) {
    if (!skip(c)) fail(std::string("expected ") + c);
  }

  Json value() {
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return list();
      case '"':
        return {Json::Kind::text, text(), {}, {}};
      default:
        return word();
    }
  }

  Json object() {
    Json json{Json::Kind::object, {}, {}, {}};
    expect('{');
    if (skip('}')) return json;
    do {
      if (peek() != '"') fail("expected a name");
      const std::string name = text();
      expect(':');
      if (!json.members.emplace(name, value()).second) fail("\"" + name + "\" again");
    } while (skip(','));
    expect('}');
    return json;
  }

  Json list() {
    Json json{Json::Kind::list, {}, {}, {}};
    expect('[');
    if (skip(']')) return json;
    do {
      json.items.push_back(value());
    } while (skip(','));
    expect(']');
    return json;
  }

  std::string text() {
    std::string text;
    for (++next_; next_ < text_.size() && text_[next_] != '"'; ++next_) {
      const char c = text_[next_];
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character in a text");
      text += c == '\\' ? escaped() : c;
    }
    if (next_++ >= text_.size()) fail("a text without an end");
    return text;
  }

  // What a backslash and the characters behind it stand for.
  char escaped() {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    const char c = ++next_ < text_.size() ? text_[next_] : '\0';
    if (const auto at = names.find(c); c != '\0' && at != std::string_view::npos) {
      return meant[at];
    }
    if (c != 'u' || text_.size() - next_ < 5) fail("an escape that JSON does not know");
    const std::string digits(text_.substr(next_ + 1, 4));
    char* end = nullptr;
    const unsigned long code = std::strtoul(digits.c_str(), &end, 16);
    if (end != digits.c_str() + 4 || code > 0x7f) fail("an escape not below \\u0080");
    next_ += 4;
    return static_cast<char>(code);
  }

  // A number, or true, false, null.
  Json word() {
    const std::size_t begin = next_;
    while (next_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[next_])) != 0 ||
            std::string_view("+-.").find(text_[next_]) != std::string_view::npos)) {
      ++next_;
    }
    const std::string word(text_.substr(begin, next_ - begin));
    if (word == "null") return {};
    if (word == "true" || word == "false") return {Json::Kind::boolean, word, {}, {}};
    if (!is_number(word)) fail("\"" + word + "\" is no value");
    return {Json::Kind::number, word, {}, {}};
  }

  // [-] digits [. digits] [e [sign] digits], without zeros in front.
  static bool is_number(std::string_view word) {
    const auto digits = [&word] {
      std::size_t n = 0;
      while (n < word.size() && word[n] >= '0' && word[n] <= '9') ++n;
      word.remove_prefix(n);
      return n;
    };
    const auto skip_any = [&word](std::string_view of) {
      if (word.empty() || of.find(word.front()) == std::string_view::npos) return false;
      word.remove_prefix(1);
      return true;
    };
    skip_any("-");
    const bool zero_in_front = !word.empty() && word.front() == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (zero_in_front && whole > 1)) return false;
    if (skip_any(".") && digits() == 0) return false;
    if (skip_any("eE")) {
      skip_any("+-");
      if (digits() == 0) return false;
    }
    return word.empty();
  }

  std::string_view text_;
  std::size_t next_ = 0;
};

[[nodiscard]] inline Json read_json(std::string_view text) {
  return JsonReader(text).whole();
}

// What in `trace` does not follow the format, in words; empty if all does.
class TraceEventCheck {
 public:
  explicit TraceEventCheck(const Json& trace) : events_(trace["traceEvents"]) {
    if (!events_.is(Json::Kind::list)) {
      faults_.emplace_back("there is no list \"traceEvents\"");
    }
    for (const Json& event : events_.items) check(event);
    for (const Json& event : events_.items) {
      if (event["ph"].text == "s") check_arrow(event);
      if (event["ph"].text == "f") check_head(event);
    }
  }

  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

 private:
  void need(const Json& event, const char* name, Json::Kind kind) {
    if (event[name].is(kind)) return;
    faults_.push_back("an event of kind " + event["ph"].text + " needs a " +
                      (kind == Json::Kind::text     ? "text"
                       : kind == Json::Kind::number ? "number"
                                                    : "object") +
                      " \"" + name + "\"");
  }

  void check(const Json& event) {
    const std::string& kind = event["ph"].text;
    if (!event["ph"].is(Json::Kind::text) ||
        (kind != "M" && kind != "X" && kind != "s" && kind != "f")) {
      faults_.push_back("an event has no \"ph\" that is M, X, s or f, but: " + kind);
      return;
    }
    need(event, "name", Json::Kind::text);
    need(event, "pid", Json::Kind::number);
    need(event, "tid", Json::Kind::number);
    if (kind == "M") {
      need(event, "args", Json::Kind::object);
      if (event["name"].text == "thread_name" || event["name"].text == "process_name") {
        need(event["args"], "name", Json::Kind::text);
      }
      return;
    }
    need(event, "ts", Json::Kind::number);
    need(event, "cat", Json::Kind::text);
    if (kind == "X") {
      need(event, "dur", Json::Kind::number);
      if (event["dur"].number() < 0) faults_.emplace_back("a \"dur\" is negative");
    } else if (!event["id"].is(Json::Kind::number)) {
      need(event, "id", Json::Kind::text);
    }
    if (kind == "f" && event["bp"].text != "e") {
      faults_.emplace_back(
          "an f without \"bp\":\"e\" binds to the next slice, not to its own");
    }
  }

  // Whether a viewer takes two events for the ends of one arrow.
  static bool same_arrow(const Json& a, const Json& b) {
    return a["id"].text == b["id"].text && a["cat"].text == b["cat"].text &&
           a["name"].text == b["name"].text;
  }

  // The slice that an arrow's end is bound to: on its track, at its time.
  void check_bound(const Json& end) {
    for (const Json& slice : events_.items) {
      const double begin = slice["ts"].number();
      if (slice["ph"].text == "X" && slice["pid"].text == end["pid"].text &&
          slice["tid"].text == end["tid"].text && begin <= end["ts"].number() &&
          end["ts"].number() <= begin + slice["dur"].number()) {
        return;
      }
    }
    faults_.push_back("the end of arrow " + end["id"].text + " lies in no slice");
  }

  void check_arrow(const Json& start) {
    check_bound(start);
    int heads = 0;
    for (const Json& event : events_.items) {
      if (event["ph"].text != "f" || !same_arrow(event, start)) continue;
      ++heads;
      if (event["ts"].number() < start["ts"].number()) {
        faults_.push_back("arrow " + start["id"].text + " ends before it begins");
      }
    }
    if (heads != 1) {
      faults_.push_back("arrow " + start["id"].text + " has not one head but " +
                        std::to_string(heads));
    }
  }

  void check_head(const Json& head) {
    check_bound(head);
    for (const Json& event : events_.items) {
      if (event["ph"].text == "s" && same_arrow(event, head)) return;
    }
    faults_.push_back("arrow " + head["id"].text + " has a head and no start");
  }

  const Json& events_;
  std::vector<std::string> faults_;
};

[[nodiscard]] inline std::vector<std::string> format_faults(const Json& trace) {
  return TraceEventCheck(trace).faults();
}
