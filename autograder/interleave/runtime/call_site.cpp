#include "interleave/runtime/call_site.hpp"

#include <elf.h>
#include <link.h>
#include <unwind.h>

#include <algorithm>

namespace interleave {
namespace {

constexpr int kMostFrames = 40;

// The program's code, without its libraries.
struct Range {
  Address begin = ~Address{0};
  Address end = 0;

  [[nodiscard]] bool holds(ProgramCounter pc) const { return begin <= pc && pc < end; }
};

int find_program(dl_phdr_info* info, std::size_t, void* result) {
  auto& range = *static_cast<Range*>(result);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    const Address begin = info->dlpi_addr + header.p_vaddr;
    range.begin = std::min(range.begin, begin);
    range.end = std::max(range.end, begin + header.p_memsz);
  }
  return 1;  // the first object is the program itself
}

const Range& program() {
  static const Range range = [] {
    Range found;
    dl_iterate_phdr(find_program, &found);
    return found;
  }();
  return range;
}

struct Search {
  int frames = 0;
  ProgramCounter found = 0;
};

_Unwind_Reason_Code look_at(_Unwind_Context* context, void* result) {
  auto& search = *static_cast<Search*>(result);
  const ProgramCounter pc = _Unwind_GetIP(context);
  if (program().holds(pc)) search.found = pc;
  const bool ends = search.found != 0 || ++search.frames == kMostFrames;
  return ends ? _URC_NORMAL_STOP : _URC_NO_REASON;
}

}  // namespace

ProgramCounter call_site_of(ProgramCounter pc) {
  if (program().holds(pc)) return 0;
  Search search;
  _Unwind_Backtrace(look_at, &search);
  return search.found;
}

bool is_in_program(ProgramCounter pc) { return program().holds(pc); }

void append_callers(std::vector<ProgramCounter>& stack, const Thread& self) {
  constexpr std::ptrdiff_t innermost = 64;
  constexpr std::ptrdiff_t outermost = 32;
  const auto& calls = self.calls;
  if (calls.size() <= innermost + outermost) {
    stack.insert(stack.end(), calls.rbegin(), calls.rend());
    return;
  }
  stack.insert(stack.end(), calls.rbegin(), calls.rbegin() + innermost);
  stack.insert(stack.end(), calls.rend() - outermost, calls.rend());
}

std::vector<ProgramCounter> stack_at(const Thread& self, ProgramCounter pc) {
  std::vector<ProgramCounter> stack{pc};
  if (const ProgramCounter site = call_site_of(pc); site != 0) stack.push_back(site);
  append_callers(stack, self);
  return stack;
}

}  // namespace interleave
