// The heap of a running body: the same addresses in every run, no address used twice in one.
//
//   base          floor                     top                                  limit
//    | kept blocks  | blocks of this run ...  | never used                         |
//    | state of each 16 bytes: unused · live · freed                               |
//
// Since nothing is reused within a run, a use of freed memory is seen for certain, and a
// false race with an earlier owner of the same bytes cannot happen.
//
// Threads     One at a time, as everywhere in the runtime.
// Left out    Bytes between the asked size and the next multiple of 16 count as the block's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "interleave/runtime/platform.hpp"
#include "interleave/runtime/program_memory.hpp"
#include "interleave/trace/operation.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

class Arena {
 public:
  struct Block {
    Address begin = 0;
    std::uint64_t size = 0;
    ThreadId thread = kNoThread;
    std::uint32_t allocated = 0;  // step
    std::uint32_t released = 0;   // step; meaningful if not live
    ProgramCounter pc = 0;
    bool live = true;
  };

  enum class State : std::uint8_t { kUnused, kLive, kFreed };

  static constexpr Address kBase = machine::kHeap;

  // Maps the address space; the first call does.
  void open();

  // Forgets all blocks above the floor.
  void begin_run();

  // Blocks of this run stay as they are for ever: something outside the body points to one.
  void keep_everything();

  // What an exploration begins with: the blocks that are kept, beside their memory.
  struct Start {
    Address floor = kBase;
    std::vector<Block> kept;
  };
  [[nodiscard]] Start start() const;
  // The kept blocks' bytes, and their states.
  [[nodiscard]] std::array<AddressRange, 2> kept_memory() const;
  // Forgets all that came later. The kept blocks' memory is the caller's to put back.
  void go_back_to(const Start& start);

  // nullptr when the arena is full.
  void* allocate(std::size_t size, std::size_t alignment, ThreadId thread,
                 std::uint32_t step, ProgramCounter pc);
  // `block` is what find returned.
  void release(Block& block, std::uint32_t step);

  [[nodiscard]] static bool contains(Address address) {
    return address - kBase < kCapacity;
  }
  // Whether all of a small access inside the arena is to live blocks.
  [[nodiscard]] State state_of(Address address) const {
    return static_cast<State>(states_[(address - kBase) / kGranule]);
  }

  // The block that holds `address`, live or freed; nullptr if none does.
  [[nodiscard]] Block* find(Address address);

  [[nodiscard]] std::size_t live_blocks() const { return live_; }
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  [[nodiscard]] std::size_t first_block_of_run() const { return first_of_run_; }

 private:
  static constexpr std::uint64_t kCapacity = std::uint64_t{4} << 30U;
  static constexpr std::uint64_t kGranule = 16;

  void mark(const Block& block, State state);

  std::uint8_t* states_ = nullptr;  // one for each granule
  Address floor_ = kBase;
  Address top_ = kBase;
  std::vector<Block> blocks_;  // in order of address
  std::size_t first_of_run_ = 0;
  std::size_t live_ = 0;  // of this run
};

// As a report has it.
[[nodiscard]] Block described(const Arena::Block& block);

// The blocks of this run that nothing outside it points to: not the program's variables,
// not the stacks and heap outside the body, not another block that is reachable.
// `stack_begin` is how far the program's stack goes down: the explorer's own is below it.
[[nodiscard]] std::vector<Arena::Block> unreachable_blocks(Arena& arena,
                                                           Address stack_begin);

}  // namespace interleave
