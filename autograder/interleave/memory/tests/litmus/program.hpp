// Litmus programs as data: a few threads of a few memory operations.
//
//   const Program sb = {"SB", {{store(x, 1), load(y)}, {store(y, 1), load(x)}}};
//
// All locations hold 0 at first. What an instruction reads is its register. An outcome is
// all registers, thread by thread, then what x, y and z hold at the end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace litmus {

using interleave::MemoryOrder;

inline constexpr MemoryOrder rlx = MemoryOrder::kRelaxed;
inline constexpr MemoryOrder acq = MemoryOrder::kAcquire;
inline constexpr MemoryOrder rel = MemoryOrder::kRelease;
inline constexpr MemoryOrder acq_rel = MemoryOrder::kAcqRel;
inline constexpr MemoryOrder sc = MemoryOrder::kSeqCst;

enum Place : std::uint32_t { x, y, z };
inline constexpr std::uint32_t kPlaces = 3;

enum class Act : std::uint8_t {
  kLoad,
  kStore,
  kAdd,  // fetch_add
  kExchange,
  kCompare,  // compare_exchange_strong
  kFence,
  kPlainRead,
  kPlainWrite,
};

inline constexpr std::size_t kNoRegister = ~std::size_t{0};

struct Instruction {
  Act act = Act::kFence;
  MemoryOrder order = sc;
  MemoryOrder failure = sc;  // kCompare
  Place place = x;
  std::uint64_t value = 0;          // to store, to add
  std::uint64_t expected = 0;       // kCompare
  std::size_t added = kNoRegister;  // this register of the thread is added to the value
  std::size_t guard = kNoRegister;  // only done if this register of the thread ...
  std::uint64_t guarded = 0;        // ... holds this

  [[nodiscard]] bool reads() const {
    return act != Act::kStore && act != Act::kFence && act != Act::kPlainWrite;
  }
  [[nodiscard]] bool plain() const {
    return act == Act::kPlainRead || act == Act::kPlainWrite;
  }
};

using Code = std::vector<Instruction>;

struct Program {
  std::string name;
  std::vector<Code> threads;
};

[[nodiscard]] inline Instruction load(Place place, MemoryOrder order = acq) {
  return {.act = Act::kLoad, .order = order, .place = place};
}
[[nodiscard]] inline Instruction store(Place place, std::uint64_t value,
                                       MemoryOrder order = rel) {
  return {.act = Act::kStore, .order = order, .place = place, .value = value};
}
[[nodiscard]] inline Instruction add(Place place, std::uint64_t value,
                                     MemoryOrder order = acq_rel) {
  return {.act = Act::kAdd, .order = order, .place = place, .value = value};
}
[[nodiscard]] inline Instruction exchange(Place place, std::uint64_t value,
                                          MemoryOrder order = acq_rel) {
  return {.act = Act::kExchange, .order = order, .place = place, .value = value};
}
[[nodiscard]] inline Instruction compare(Place place, std::uint64_t expected,
                                         std::uint64_t value, MemoryOrder order = acq_rel,
                                         MemoryOrder failure = acq) {
  return {.act = Act::kCompare,
          .order = order,
          .failure = failure,
          .place = place,
          .value = value,
          .expected = expected};
}
[[nodiscard]] inline Instruction fence(MemoryOrder order = sc) {
  return {.act = Act::kFence, .order = order};
}
[[nodiscard]] inline Instruction plain_read(Place place) {
  return {.act = Act::kPlainRead, .place = place};
}
[[nodiscard]] inline Instruction plain_write(Place place, std::uint64_t value) {
  return {.act = Act::kPlainWrite, .place = place, .value = value};
}
// `instruction` with what register `number` holds added to its value.
[[nodiscard]] inline Instruction plus(Instruction instruction, std::size_t number) {
  instruction.added = number;
  return instruction;
}
// `instruction`, done only if register `number` holds `value`.
[[nodiscard]] inline Instruction given(std::size_t number, std::uint64_t value,
                                       Instruction instruction) {
  instruction.guard = number;
  instruction.guarded = value;
  return instruction;
}

// What each instruction of each thread read; kUnread where it did not.
inline constexpr std::uint64_t kUnread = ~std::uint64_t{0};
using Registers = std::vector<std::vector<std::uint64_t>>;

// Whether a thread does this instruction, and the value it then writes.
[[nodiscard]] inline bool is_done(const Instruction& instruction,
                                  const std::vector<std::uint64_t>& registers) {
  return instruction.guard == kNoRegister ||
         registers[instruction.guard] == instruction.guarded;
}
[[nodiscard]] inline std::uint64_t written(const Instruction& instruction,
                                           const std::vector<std::uint64_t>& registers,
                                           std::uint64_t read) {
  std::uint64_t value = instruction.value;
  if (instruction.added != kNoRegister) value += registers[instruction.added];
  if (instruction.act == Act::kAdd) value += read;
  return value & 0xFFFF'FFFF;
}

// "1 0 | 0 ; 1 1 0": the registers that were read, thread by thread; the end.
[[nodiscard]] std::string outcome(const Registers& registers,
                                  const std::vector<std::uint64_t>& end);

// All distinct executions of a program: how many lead to each outcome.
struct Executions {
  std::map<std::string, std::uint64_t> outcomes;
  bool race = false;  // some execution has one

  [[nodiscard]] std::uint64_t count() const;
  // Whether some outcome begins with these registers.
  [[nodiscard]] bool has(const std::string& registers) const;
};

// The program as text, for the message of a test that failed.
[[nodiscard]] std::string text(const Program& program);

}  // namespace litmus
