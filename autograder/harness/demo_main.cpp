// The main of every lesson's demo: lists all its experiments, or runs and prints those of
// its tree's kind.
//
//   lesson-01-demo [--list] [--quick] [--follow] [CLAIM…]
//
// With --follow a program reads along: each line is its kind ("columns", "row", "look" or
// "text") and its cells, between tabs, written as soon as the experiment knows it.
//
// Environment:
//   COURSE_COLUMNS   how wide lines may be: a wider table continues below, and sentences
//                    are broken between words; without it nothing is
//
// Exit status: 0 all ran; 1 an experiment failed; 2 a claim this demo does not have.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "course/atomic_counts.hpp"
#include "course/demo.hpp"
#include "machine/usable_cores.hpp"

#ifdef COURSE_EXPLORES
constexpr auto this_kind = course::Kind::explored;
#else
constexpr auto this_kind = course::Kind::measured;
#endif

namespace course {
namespace {

struct Entry {
  Kind kind;
  std::string claim;
  std::string title;
  void (*body)(Table&);
};

std::vector<Entry>& registry() {
  static std::vector<Entry> entries;
  return entries;
}

bool quick_run = false;
bool followed = false;

void tell(const char* kind, const std::vector<std::string>& cells) {
  std::fputs(kind, stdout);
  for (const std::string& cell : cells) std::printf("\t%s", cell.c_str());
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

}  // namespace

Experiment::Experiment(Kind kind, const char* claim, const char* title,
                       void (*body)(Table&)) {
  registry().push_back({kind, claim, title, body});
}

void Table::columns(std::vector<std::string> names) {
  if (followed) tell("columns", names);
  names_ = std::move(names);
}

void Table::row(std::vector<std::string> cells) {
  if (cells.size() != names_.size()) {
    throw std::logic_error("a row has " + std::to_string(cells.size()) +
                           " cells, the table " + std::to_string(names_.size()) +
                           " columns");
  }
  if (followed) tell("row", cells);
  rows_.push_back(std::move(cells));
}

void Table::look_at(std::string sentence) {
  if (followed) tell("look", {sentence});
  sentences_.push_back(std::move(sentence));
}

void Table::verbatim(std::string lines) {
  if (followed) {
    std::istringstream each(lines);
    for (std::string line; std::getline(each, line);) tell("text", {line});
  }
  verbatim_ += lines;
  if (!verbatim_.ends_with('\n')) verbatim_ += '\n';
}

bool quick() noexcept { return quick_run; }

unsigned usable_cores() noexcept { return machine::usable_cores(); }

namespace {

// "-1234567.8" as "-1,234,567.8".
std::string grouped(std::string digits) {
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  for (std::size_t at = whole; at > first + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace

std::string number(double value) {
  const double size = std::fabs(value);
  char text[64];
  std::snprintf(text, sizeof text,
                size < 1     ? "%.3f"
                : size < 100 ? "%.1f"
                             : "%.0f",
                value);
  return grouped(text);
}

std::string count(std::int64_t value) { return grouped(std::to_string(value)); }

// How wide lines may be; nearly endless if it is not set.
std::size_t columns_allowed() noexcept {
  const char* asked = std::getenv("COURSE_COLUMNS");
  const std::size_t columns = asked == nullptr ? 0 : std::strtoul(asked, nullptr, 10);
  return columns > 0 ? columns : 1'000'000;
}

// Two spaces before each line, which ends between words.
void print_sentence(const std::string& sentence) {
  std::istringstream words(sentence);
  std::string line = " ";
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > columns_allowed() && line != " ") {
      std::printf("%s\n", line.c_str());
      line = " ";
    }
    line += " " + word;
  }
  std::printf("%s\n", line.c_str());
}

// Sets the first column flush left, the others flush right. Columns for which a line has no room
// come in a table of their own below, again behind the first.
class TablePrinter {
 public:
  static void print(const Entry& entry, const Table& table) {
    std::printf("%s  %s\n\n", entry.claim.c_str(), entry.title.c_str());
    TablePrinter(table).print_all();
    if (!table.verbatim_.empty()) std::printf("\n%s", table.verbatim_.c_str());
    for (const auto& sentence : table.sentences_) {
      std::printf("\n");
      print_sentence("Look at " + sentence + ".");
    }
    std::printf("\n");
    std::fflush(stdout);
  }

 private:
  explicit TablePrinter(const Table& table) : table_(table) {
    for (const auto& name : table.names_) widths_.push_back(name.size());
    for (const auto& row : table.rows_) {
      for (std::size_t i = 0; i < row.size(); ++i)
        widths_[i] = std::max(widths_[i], row[i].size());
    }
  }

  void print_all() const {
    for (std::size_t from = 1; from < widths_.size();) {
      const std::size_t to = first_without_room(from);
      if (from > 1) std::printf("\n");
      print_line(table_.names_, from, to);
      for (const auto& row : table_.rows_) print_line(row, from, to);
      from = to;
    }
  }

  // After at least one column.
  [[nodiscard]] std::size_t first_without_room(std::size_t from) const {
    std::size_t width = indent.size() + widths_[0] + gap.size() + widths_[from];
    for (std::size_t i = from + 1; i < widths_.size(); ++i) {
      width += gap.size() + widths_[i];
      if (width > columns_allowed()) return i;
    }
    return widths_.size();
  }

  void print_line(const std::vector<std::string>& cells, std::size_t from,
                  std::size_t to) const {
    std::string line = std::string(indent) + cells[0] + padding(cells, 0);
    for (std::size_t i = from; i < to; ++i)
      line += std::string(gap) + padding(cells, i) + cells[i];
    line.erase(line.find_last_not_of(' ') + 1);
    std::printf("%s\n", line.c_str());
  }

  [[nodiscard]] std::string padding(const std::vector<std::string>& cells,
                                    std::size_t i) const {
    return std::string(widths_[i] - cells[i].size(), ' ');
  }

  static constexpr std::string_view indent = "  ";
  static constexpr std::string_view gap = "   ";

  const Table& table_;
  std::vector<std::size_t> widths_;
};

namespace {

bool run(const Entry& entry) {
  Table table;
  try {
    entry.body(table);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "experiment %s stopped: %s\n", entry.claim.c_str(),
                 error.what());
    return false;
  }
  if (!followed) TablePrinter::print(entry, table);
  return true;
}

const char* name_of(Kind kind) {
  return kind == Kind::explored ? "explored" : "measured";
}

void list() {
  for (const Entry& entry : registry()) {
    std::printf("%s\t%s\t%s\n", entry.claim.c_str(), name_of(entry.kind),
                entry.title.c_str());
  }
}

bool known(const std::string& claim) {
  return std::any_of(registry().begin(), registry().end(),
                     [&](const Entry& entry) { return entry.claim == claim; });
}

bool wanted(const Entry& entry, const std::vector<std::string>& claims) {
  if (entry.kind != this_kind) return false;
  for (const auto& claim : claims) {
    if (claim == entry.claim) return true;
  }
  return claims.empty();
}

}  // namespace
}  // namespace course

int main(int argc, char** argv) {
  using namespace course;
  std::vector<std::string> claims;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--list") == 0) {
      list();
      return 0;
    }
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick_run = true;
    } else if (std::strcmp(argv[i], "--follow") == 0) {
      followed = true;
    } else if (known(argv[i])) {
      claims.emplace_back(argv[i]);
    } else {
      std::fprintf(stderr, "this demo has no claim %s; see --list\n", argv[i]);
      return 2;
    }
  }
  count_owners_atomically();
  bool good = true;
  for (const auto& entry : registry()) {
    if (wanted(entry, claims)) good = run(entry) && good;
  }
  return good ? 0 : 1;
}
