#include "interleave/runtime/library_wait.hpp"

#include <algorithm>
#include <utility>

#include "interleave/report/report.hpp"

namespace interleave {
namespace {

constexpr std::size_t kMostCallers = 12;

std::vector<KnownPlace>& places() {
  static std::vector<KnownPlace> all;
  return all;
}

}  // namespace

const std::vector<KnownPlace>& known_places() { return places(); }

void learn_places(std::vector<KnownPlace> known) { places() = std::move(known); }

bool in_library_wait(const Thread& self, ProgramCounter pc) {
  const std::size_t callers = std::min(self.calls.size(), kMostCallers);
  std::uint64_t stack = pc;
  for (std::size_t i = 0; i < callers; ++i) {
    stack = stack * 0x9E37'79B9'7F4A'7C15U + self.calls[self.calls.size() - 1 - i];
  }
  for (const KnownPlace& known : places()) {
    if (known.stack == stack) return known.waits;
  }
  std::vector<ProgramCounter> frames{pc};
  frames.insert(frames.end(), self.calls.rbegin(),
                self.calls.rbegin() + static_cast<std::ptrdiff_t>(callers));
  places().push_back({stack, is_library_wait(frames)});
  return places().back().waits;
}

}  // namespace interleave
