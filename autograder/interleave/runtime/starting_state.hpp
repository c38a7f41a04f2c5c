// What a body can change in this process, as it was before the first schedule.
//
//      save() ---- schedules, one after the other ----+---- and so on, as it is
//                                                     |
//                                                     +--fork--> put_back() --> as it was
//
//   saved when an exploration begins          saved before an exploration first uses it
//     variables of the program and of           a thread's own variables, and the C library's
//     all libraries but this one                 of each thread
//     the program's stack, down to its call
//     the C library's heap                     made new
//     the explorer's thread-local variables      the stacks of the body's threads
//     blocks that earlier bodies left            the body's heap
//
// Threads     None: one caller, the explorer; thread_is_used by the body's threads.
// Left out    What the kernel keeps for a process (see before_a_lasting_change); memory that
//             processes share; what an earlier exploration returned.
#pragma once

#include <cstddef>
#include <vector>

#include "interleave/runtime/arena.hpp"
#include "interleave/runtime/fiber.hpp"
#include "interleave/runtime/program_memory.hpp"

namespace interleave {

class StartingState {
 public:
  // `arena` is the body's heap; the program's stack goes down to `program_stack`. False if there
  // is memory that it cannot save, or so much that a process costs less.
  [[nodiscard]] bool save(Arena& arena, Address program_stack);
  // The thread of this number is about to be used. Numbers come in order the first time.
  void thread_is_used(std::size_t number, Fiber& fiber) {
    if (saves_ && number == threads_.size()) save_thread(fiber);
  }
  // No thread needs to be saved any more.
  void stop_saving() { saves_ = false; }

  // In a copy of the process that was forked later; not on a stack that is put back.
  void put_back();

 private:
  struct Saved {
    AddressRange memory;
    std::size_t at = 0;  // in copies_
  };
  struct UsedThread {
    Fiber* fiber = nullptr;
    Address stack_begin = 0;
  };

  void save_thread(Fiber& fiber);
  void save(const AddressRange& memory);

  bool saves_ = false;
  Arena* arena_ = nullptr;
  Arena::Start arena_start_;
  Address heap_end_ = 0;  // the C library gives its end back to the kernel
  std::vector<Saved> saved_;
  std::vector<UsedThread> threads_;
  std::size_t size_ = 0;      // of what is in use of copies_
  std::vector<char> copies_;  // never shrinks: new memory costs more than to fill it
};

// The only one. Each thread's start asks it, so it is not behind a call.
[[gnu::visibility("hidden")]] extern StartingState the_starting_state;
[[nodiscard]] inline StartingState& starting_state() { return the_starting_state; }

// Notes that the program has what save cannot save: it maps memory itself, or starts threads
// outside a body, which may change memory at any time and have heaps of their own.
[[gnu::visibility("hidden")]] void note_what_is_not_saved();

}  // namespace interleave
