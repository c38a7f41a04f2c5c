#include "interleave/runtime/starting_state.hpp"

#include <malloc.h>
#include <unistd.h>

#include "interleave/runtime/real.hpp"

namespace interleave {

StartingState the_starting_state;

namespace {

// To copy so much takes about as long as to fork.
constexpr std::size_t kMost = std::size_t{2} << 20U;

constinit bool anything_is_not_saved = false;

}  // namespace

void note_what_is_not_saved() { anything_is_not_saved = true; }

bool StartingState::save(Arena& arena, Address program_stack) {
  saves_ = false;
  // Large blocks do not lie in the heap.
  if (anything_is_not_saved || mallinfo2().hblks != 0) return false;
  saved_.clear();
  threads_.clear();
  size_ = 0;
  arena_ = &arena;
  std::vector<AddressRange> ranges = variables().program;
  ranges.push_back(heap_of_program());
  if (ranges.back().size == 0) return false;  // it is not known where it lies
  heap_end_ = ranges.back().end();
  ranges.push_back({program_stack, end_of_main_stack() - program_stack});
  ranges.push_back(own_variables_of_caller());
  for (const AddressRange& kept : arena.kept_memory()) ranges.push_back(kept);
  std::size_t size = 0;
  for (const AddressRange& range : ranges) {
    if (range.size > kMost - size) return false;  // the stack of another thread, say
    size += range.size;
  }
  if (copies_.size() < size) copies_.resize(size);
  for (const AddressRange& range : ranges) save(range);
  arena_start_ = arena.start();
  saves_ = true;
  return true;
}

void StartingState::save(const AddressRange& memory) {
  if (copies_.size() < size_ + memory.size) copies_.resize(size_ + memory.size);
  real().memcpy(copies_.data() + size_, reinterpret_cast<const void*>(memory.begin),
                memory.size);
  saved_.push_back({memory, size_});
  size_ += memory.size;
}

void StartingState::save_thread(Fiber& fiber) {
  threads_.push_back({&fiber, fiber.stack_begin});
  save(fiber.own_variables);
}

void StartingState::put_back() {
  saves_ = false;
  arena_->go_back_to(arena_start_);
  if (heap_of_program().end() < heap_end_)
    static_cast<void>(brk(reinterpret_cast<void*>(heap_end_)));
  for (const Saved& saved : saved_) {
    real().memcpy(reinterpret_cast<void*>(saved.memory.begin), copies_.data() + saved.at,
                  saved.memory.size);
  }
  for (const UsedThread& used : threads_) renew_stack(*used.fiber, used.stack_begin);
}

}  // namespace interleave
