// Whether one total order of all seq_cst operations can exist: RC11's `psc` is acyclic
// (Lahav, Vafeiadis, Kang, Hur and Dreyer, "Repairing Sequential Consistency in C/C++11",
// PLDI 2017), and stays so together with what C++20 asks beyond it ([atomics.order]).
//
//   psc edges                 every node knows its past     a stale load, a store in the
//   T0  a1 --> a2 --> F3      past(b2) = T0:1, T1:1         middle: edges to old nodes,
//        \                                                  refused if one of them lies
//   T1   b1 --> b2                                          in the new node's past
//
// In the words of the paper, an access or fence x has sources (those that come before
// whatever x comes before: x itself if it is seq_cst, and seq_cst fences that happen
// before x) and targets (x itself, and seq_cst fences that happen after x). For each
// pair of scb every source of the one precedes every target of the other.
//
// C++20 differs. It has every seq_cst access precede another that *strongly happens* after
// it: sb;hb;sb, where the paper has sb≠loc;hb;sb≠loc. It has one precede another that is
// coherence-ordered after it, be it through a read of a store in between: mo;rf and rb;rf,
// where the paper has mo and rb. Executions that either of the two forbids are left out;
// with Rule::kPaper alone those that the paper forbids.
//
// Threads     None: one caller at a time.
//
// Invariants
//   I1  Nodes of a thread are numbered from 1 and ordered by psc, so that a set of nodes
//       and everything before it is one number per thread.
//   I2  past(n) is transitively closed.
//
// Left out    Edges between a seq_cst access and a fence that one of them happens before
//             are all taken, also those that psc lacks (through an acquire or a release
//             fence). They close no new cycle: every edge out of the access is one out of
//             the earlier fence too, and every edge into it one into the later fence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "interleave/memory/clock_rows.hpp"
#include "interleave/memory/histories.hpp"

namespace interleave {

inline constexpr std::size_t kReadsOnly = ~std::size_t{0};

enum class Rule : std::uint8_t { kPaper, kStandard };

// An access as this order sees it.
struct OrderedAccess {
  ThreadId thread = 0;
  bool sequential = false;   // seq_cst
  Row clock = kZeroRow;      // what its thread knew just before
  Row learns = kZeroRow;     // what it learns by reading (synchronises with)
  Row elsewhere = kZeroRow;  // what its thread knew when it last left another location
  AtomicLocation* location = nullptr;
  std::size_t place = kReadsOnly;  // its position in modification order, if it writes
  bool last = false;               // nothing is behind that place
  std::size_t seen = 0;            // the position of what it reads, if it only reads
};

class SeqCstOrder {
 public:
  SeqCstOrder(ClockRows& clocks, Histories& histories, Rule rule)
      : clocks_(clocks), histories_(histories), rule_(rule) {}

  // Forgets everything; clocks and histories must begin anew too.
  void begin();
  void thread_added();

  // Nothing was ordered so far: accesses that are not seq_cst leave no trace.
  [[nodiscard]] bool needs(bool sequential) const { return sequential || any_fence_; }

  // The thread does something else than access the location of its last accesses; by the
  // standard's rule, anything else.
  void leave(ThreadId thread, Time now);

  // -- The edges to older nodes that an access would add ------------------------------
  void forget_targets() { any_target_ = blank_ = false; }
  void add_targets(const Store& later);  // in modification order than the access
  [[nodiscard]] bool consistent(const OrderedAccess& access);

  // -- Performing -----------------------------------------------------------------------
  // With the targets of the chosen position. `accessed` is the store that was read or,
  // if it writes, its own store.
  void perform(const OrderedAccess& access, Time now, Store& accessed);
  void fence(ThreadId thread, Row clock, Time now);

 private:
  struct Node {
    Time time = 0;
    Time left = kNever;               // when its thread next did something elsewhere
    Row past = kZeroRow;              // which nodes come before it
    Row knowledge = kZeroRow;         // fences: what happens before it
    std::uint32_t previous_here = 0;  // the thread's node before, at the same location
  };
  struct Fence {
    std::uint32_t node = 0;
  };
  struct Thread {
    std::vector<Node> nodes;  // [0] stands for none
    std::vector<Fence> fences;
    std::uint32_t departed = 0;  // nodes whose `left` is known
  };

  void blank_targets();
  void evaluate(const OrderedAccess& access);
  void gather_fences(Row into, Row known);
  void gather_synchronised(const OrderedAccess& access);
  void gather_overwritten(const OrderedAccess& access);
  void gather_up_to(AtomicLocation& location, std::size_t place, Row into);
  void add_readers(const Store& later);
  void gather_before(AtomicLocation& location, std::size_t place, Row into);
  void gather_known(AtomicLocation& location, Row known);
  void close(Row into, Row direct);

  [[nodiscard]] std::uint32_t last_left(const Thread& thread, Time known) const;
  [[nodiscard]] std::uint32_t last_timed(const Thread& thread, Time known) const;
  [[nodiscard]] std::uint32_t first_fence_after(const Thread& thread, ThreadId storer,
                                                Time time) const;
  [[nodiscard]] std::uint32_t first_fence_after_reader(const Thread& thread,
                                                       const Store& store) const;
  void raise(Row targets, Row past);
  std::uint32_t add_node(ThreadId thread, Time now, Row past);

  ClockRows& clocks_;
  Histories& histories_;
  const Rule rule_;
  std::vector<Thread> threads_;
  std::uint32_t used_threads_ = 0;
  bool any_fence_ = false;
  bool any_target_ = false;
  bool blank_ = false;  // the rows of targets were emptied since they were forgotten

  // Scratch, one row each.
  Row clock_ = kZeroRow;          // what the access knows, with what it learns
  Row fences_ = kZeroRow;         // its sources that are fences
  Row direct_ = kZeroRow;         // nodes with an edge to it
  Row fences_past_ = kZeroRow;    // fences_ and all before them
  Row past_ = kZeroRow;           // all sources and all before them
  Row targets_ = kZeroRow;        // the first node in each thread that must come later
  Row fence_targets_ = kZeroRow;  // the same, later than fence sources only
};

}  // namespace interleave
