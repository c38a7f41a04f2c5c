// What each thread holds and waits for, as a trace goes by: what a viewer shows beside the rows.
//
//   trace, up to a step  -->  worker 1   holds left_   waits for right_, held by leader
//
// Threads     None: one caller at a time, outside any body.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "interleave/report/naming.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// The locks that each thread holds, step by step.
class Locks {
 public:
  // Takes what the step takes, and gives back what it gives back.
  void apply(const Step& step);
  [[nodiscard]] std::set<Address> of(ThreadId thread) const;
  [[nodiscard]] std::vector<Holding> all() const;

 private:
  std::map<ThreadId, std::set<Address>> held_;
};

// Those that `thread` holds before `step`.
[[nodiscard]] std::set<Address> locks_at(const Trace& trace, ThreadId thread,
                                         std::uint32_t step);

// Leaves out the middle of a long trace that only says the same again and again, but for each
// thread's last step there and those that took what is still held; and says behind it what is.
void shorten(Trace& trace);

struct ThreadState {
  std::set<Address> holds;
  std::string waits;  // "waits for right_, held by leader"; empty while it can run
  bool ended = false;

  friend bool operator==(const ThreadState&, const ThreadState&) = default;
};

class ThreadStates {
 public:
  ThreadStates(const Trace& trace, const Naming& naming);

  // Applies the steps before `step`; kNoStep: all that are left. Returns the threads whose
  // state they changed, in order.
  std::vector<ThreadId> advance_to(std::uint32_t step);

  [[nodiscard]] const ThreadState& of(ThreadId thread) const {
    return states_.at(thread);
  }

 private:
  void apply(const Step& step);
  [[nodiscard]] std::string what_it_waits_for(const Step& step) const;

  const Trace& trace_;
  const Naming& naming_;
  Locks locks_;
  std::size_t next_ = 0;             // of the trace's steps
  std::vector<ThreadState> states_;  // indexed by ThreadId
};

// What would have made a load see the store that it read an older one than: "if both were
// seq_cst, or …"; empty for a step that read no old value.
[[nodiscard]] std::string what_would_order(const Step& load, const std::string& load_name,
                                           const std::string& store_name,
                                           const Trace& trace, const Naming& naming);

}  // namespace interleave
