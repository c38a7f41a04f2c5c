// Where in the program a failure comes from: the line that a person should look at first.
//
//   a race          the store or load whose order is too weak; else the access that holds
//                   fewer locks; of one within the test, what the thread that waited for the
//                   other looked at last
//   who sleeps on   the last load of an old value; else the notify that came too early or woke
//                   another; else the change of what the sleeper had looked at; else its wait
//   locks in a cycle, a spin   the last step of a thread that waits
//   a lock held over a call that sleeps, or comes back to lock it again   that call
//   a check that does not hold   the wait behind which a thread acted without another look; else
//                                the last load of an old value; else the two steps of one call
//                                between which another thread came
//
// The last is a guess: the schedule is minimal, so the old value, or the switch, that it needs is
// most often the one that the program did not expect.
#pragma once

#include <cstdint>
#include <set>

#include "interleave/report/naming.hpp"
#include "interleave/trace/failure.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

struct Mistake {
  const Step* step = nullptr;  // null where none is known
  Frame place;
  bool held_too_long = false;  // it is a call that was made under a lock
};

// What to look at, in the program under test and not in the test itself (a file named
// *_test.cpp).
[[nodiscard]] Mistake mistake_of(const Failure& failure, const Trace& trace,
                                 const Naming& naming);

// A pair of atomic operations that looks like a hand-over between the threads of a race but
// does not order its accesses.
struct BrokenEdge {
  const Step* store = nullptr;
  const Step* load = nullptr;
  bool too_early = false;   // the store came before what it was to hand over
  bool still_read = false;  // which its thread had yet to read
};

// Without a store if there is none. One that came too early is looked for only with `naming`, in
// the program under test.
[[nodiscard]] BrokenEdge broken_edge(const Failure& failure, const Trace& trace,
                                     const Naming* naming = nullptr);

// Whether the thread was woken by the last notify and waits again without a look at what has
// changed, though it had looked at that before it first slept.
[[nodiscard]] bool slept_again(const Waiting& waiting, const Trace& trace,
                               const Naming& naming);

// Of an access that the test itself makes, behind its calls of the program: what its thread read
// last in there, and relied on. Null if there is none.
[[nodiscard]] const Step* looked_at_last(const Access& access, const Trace& trace,
                                         const Naming& naming);

// A thread that was woken for no reason, too late or too early, and acted without another look:
// there is an `if` about its wait, and no loop.
struct ActedWhenWoken {
  const Step* wake = nullptr;  // null if there is none
  const char* how = "";        // "too late"
};

[[nodiscard]] ActedWhenWoken acted_when_woken(const Trace& trace, const Naming& naming);

[[nodiscard]] const Step* step_at(const Trace& trace, std::uint32_t number);

}  // namespace interleave
