#include "author/mutations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "author/marks.hpp"
#include "author/source_code.hpp"
#include "catalogue/code.hpp"
#include "catalogue/files.hpp"

namespace course::author {
namespace {

// What stands at [begin, end) of the source becomes `text`.
struct Edit {
  std::size_t begin;
  std::size_t end;
  std::string text;
};

// In one line, and cut where it is long.
std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  constexpr std::size_t most = 160;
  return line.size() <= most ? line : line.substr(0, most) + "…";
}

class Rules {
 public:
  Rules(const std::filesystem::path& solution, std::string_view text)
      : code_(text), marked_(read_marks(solution, text)) {}

  std::vector<Mutation> apply() {
    for (const Statement& statement : code_.statements()) change_statement(statement);
    change_neighbours();
    for (std::size_t i = 0; i < tokens().size(); ++i) {
      if (!is_written_by_student(i)) continue;
      change_notify(i);
      change_lock(i);
      change_order(i);
      change_wait(i);
      change_atomic(i);
      change_condition(i);
      change_comparison(i);
      change_move(i);
      drop_catch(i);
    }
    std::stable_sort(
        found_.begin(), found_.end(),
        [](const Mutation& one, const Mutation& other) { return one.line < other.line; });
    number();
    return std::move(found_);
  }

 private:
  [[nodiscard]] const std::vector<Token>& tokens() const { return code_.tokens(); }
  [[nodiscard]] bool is(std::size_t index, std::string_view text) const {
    return code_.is(index, text);
  }
  [[nodiscard]] std::string between(std::size_t first, std::size_t last) const {
    return first > last ? "" : code_.between(first, last);
  }

  [[nodiscard]] bool is_written_by_student(std::size_t index) const {
    const std::size_t line = line_at(code_.text(), tokens()[index].at) - 1;
    return std::any_of(marked_.marks.begin(), marked_.marks.end(), [&](const Mark& mark) {
      return mark.kind != MarkKind::region && mark.first < line && line < mark.last;
    });
  }

  // -- What is found ----------------------------------------------------------------------

  void add(std::string_view rule, std::size_t place, std::vector<Edit> edits,
           std::string_view was, std::string_view becomes) {
    std::sort(edits.begin(), edits.end(),
              [](const Edit& one, const Edit& other) { return one.begin > other.begin; });
    std::string source(code_.text());
    for (const Edit& edit : edits) {
      source.replace(edit.begin, edit.end - edit.begin, edit.text);
    }
    if (source == code_.text() || !sources_.insert(source).second) return;
    found_.push_back(
        {std::string(rule), line_at(code_.text(), tokens()[place].at), in_one_line(was),
         becomes.empty() ? "nothing" : in_one_line(becomes), 1, std::move(source)});
  }

  // Tokens [first, last] become `text`.
  void replace(std::string_view rule, std::size_t first, std::size_t last,
               const std::string& text) {
    add(rule, first, {{tokens()[first].at, tokens()[last].end(), text}},
        between(first, last), text);
  }

  void number() {
    std::map<std::tuple<std::string, std::string, std::string>, std::size_t> seen;
    for (Mutation& mutation : found_) {
      mutation.nth = ++seen[{mutation.rule, mutation.was, mutation.becomes}];
    }
  }

  // -- Statements -------------------------------------------------------------------------

  [[nodiscard]] bool is_lock(const Statement& statement) const {
    for (std::size_t i = statement.first; i < statement.last; ++i) {
      if (is(i, "scoped_lock") || is(i, "unique_lock") || is(i, "lock_guard") ||
          is(i, "shared_lock")) {
        return statement.simple && !is(statement.first, "return");
      }
    }
    return false;
  }

  // Whether it declares a name: what follows would not compile without it.
  [[nodiscard]] bool declares(const Statement& statement) const {
    static constexpr std::array<std::string_view, 7> words{
        "const", "auto", "static", "thread_local", "using", "constexpr", "friend"};
    const std::string_view first = tokens()[statement.first].text;
    if (std::find(words.begin(), words.end(), first) != words.end()) return true;
    // `Type name = …`, `Type name;`, `Type<…>& name = …`
    for (std::size_t i = statement.first; i < statement.last; ++i) {
      if (is(i, "(") || is(i, ".") || is(i, "->") || is(i, "[")) return false;
      const bool ends =
          is(i + 1, "=") || is(i + 1, ";") || is(i + 1, "{") || is(i + 1, "(");
      if (i > statement.first && ends && is_name(i) &&
          (is_name(i - 1) || is(i - 1, ">") || is(i - 1, "&") || is(i - 1, "*"))) {
        return !is(statement.first, "return") && !is(statement.first, "delete") &&
               !is(statement.first, "throw");
      }
    }
    return false;
  }

  [[nodiscard]] bool is_name(std::size_t index) const {
    const char c = tokens()[index].text.front();
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
  }

  void change_statement(const Statement& statement) {
    if (!is_written_by_student(statement.first)) return;
    if (!is_written_by_student(statement.last)) return;
    const std::size_t first = statement.first;
    const std::size_t last = statement.last;
    if (is(first, "{")) return;
    if (!declares(statement)) replace("a statement dropped", first, last, "");
    if (!statement.simple || declares(statement) || is(first, "return") ||
        is(first, "throw") || is(first, "break") || is(first, "continue")) {
      return;
    }
    const std::string text = between(first, last);
    replace("a statement doubled", first, last, text + " " + text);
  }

  // Two statements that follow each other change places; the one at the end of a block, or
  // after it, crosses the unlock there.
  void change_neighbours() {
    const auto& all = code_.statements();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Statement& one = all[i];
      if (!is_written_by_student(one.first) || !is_written_by_student(one.last)) continue;
      const Statement* next = nullptr;
      for (std::size_t k = i + 1; k < all.size() && next == nullptr; ++k) {
        if (all[k].block == one.block && all[k].first > one.last) next = &all[k];
      }
      if (next != nullptr && is_written_by_student(next->last)) exchange(one, *next);
      if (next != nullptr && is(one.first, "{")) move_into(one, *next);
      if (next == nullptr && one.block < tokens().size()) move_out(one);
    }
  }

  void exchange(const Statement& one, const Statement& other) {
    if (!one.simple || !other.simple || (declares(one) && !is_lock(one))) return;
    if (is(one.first, "return") || is(other.first, "return")) return;
    const std::string first = between(one.first, one.last);
    const std::string second = between(other.first, other.last);
    add("neighbours exchanged", one.first,
        {{tokens()[one.first].at, tokens()[one.last].end(), second},
         {tokens()[other.first].at, tokens()[other.last].end(), first}},
        first + " " + second, second + " " + first);
  }

  // Whether the block that opens at token `brace` is a statement by itself, as one that holds
  // a lock is, and is headed by nothing.
  [[nodiscard]] bool stands_alone(std::size_t brace) const {
    return brace > 0 && (is(brace - 1, "{") || is(brace - 1, "}") || is(brace - 1, ";"));
  }

  // `{ … } next` becomes `{ … next }`.
  void move_into(const Statement& block, const Statement& next) {
    if (!stands_alone(block.first) || !next.simple || declares(next)) return;
    if (!is_written_by_student(next.last)) return;
    const std::string text = between(next.first, next.last);
    const std::size_t brace = tokens()[block.last].at;
    add("moved before the unlock", next.first,
        {{brace, brace, text + " "},
         {tokens()[next.first].at, tokens()[next.last].end(), ""}},
        "} " + text, text + " }");
  }

  // `{ … last }` becomes `{ … } last`, where the block is a statement by itself.
  void move_out(const Statement& statement) {
    if (!statement.simple || declares(statement) || is(statement.first, "return")) return;
    if (!stands_alone(statement.block)) return;
    const std::string text = between(statement.first, statement.last);
    const std::size_t after = tokens()[tokens()[statement.block].partner].end();
    add("moved behind the unlock", statement.first,
        {{tokens()[statement.first].at, tokens()[statement.last].end(), ""},
         {after, after, " " + text}},
        text + " }", "} " + text);
  }

  // -- Notifies and locks -----------------------------------------------------------------

  void change_notify(std::size_t i) {
    if (is(i, "notify_one")) replace("one for all", i, i, "notify_all");
    if (is(i, "notify_all")) replace("all for one", i, i, "notify_one");
  }

  // The statement that begins at token `first`.
  [[nodiscard]] const Statement* statement_at(std::size_t first) const {
    for (const Statement& statement : code_.statements()) {
      if (statement.first == first) return &statement;
    }
    return nullptr;
  }

  // The innermost simple statement that holds token `index`.
  [[nodiscard]] const Statement* statement_with(std::size_t index) const {
    const Statement* innermost = nullptr;
    for (const Statement& one : code_.statements()) {
      if (one.simple && one.first <= index && index <= one.last) innermost = &one;
    }
    return innermost;
  }

  void change_lock(std::size_t i) {
    const Statement* statement = statement_at(i);
    if (statement == nullptr || !is_lock(*statement)) return;
    const std::string text = between(statement->first, statement->last);
    std::size_t open = statement->first;
    while (open < statement->last && !is(open, "(") && !is(open, "{")) ++open;
    if (open == statement->last) return;
    const std::size_t close = tokens()[open].partner;
    const std::string mutex = between(open + 1, close - 1);
    if (text.find("unique_lock") != text.npos && mutex.find(',') == mutex.npos) {
      replace("a lock dropped", open + 1, close - 1, mutex + ", std::defer_lock");
    } else {
      replace("a lock dropped", statement->first, statement->last, "");
    }
    replace("a lock shortened", statement->first, statement->last, "{ " + text + " }");
    replace("a lock taken twice", statement->first, statement->last,
            text + " const std::unique_lock taken_twice(" + mutex + ");");
  }

  // -- Atomics ----------------------------------------------------------------------------

  // The name of the function whose arguments hold token `index`.
  [[nodiscard]] std::string_view called_around(std::size_t index) const {
    std::size_t depth = 0;
    for (std::size_t i = index; i-- > 0;) {
      if (is(i, ")") || is(i, "}") || is(i, "]")) i = tokens()[i].partner;
      if (is(i, ";")) return "";
      if (is(i, "(") && depth == 0 && i > 0) return tokens()[i - 1].text;
    }
    return "";
  }

  // The orders that may stand where `order` does, each as a mistake with its name.
  void change_order(std::size_t i) {
    constexpr std::string_view prefix = "memory_order_";
    const std::string_view token = tokens()[i].text;
    if (!token.starts_with(prefix)) return;
    const std::string_view order = token.substr(prefix.size());
    const std::string_view called = called_around(i);
    const bool loads = called == "load" || called == "wait" || called == "test";
    const bool stores = called == "store" || called == "clear";
    const auto put = [&](std::string_view rule, std::string_view other) {
      if (loads && (other == "release" || other == "acq_rel")) return;
      if (stores && (other == "acquire" || other == "acq_rel")) return;
      replace(rule, i, i, std::string(prefix) + std::string(other));
    };
    if (order == "seq_cst") {
      for (const auto* weaker : {"acq_rel", "acquire", "release"})
        put("weakened", weaker);
    }
    if (order == "acq_rel") {
      for (const auto* weaker : {"acquire", "release"}) put("weakened", weaker);
    }
    if (order == "acquire" || order == "release") put("weakened", "relaxed");
    if (order == "acquire") put("acquire and release exchanged", "release");
    if (order == "release") put("acquire and release exchanged", "acquire");
  }

  // An atomic operation without an order is sequentially consistent.
  void weaken_default(std::size_t name, std::size_t open, std::size_t close) {
    for (std::size_t i = open; i < close; ++i) {
      if (tokens()[i].text.find("memory_order") != std::string_view::npos) return;
    }
    const bool loads = is(name, "load");
    const std::string order = loads               ? "std::memory_order_acquire"
                              : is(name, "store") ? "std::memory_order_release"
                                                  : "std::memory_order_acq_rel";
    const std::string comma = close == open + 1 ? "" : ", ";
    const std::size_t at = tokens()[close].at;
    add("weakened", name, {{at, at, comma + order}}, between(name, close),
        between(name, close - 1) + comma + order + ")");
  }

  // The token at which the object of the member function `name` begins: `a.b[c].name`.
  [[nodiscard]] std::size_t object_of(std::size_t name) const {
    std::size_t first = name - 1;  // the dot
    while (first > 0) {
      const std::size_t before = first - 1;
      if (is(before, ")") || is(before, "]")) {
        first = tokens()[before].partner;
      } else if (is_name(before) && !is(before, "return")) {
        first = before;
      } else if (is(before, ".") || is(before, "->") || is(before, "::")) {
        first = before;
      } else {
        break;
      }
    }
    return first;
  }

  [[nodiscard]] std::vector<std::string> arguments_in(std::size_t open) const {
    std::vector<std::string> all;
    const std::size_t close = tokens()[open].partner;
    for (std::size_t first = open + 1, i = first; i <= close && first < close; ++i) {
      if (is(i, ",") || i == close) {
        all.push_back(between(first, i - 1));
        first = i + 1;
      } else {
        i = std::max(i, tokens()[i].partner);
      }
    }
    return all;
  }

  // A read-modify-write becomes a load and a store.
  void change_atomic(std::size_t i) {
    if (i < 2 || !is(i + 1, "(") || !(is(i - 1, ".") || is(i - 1, "->"))) return;
    const std::size_t close = tokens()[i + 1].partner;
    const std::string_view name = tokens()[i].text;
    const bool adds = name == "fetch_add" || name == "fetch_sub" || name == "fetch_or" ||
                      name == "fetch_and";
    const bool compares = name.starts_with("compare_exchange_");
    if (adds || compares || name == "exchange" || name == "load" || name == "store") {
      if (!compares) weaken_default(i, i + 1, close);
    }
    if (!adds && !compares && name != "exchange") return;
    const std::size_t first = object_of(i);
    const std::string object = between(first, i - 2);
    const std::string link(tokens()[i - 1].text);
    const std::vector<std::string> arguments = arguments_in(i + 1);
    if (arguments.empty()) return;
    const std::string load = object + link + "load()";
    std::string split;
    if (compares) {
      if (arguments.size() < 2) return;
      split = fmt::format(
          "[&] {{ auto now = {}; if (now != {}) {{ {} = now; return false; }} "
          "{}{}store({}); return true; }}()",
          load, arguments[0], arguments[0], object, link, arguments[1]);
    } else {
      const char sign = name == "fetch_sub" ? '-' : name == "fetch_or" ? '|' : '+';
      const std::string next =
          name == "exchange"
              ? arguments[0]
              : fmt::format("was {} ({})", name == "fetch_and" ? '&' : sign,
                            arguments[0]);
      split = fmt::format("[&] {{ auto was = {}; {}{}store({}); return was; }}()", load,
                          object, link, next);
    }
    replace("split into load and store", first, close, split);
  }

  // -- Waits and conditions -----------------------------------------------------------------

  // Takes out every notify of `object`, as an edit each.
  void drop_notifies(const std::string& object, std::vector<Edit>& edits) const {
    for (std::size_t i = 2; i < tokens().size(); ++i) {
      if (!is(i, "notify_one") && !is(i, "notify_all")) continue;
      const std::size_t first = object_of(i);
      if (between(first, i - 2) != object) continue;
      edits.push_back({tokens()[first].at, tokens()[tokens()[i + 1].partner].end(),
                       "static_cast<void>(0)"});
    }
  }

  // `x.wait(…)` polls, and no thread notifies; a predicate is checked once, not in a loop.
  void change_wait(std::size_t i) {
    if (i < 2 || !is(i, "wait") || !is(i + 1, "(") || !is(i - 1, ".")) return;
    const std::size_t first = object_of(i);
    const std::size_t close = tokens()[i + 1].partner;
    const std::string object = between(first, i - 2);
    const std::vector<std::string> arguments = arguments_in(i + 1);
    std::string polls;
    if (arguments.size() == 2 && arguments[1].starts_with('[')) {
      polls =
          fmt::format("while (!{}.wait_for({}, std::chrono::milliseconds(1), {})) {{}}",
                      object, arguments[0], arguments[1]);
      replace(
          "while to if", first, close,
          fmt::format("if (!({})()) {}.wait({})", arguments[1], object, arguments[0]));
    } else if (!arguments.empty() && !arguments[0].starts_with("lock")) {
      polls = fmt::format(
          "while ({}.load() == {}) "
          "std::this_thread::sleep_for(std::chrono::milliseconds(1))",
          object, arguments[0]);
    } else {
      return;
    }
    std::vector<Edit> edits{{tokens()[first].at, tokens()[close].end(), polls}};
    drop_notifies(object, edits);
    const std::size_t include = code_.text().find("#include");
    edits.push_back({include, include, "#include <chrono>\n#include <thread>\n"});
    add("a wait that polls, and no notify", first, std::move(edits),
        between(first, close), polls);
  }

  // Each operand of the `&&` and `||` between tokens `first` and `last` is dropped, and each
  // is negated.
  void change_operands(std::size_t first, std::size_t last) {
    std::vector<std::size_t> joints;
    for (std::size_t i = first; i <= last; ++i) {
      if (is(i, "&&") || is(i, "||")) joints.push_back(i);
      i = std::max(i, tokens()[i].partner);
    }
    std::size_t begin = first;
    for (std::size_t k = 0; k <= joints.size(); ++k) {
      const std::size_t end = k < joints.size() ? joints[k] - 1 : last;
      if (!joints.empty()) {
        // With the joint behind it; the last one with the joint before.
        const bool is_last = k == joints.size();
        replace("a condition dropped", is_last ? joints.back() : begin,
                is_last ? end : joints[k], "");
      }
      replace("a condition negated", begin, end, "!(" + between(begin, end) + ")");
      begin = end + 2;
    }
  }

  // Of if and while, and of a predicate: what a lambda returns to wait.
  void change_condition(std::size_t i) {
    if ((is(i, "if") || is(i, "while")) && is(i + 1, "(")) {
      const std::size_t close = tokens()[i + 1].partner;
      std::size_t first = i + 2;
      for (std::size_t k = first; k < close; ++k) {
        if (is(k, ";")) first = k + 1;  // `if (declaration; condition)`
        k = std::max(k, tokens()[k].partner);
      }
      if (is(first, "true") || is(first, "const") || is(first, "auto")) return;
      change_operands(first, close - 1);
      if (is(i, "while") && !is(i - 1, "}")) replace("while to if", i, i, "if");
    }
    if (is(i, "return") && i > 1 && is(i - 1, "{")) {
      const Statement* statement = statement_at(i);
      const std::string_view called = called_around(i - 1);
      if (statement != nullptr && called.starts_with("wait")) {
        change_operands(i + 1, statement->last - 1);
      }
    }
  }

  void change_comparison(std::size_t i) {
    const std::string_view token = tokens()[i].text;
    if (token != "<" && token != ">" && token != "<=" && token != ">=") return;
    const std::string_view text = code_.text();
    const bool binary = text[tokens()[i].at - 1] == ' ' && text[tokens()[i].end()] == ' ';
    if (!binary) return;
    const std::string other =
        token.size() == 2 ? std::string(token.substr(0, 1)) : std::string(token) + "=";
    add("an edge moved", i, {{tokens()[i].at, tokens()[i].end(), other}},
        between(i - 1, i + 1),
        between(i - 1, i - 1) + " " + other + " " + between(i + 1, i + 1));
  }

  // -- Moves and exceptions -----------------------------------------------------------------

  void change_move(std::size_t i) {
    if (!is(i, "std") || !is(i + 1, "::") || !is(i + 3, "(")) return;
    const std::size_t close = tokens()[i + 3].partner;
    const std::string what = between(i + 4, close - 1);
    if (is(i + 2, "move")) replace("a copy for a move", i, close, what);
    if (is(i + 2, "as_const")) {
      replace("a move for a copy", i, close, "std::move(" + what + ")");
    }
  }

  void drop_catch(std::size_t i) {
    if (!is(i, "try")) return;
    const std::size_t body_end = tokens()[i + 1].partner;
    std::size_t last = body_end;
    while (is(last + 1, "catch")) last = tokens()[tokens()[last + 2].partner + 1].partner;
    replace("a catch dropped", i, last, between(i + 1, body_end));
  }

  SourceCode code_;
  MarkedSource marked_;
  std::set<std::string> sources_;
  std::vector<Mutation> found_;
};

}  // namespace

std::vector<Mutation> mutations_of(const std::filesystem::path& solution,
                                   std::string_view text) {
  return Rules(solution, text).apply();
}

}  // namespace course::author
