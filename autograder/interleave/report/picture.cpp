#include "interleave/report/picture.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "interleave/report/wording.hpp"

namespace interleave {
namespace {

constexpr std::size_t kFirstColumn = 6;
constexpr std::size_t kWidth = 100;  // what the columns share
constexpr std::size_t kWidestColumn = 42;
constexpr std::size_t kNarrowestColumn = 14;
constexpr std::size_t kMostRows = 60;
constexpr std::size_t kRowsAtStart = 6;
constexpr std::size_t kRowsAtEnd = 44;

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

}  // namespace

Picture::Picture(const Trace& trace, const Naming& naming,
                 std::vector<std::uint32_t> spoken_of)
    : naming_(naming), spoken_of_(std::move(spoken_of)) {
  for (const Step& step : trace.steps) {
    if (!shows(step)) continue;
    rows_.push_back(&step);
    numbers_[step.number] = rows_.size();
  }
}

bool Picture::spoken_of(std::uint32_t step) const {
  return std::binary_search(spoken_of_.begin(), spoken_of_.end(), step);
}

bool Picture::shows(const Step& step) const {
  if (spoken_of(step.number)) return true;
  if (is_background(step.operation.kind)) return false;
  if (step.operation.kind != OperationKind::kCall) {
    // What the explorer or the library does for itself has no place in the program.
    return !naming_.place(step.stack).file.empty() ||
           step.operation.kind == OperationKind::kThreadExit;
  }
  // A call is shown where it leads from one file of the program into another: from the
  // test into the student's class.
  const Frame callee = naming_.entered(step);
  const Frame caller = naming_.place(step.stack);
  return !callee.foreign() && callee.function != "lambda" && callee.file != caller.file;
}

std::string Picture::step_name(std::uint32_t step) const {
  const auto found = numbers_.find(step);
  if (found == numbers_.end()) return "the start";
  return "step " + std::to_string(found->second);
}

std::string Picture::note(const Step& step) const {
  if (step.waits_for != kNoThread)
    return "   waits for " + naming_.thread(step.waits_for);
  if (step.reads && step.newest_store != kNoStep &&
      step.newest_store != step.reads_from) {
    return "   old: " + step_name(step.newest_store) + " stored a newer one";
  }
  if (step.operation.kind == OperationKind::kConditionWake && step.woken_by != kNoStep) {
    return "   woken by " + step_name(step.woken_by);
  }
  return {};
}

std::string Picture::row(const Step& step, std::size_t indent) const {
  char number[16];
  std::snprintf(number, sizeof number, "%3zu", numbers_.at(step.number));
  std::string line = number;
  line.resize(kFirstColumn + indent, ' ');
  line += in_words(step, naming_);
  const bool call = step.operation.kind == OperationKind::kCall;
  const std::string location =
      Naming::location(call ? naming_.entered(step) : naming_.place(step.stack));
  if (!location.empty()) line += "   " + location;
  return line + note(step) + "\n";
}

std::string Picture::text() const {
  std::set<ThreadId> threads;
  for (const Step* step : rows_) threads.insert(step->operation.thread);
  if (threads.empty()) return {};
  const std::size_t column =
      std::clamp(kWidth / threads.size(), kNarrowestColumn, kWidestColumn);

  std::string out(kFirstColumn, ' ');
  std::map<ThreadId, std::size_t> indents;
  for (const ThreadId thread : threads) {
    const std::size_t indent = indents.size() * column;
    indents[thread] = indent;
    out.resize(std::max(out.size() + (indent == 0 ? 0 : 1), kFirstColumn + indent), ' ');
    out += naming_.thread(thread);
  }
  out += '\n';

  std::size_t left_out = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Step& step = *rows_[i];
    const bool in_middle = rows_.size() > kMostRows && i >= kRowsAtStart &&
                           i + kRowsAtEnd < rows_.size() && !spoken_of(step.number);
    if (in_middle) {
      ++left_out;
      continue;
    }
    if (left_out > 0) out += "  ...   " + std::to_string(left_out) + " steps left out\n";
    left_out = 0;
    out += row(step, indents[step.operation.thread]);
  }
  return out;
}

}  // namespace interleave
