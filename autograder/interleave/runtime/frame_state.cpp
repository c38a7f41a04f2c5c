#include "interleave/runtime/frame_state.hpp"

#include <unwind.h>

#include <cstring>

#include "interleave/runtime/platform.hpp"

namespace interleave {
namespace {

constexpr int kMostFramesOfTheRuntime = 24;

struct Wanted {
  ProgramCounter pc = 0;
  int frames = 0;
  Address stack_pointer = 0;  // 0: not found
  std::uint64_t state = 0;
};

void stir(std::uint64_t& state, std::uint64_t word) {
  state = (state ^ word) * 0x9E37'79B9'7F4A'7C15U;
  state ^= state >> 29U;
}

_Unwind_Reason_Code look_for_frame(_Unwind_Context* context, void* result) {
  auto& wanted = *static_cast<Wanted*>(result);
  if (_Unwind_GetIP(context) != wanted.pc) {
    const bool lost = ++wanted.frames == kMostFramesOfTheRuntime;
    return lost ? _URC_NORMAL_STOP : _URC_NO_REASON;
  }
  wanted.stack_pointer = _Unwind_GetCFA(context);
  for (const int number : machine::kPreserved) {
    stir(wanted.state, _Unwind_GetGR(context, number));
  }
  return _URC_NORMAL_STOP;
}

}  // namespace

std::uint64_t frame_state(ProgramCounter pc, Address stack_end) {
  Wanted wanted;
  wanted.pc = pc;
  _Unwind_Backtrace(look_for_frame, &wanted);
  if (wanted.stack_pointer == 0 || wanted.stack_pointer > stack_end) return 0;
  for (Address at = wanted.stack_pointer; at + sizeof(std::uint64_t) <= stack_end;
       at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, reinterpret_cast<const void*>(at), sizeof word);
    stir(wanted.state, word);
  }
  return wanted.state | 1U;
}

}  // namespace interleave
