// A stack and a thread pointer that the explorer can switch to: a thread without a kernel thread.
//
//      kernel thread        fiber 0          fiber 1
//      [ explorer ] ------> [ body ] ------> [ worker 1 ]      one runs at a time
//                  switch_to        switch_to
//
// The thread pointer (see machine/) is switched with the stack, so `thread_local`, errno
// and the C++ runtime's exception state are each thread's own. A thread pointer cannot be
// made without the C library: each fiber borrows that of a real thread, which has left.
//
// Where to set it takes the kernel (x86-64 without FSGSBASE) the explorer's stays, and the
// libraries' variables there are exchanged, if the program itself has none.
//
// Threads     One kernel thread calls all of this.
#pragma once

#include <cstddef>
#include <cstdint>

#include "interleave/runtime/platform.hpp"  // first: nothing else compiles elsewhere
#include "interleave/runtime/program_memory.hpp"
#include "interleave/trace/operation.hpp"

namespace interleave {

struct Fiber {
  void* stack_pointer = nullptr;  // while it is not running
  std::uintptr_t thread_pointer = 0;
  Address stack_begin = 0;
  Address stack_end = 0;
  AddressRange
      own_variables;  // thread-local ones, and the C library's own of each thread

  // Whether an access there ran off the stack's end: nothing else is near.
  [[nodiscard]] bool is_overflow(Address address) const {
    return address < stack_begin && address >= stack_end - kStackDistance;
  }

  static constexpr std::size_t kStackDistance = machine::kStackDistance;
};

// The stacks of all fibers lie one behind the other from here.
inline constexpr Address kFirstStack = machine::kStacks;
inline constexpr std::size_t kMostFibers = 256;

[[nodiscard]] constexpr bool is_on_a_stack(Address address) {
  return address - kFirstStack < kMostFibers * Fiber::kStackDistance;
}
[[nodiscard]] constexpr std::size_t fiber_with_stack_at(Address address) {
  return (address - kFirstStack) / Fiber::kStackDistance;
}

// Where the thread-local variables of the thread that runs lie, if they are exchanged: not shared,
// although each thread has them at the same address.
extern AddressRange exchanged_locals;

// What a system gives to each thread, and so do we: memory that is used when it is touched.
inline constexpr std::size_t kUsualStackSize = std::size_t{8} << 20U;

// Makes the calling thread, the explorer's, one that can be switched back to.
void become_fiber(Fiber& fiber);

// Borrows a thread pointer and maps a stack of the usual size, at the same address in every
// process, for fiber `index`. `adopt` is called once on the lending thread, so that it can set
// thread-local variables.
void create_fiber(Fiber& fiber, std::size_t index, void (*adopt)(void*), void* argument);

// A stack beside the calling thread's, the explorer's, with the same thread pointer. It is mapped
// once; the fiber is made anew by each call.
void create_fiber_beside(Fiber& fiber);

// The thread-local variables of the calling thread, the explorer's. As large as all memory if a
// library was loaded so late that they do not lie together.
[[nodiscard]] AddressRange own_variables_of_caller();

// Its stack begins at `begin` again, and is filled with zeros like a new one.
void renew_stack(Fiber& fiber, Address begin);

// A larger stack, for a fiber that is not running. False if there is no room for it.
[[nodiscard]] bool enlarge_stack(Fiber& fiber, std::size_t size);

// The next switch to `fiber` calls entry(argument), which must never return.
void prepare_fiber(Fiber& fiber, void (*entry)(void*), void* argument);

// Gives the program's thread_local variables the values they have in a new thread.
void reset_thread_locals(const Fiber& fiber);

// Saves the caller in `from` and continues `to`.
void switch_fiber(Fiber& from, const Fiber& to);

}  // namespace interleave
