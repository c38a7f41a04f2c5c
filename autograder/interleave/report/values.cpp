#include "interleave/report/values.hpp"

#include <algorithm>
#include <set>

namespace interleave {
namespace {

constexpr std::size_t kMostAccesses = 12;

// Whether the step is done by the check's line, or by what that calls.
bool is_done_for(const Failure& check, const Step& step, Symbols& symbols) {
  return std::any_of(step.stack.begin(), step.stack.end(), [&](ProgramCounter pc) {
    const std::vector<Frame>& frames = symbols.frames(pc);
    return std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
      return frame.line == check.line && file_name(frame.file) == file_name(check.file);
    });
  });
}

}  // namespace

std::vector<std::uint32_t> accesses_of_checked(const Failure& failure, const Trace& trace,
                                               Symbols& symbols) {
  if (failure.kind != FailureKind::kCheck || failure.file.empty()) return {};
  std::set<Address> read;
  std::set<Address> written;
  for (const Step& step : trace.steps) {
    const bool by_checker = step.operation.thread == failure.thread;
    if (step.operation.kind == OperationKind::kPlainWrite && !by_checker)
      written.insert(step.operation.object);
    if (step.operation.kind == OperationKind::kPlainRead && by_checker &&
        is_done_for(failure, step, symbols)) {
      read.insert(step.operation.object);
    }
  }
  std::vector<std::uint32_t> accesses;
  for (const Step& step : trace.steps) {
    const Address object = step.operation.object;
    if (is_plain(step.operation.kind) && read.contains(object) &&
        written.contains(object))
      accesses.push_back(step.number);
  }
  const std::size_t many = accesses.size() - std::min(accesses.size(), kMostAccesses);
  accesses.erase(accesses.begin(), accesses.begin() + static_cast<std::ptrdiff_t>(many));
  return accesses;
}

}  // namespace interleave
