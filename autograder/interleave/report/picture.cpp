#include "interleave/report/picture.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "interleave/report/wording.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

constexpr std::size_t kWidth = 100;  // what the columns share
constexpr std::size_t kWidestColumn = 42;
constexpr std::size_t kNarrowestColumn = 14;
constexpr std::size_t kMostRows = 60;
constexpr std::size_t kRowsAtStart = 6;
constexpr std::size_t kRowsAtEnd = 44;

// Where the words begin, behind numbers of at least three digits and a gap.
std::size_t behind_numbers(std::size_t rows, std::size_t gap) {
  return std::max<std::size_t>(std::to_string(rows).size(), 3) + gap;
}

// Steps that tell a reader nothing unless an explanation names them.
bool is_background(OperationKind kind) {
  switch (kind) {
    case OperationKind::kThreadStart:
    case OperationKind::kPlainRead:
    case OperationKind::kPlainWrite:
    case OperationKind::kAllocate:
    case OperationKind::kRelease:
    case OperationKind::kClockRead:
    case OperationKind::kDestroy:
      return true;
    default:
      return false;
  }
}

// Library calls through which threads wait for one another; others (a shared_ptr's count,
// a string) tell nothing.
bool is_waiting_class(const std::string& through) {
  static constexpr std::string_view kWords[] = {"latch",
                                                "barrier",
                                                "semaphore",
                                                "future",
                                                "promise",
                                                "packaged_task",
                                                "atomic",
                                                "call_once",
                                                "async",
                                                "stop_",
                                                "condition_variable_any"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) {
    return through.find(word) != std::string::npos;
  });
}

// Whether the step is a library's own, and the program knows only the call.
bool inside_library(const Step& step, const Origin& origin) {
  return origin.hides(step.operation.kind);
}

}  // namespace

Picture::Picture(const Trace& trace, const Naming& naming,
                 std::vector<std::uint32_t> spoken_of, std::uint32_t inflection,
                 std::vector<std::uint32_t> values)
    : naming_(naming),
      spoken_of_(std::move(spoken_of)),
      inflection_(inflection),
      values_(std::move(values)) {
  add_rows(trace);
}

void Picture::add_rows(const Trace& trace) {
  std::uint32_t left_out = 0;
  for (const Step& step : trace.steps) {
    left_out += step.left_out;
    const Origin origin = naming_.origin(step.stack);
    std::optional<std::size_t> row = row_continued_by(step, origin);
    if (!row) {
      if (!shows(step, origin)) continue;
      row = rows_.size();
      rows_.push_back(&step);
      origins_.push_back(origin);
      blocked_.push_back(false);
      left_out_.push_back(std::exchange(left_out, 0));
      looks_.push_back(nullptr);
    }
    if (step.reads && step.operation.kind == OperationKind::kAtomicLoad)
      looks_[*row] = &step;
    if (step.blocked) blocked_[*row] = true;
    numbers_[step.number] = *row + 1;
  }
}

// The row that tells of this step already: of the library call that it belongs to, or of
// the wait whose unlocking it is.
std::optional<std::size_t> Picture::row_continued_by(const Step& step,
                                                     const Origin& origin) const {
  std::size_t row = rows_.size();
  while (row > 0 && rows_[row - 1]->operation.thread != step.operation.thread) --row;
  if (row == 0) return std::nullopt;
  const Operation& before = rows_[row - 1]->operation;
  if (before.kind == OperationKind::kConditionWait &&
      step.operation.kind == OperationKind::kUnlock &&
      before.second_object == step.operation.object) {
    return row - 1;
  }
  const Origin& last = origins_[row - 1];
  const bool same_call = row == rows_.size() && inside_library(step, origin) &&
                         last.through == origin.through &&
                         last.place.line == origin.place.line &&
                         last.place.file == origin.place.file;
  return same_call ? std::optional(row - 1) : std::nullopt;
}

bool Picture::spoken_of(std::uint32_t step) const {
  return std::binary_search(spoken_of_.begin(), spoken_of_.end(), step);
}

bool Picture::shows(const Step& step, const Origin& origin) const {
  if (spoken_of(step.number)) return true;
  if (std::binary_search(values_.begin(), values_.end(), step.number)) return true;
  if (is_background(step.operation.kind)) return false;
  if (origin.of_lesson) return true;
  if (inside_library(step, origin)) return is_waiting_class(origin.through);
  // A jthread's stop token, a thread's handle: the starting and joining say it all.
  if (is_atomic(step.operation.kind) &&
      origin.through.find("thread::") != std::string::npos) {
    return false;
  }
  if (step.operation.kind != OperationKind::kCall) {
    // What the explorer does for itself has no place in the program.
    return !origin.place.file.empty() ||
           step.operation.kind == OperationKind::kThreadExit;
  }
  // A call is shown where it leads from one file of the program into another: from the
  // test into the student's class.
  const Frame callee = naming_.entered(step);
  return !callee.foreign() && callee.function != "lambda" &&
         callee.file != origin.place.file;
}

std::size_t Picture::number_of(std::uint32_t step) const {
  const auto found = numbers_.find(step);
  return found == numbers_.end() ? 0 : found->second;
}

std::string Picture::step_name(std::uint32_t step) const {
  const std::size_t number = number_of(step);
  return number == 0 ? "the start" : "step " + std::to_string(number);
}

std::string Picture::note(std::size_t index) const {
  const Step& step = *rows_[index];
  if (step.waits_for != kNoThread)
    return "   waits for " + naming_.thread(step.waits_for);
  if (step.reads && step.newest_store != kNoStep &&
      step.newest_store != step.reads_from) {
    return "   old: " + step_name(step.newest_store) + " stored a newer one";
  }
  if (step.operation.kind == OperationKind::kConditionWake && step.woken_by != kNoStep) {
    return "   woken by " + step_name(step.woken_by);
  }
  return inside_library(step, origins_[index]) && blocked_[index] ? "   waits" : "";
}

std::string Picture::words(std::size_t index) const {
  const Origin& origin = origins_[index];
  if (!inside_library(*rows_[index], origin)) return in_words(*rows_[index], naming_);
  const bool waits = origin.through.find("atomic") != std::string::npos &&
                     origin.through.ends_with("::wait") && looks_[index] != nullptr;
  return naming_.call(origin) + (waits ? value_read_in_words(*looks_[index]) : "");
}

Frame Picture::place(std::size_t index) const {
  const Step& step = *rows_[index];
  const bool call = step.operation.kind == OperationKind::kCall;
  return call && !inside_library(step, origins_[index]) ? naming_.entered(step)
                                                        : origins_[index].place;
}

std::string Picture::row(std::size_t index, std::size_t indent) const {
  char number[16];
  std::snprintf(number, sizeof number, "%3zu", index + 1);
  std::string line = number;
  line.resize(behind_numbers(rows_.size(), 3) + indent, ' ');
  line += words(index);
  const std::string location = Naming::location(place(index));
  if (!location.empty()) line += "   " + location;
  return line + note(index) + "\n";
}

// Where each thread's column begins.
std::map<ThreadId, std::size_t> Picture::indents() const {
  std::set<ThreadId> threads;
  for (const Step* step : rows_) threads.insert(step->operation.thread);
  std::map<ThreadId, std::size_t> indents;
  if (threads.empty()) return indents;
  const std::size_t column =
      std::clamp(kWidth / threads.size(), kNarrowestColumn, kWidestColumn);
  for (const ThreadId thread : threads) indents[thread] = indents.size() * column;
  return indents;
}

std::string Picture::header() const {
  std::string out;
  for (const auto& [thread, indent] : indents()) {
    out.resize(std::max(out.size() + (indent == 0 ? 0 : 1),
                        behind_numbers(rows_.size(), 3) + indent),
               ' ');
    out += naming_.thread(thread);
  }
  return out.empty() ? out : out + "\n";
}

std::vector<Picture::Row> Picture::rows() const {
  const std::map<ThreadId, std::size_t> indent = indents();
  std::vector<Row> all;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Step& step = *rows_[i];
    std::string note = this->note(i);
    note.erase(0, note.find_first_not_of(' '));
    all.push_back({row(i, indent.at(step.operation.thread)), step.number,
                   origins_[i].place, &step, words(i), std::move(note), left_out_[i]});
  }
  for (const auto& [step, number] : numbers_) all[number - 1].step = step;
  return all;
}

// The mistake, the point of no return and what an explanation speaks of; then the last rows of
// the program under test, then of the test.
std::vector<std::size_t> Picture::rows_that_matter(const Mistake& mistake,
                                                   std::size_t most) const {
  std::set<std::size_t> chosen;
  const auto choose = [&](std::size_t row) {
    if (row < rows_.size() && chosen.size() < most) chosen.insert(row);
  };
  if (mistake.step != nullptr) choose(number_of(mistake.step->number) - 1);
  choose(number_of(inflection_) - 1);
  for (auto step = spoken_of_.rbegin(); step != spoken_of_.rend(); ++step) {
    if (const std::size_t number = number_of(*step); number != 0) choose(number - 1);
  }
  for (const bool own : {true, false}) {
    for (std::size_t row = rows_.size(); row-- > 0;) {
      const OperationKind kind = rows_[row]->operation.kind;
      const bool tells = kind != OperationKind::kThreadExit &&
                         kind != OperationKind::kThreadCreate &&
                         kind != OperationKind::kCall;
      if (tells && (origins_[row].place.file == mistake.place.file) == own) choose(row);
    }
  }
  return {chosen.begin(), chosen.end()};
}

std::string Picture::brief_row(std::size_t index, const std::string& file,
                               std::size_t width) const {
  std::string line = words(index);
  const Frame place = this->place(index);
  if (!place.file.empty()) {
    line += place.file == file ? "  :" + std::to_string(place.line)
                               : "  " + Naming::location(place);
  }
  if (const std::string more = note(index); line.size() + more.size() <= width)
    line += more;
  if (line.size() > width) line = line.substr(0, width - 1) + "…";
  return line;
}

std::string Picture::brief(const Mistake& mistake, std::size_t width, std::size_t most,
                           const std::string& way_back) const {
  const std::size_t first = behind_numbers(rows_.size(), 2);
  const std::vector<std::size_t> chosen = rows_that_matter(mistake, most);
  const std::string& file = mistake.place.file;
  std::map<ThreadId, std::size_t> columns;
  for (const std::size_t row : chosen) columns[rows_[row]->operation.thread] = first;
  std::size_t longest_name = 0;
  for (const auto& [thread, column] : columns) {
    longest_name = std::max(longest_name, naming_.thread(thread).size() + 2);
  }
  std::map<std::size_t, std::string> texts;
  std::size_t longest = 0;
  for (const std::size_t row : chosen) {
    texts[row] = brief_row(row, file, width - first - longest_name);
    longest = std::max(longest, texts[row].size());
  }
  // Columns where there is room for them, else each row begins with its thread's name.
  const std::size_t gaps = std::max<std::size_t>(columns.size(), 2) - 1;
  const std::size_t apart = std::min(kWidestColumn, (width - first - longest) / gaps);
  const bool in_columns = apart >= longest_name;
  std::string out;
  if (in_columns) {
    std::size_t column = first;
    for (auto& [thread, begins] : columns) {
      begins = std::exchange(column, column + apart);
      out.resize(begins, ' ');
      out += naming_.thread(thread);
    }
    out += "\n";
  }
  for (const auto& [row, text] : texts) {
    const ThreadId thread = rows_[row]->operation.thread;
    char number[16];
    std::snprintf(number, sizeof number, "%3zu", row + 1);
    std::string line = number;
    line.resize(columns[thread], ' ');
    if (!in_columns) {
      line += naming_.thread(thread);
      line.resize(first + longest_name, ' ');
    }
    out += line + text + "\n";
    if (row + 1 == number_of(inflection_)) out += way_back;
  }
  return out;
}

std::string Picture::text(const std::string& way_back) const {
  const std::vector<Row> all = rows();
  const std::size_t inflection = number_of(inflection_);
  std::string out = header();
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool in_middle = all.size() > kMostRows && i >= kRowsAtStart &&
                           i + kRowsAtEnd < all.size() && !spoken_of(rows_[i]->number);
    if (in_middle) {
      left_out += 1 + all[i].left_out;
      continue;
    }
    if (left_out > 0) out += "  ...   " + counted(left_out, "step") + " left out\n";
    left_out = 0;
    out += all[i].text;
    if (i + 1 == inflection) out += way_back;
  }
  return out;
}

}  // namespace interleave
