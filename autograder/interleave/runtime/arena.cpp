#include "interleave/runtime/arena.hpp"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "interleave/runtime/program_memory.hpp"
#include "interleave/runtime/real.hpp"

namespace interleave {
namespace {

void* map_at(Address address, std::size_t size) {
  void* mapped =
      real().mmap(reinterpret_cast<void*>(address), size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                      (address != 0 ? MAP_FIXED_NOREPLACE : 0),
                  -1, 0);
  if (mapped == MAP_FAILED ||
      (address != 0 && reinterpret_cast<Address>(mapped) != address)) {
    const bool is_limited = mapped == MAP_FAILED && errno == ENOMEM;
    std::fputs(is_limited ? "interleave: the explorer itself is out of memory\n"
                          : "interleave: the body's address space is taken\n",
               stderr);
    std::_Exit(3);
  }
  return mapped;
}

Address rounded_up(Address address, std::size_t alignment) {
  return (address + alignment - 1) & ~(alignment - 1);
}

}  // namespace

void Arena::open() {
  if (states_ != nullptr) return;
  map_at(kBase, kCapacity);
  states_ = static_cast<std::uint8_t*>(map_at(0, kCapacity / kGranule));
}

void Arena::begin_run() {
  std::memset(states_ + (floor_ - kBase) / kGranule, 0, (top_ - floor_) / kGranule);
  top_ = floor_;
  blocks_.resize(first_of_run_);
  live_ = 0;
}

void Arena::keep_everything() {
  floor_ = top_;
  first_of_run_ = blocks_.size();
  live_ = 0;
}

Arena::Start Arena::start() const {
  const Block* const first = blocks_.data();
  return {floor_, {first, first + first_of_run_}};
}

std::array<AddressRange, 2> Arena::kept_memory() const {
  const std::size_t size = floor_ - kBase;
  return {{{kBase, size}, {reinterpret_cast<Address>(states_), size / kGranule}}};
}

void Arena::go_back_to(const Start& start) {
  if (states_ == nullptr) return;
  floor_ = start.floor;
  blocks_ = start.kept;
  first_of_run_ = blocks_.size();
  begin_run();
  // Its bytes are those of a new mapping again.
  const Address page = rounded_up(floor_, static_cast<std::size_t>(getpagesize()));
  std::memset(reinterpret_cast<void*>(floor_), 0, page - floor_);
  madvise(reinterpret_cast<void*>(page), kBase + kCapacity - page, MADV_DONTNEED);
}

void* Arena::allocate(std::size_t size, std::size_t alignment, ThreadId thread,
                      std::uint32_t step, ProgramCounter pc) {
  const Address begin = rounded_up(top_, std::max<std::size_t>(alignment, kGranule));
  // One granule between blocks stays unused, so that running off the end is seen.
  const Address end =
      rounded_up(begin + std::max<std::size_t>(size, 1), kGranule) + kGranule;
  if (size > kCapacity || end > kBase + kCapacity) return nullptr;
  top_ = end;
  blocks_.push_back({begin, size, thread, step, 0, pc, true});
  mark(blocks_.back(), State::kLive);
  ++live_;
  return reinterpret_cast<void*>(begin);
}

void Arena::release(Block& block, std::uint32_t step) {
  block.live = false;
  block.released = step;
  mark(block, State::kFreed);
  if (&block - blocks_.data() >= static_cast<std::ptrdiff_t>(first_of_run_)) --live_;
}

Arena::Block* Arena::find(Address address) {
  auto after = std::upper_bound(
      blocks_.begin(), blocks_.end(), address,
      [](Address wanted, const Block& block) { return wanted < block.begin; });
  if (after == blocks_.begin()) return nullptr;
  Block& block = *--after;
  return address < block.begin + std::max<std::uint64_t>(block.size, 1) ? &block
                                                                        : nullptr;
}

void Arena::mark(const Block& block, State state) {
  const std::uint64_t granules =
      (std::max<std::uint64_t>(block.size, 1) + kGranule - 1) / kGranule;
  std::memset(states_ + (block.begin - kBase) / kGranule, static_cast<int>(state),
              granules);
}

// -- Reachability -----------------------------------------------------------------------

namespace {

class Marker {
 public:
  explicit Marker(Arena& arena) : arena_(arena), reached_(arena.blocks().size(), false) {}

  // Every aligned word that could be a pointer into a live block reaches it.
  void scan(Address begin, Address end) {
    for (Address at = rounded_up(begin, sizeof(Address)); at + sizeof(Address) <= end;
         at += sizeof(Address)) {
      Address word = 0;
      std::memcpy(&word, reinterpret_cast<const void*>(at), sizeof word);
      if (arena_.contains(word)) reach(word);
    }
  }

  void follow_all() {
    while (!pending_.empty()) {
      const Arena::Block block = arena_.blocks()[pending_.back()];
      pending_.pop_back();
      scan(block.begin, block.begin + block.size);
    }
  }

  [[nodiscard]] bool reached(std::size_t index) const { return reached_[index]; }

 private:
  void reach(Address address) {
    const Arena::Block* block = arena_.find(address);
    if (block == nullptr || !block->live) return;
    const auto index = static_cast<std::size_t>(block - arena_.blocks().data());
    if (reached_[index]) return;
    reached_[index] = true;
    pending_.push_back(index);
  }

  Arena& arena_;
  std::vector<bool> reached_;
  std::vector<std::size_t> pending_;
};

}  // namespace

std::vector<Arena::Block> unreachable_blocks(Arena& arena, Address stack_begin) {
  Marker marker(arena);
  for (const AddressRange& range : variables().program) {
    marker.scan(range.begin, range.end());
  }
  marker.scan(variables().loader.begin, variables().loader.end());
  if (stack_begin < end_of_main_stack()) marker.scan(stack_begin, end_of_main_stack());
  marker.scan(heap_of_program().begin, heap_of_program().end());
  marker.follow_all();

  std::vector<Arena::Block> unreachable;
  for (std::size_t i = arena.first_block_of_run(); i < arena.blocks().size(); ++i) {
    const Arena::Block& block = arena.blocks()[i];
    if (block.live && !marker.reached(i)) unreachable.push_back(block);
  }
  return unreachable;
}

Block described(const Arena::Block& block) {
  return {block.begin,
          block.size,
          block.thread,
          block.allocated,
          block.live ? kNoStep : block.released,
          {block.pc}};
}

}  // namespace interleave
