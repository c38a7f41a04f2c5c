// A concurrent program as data, and a machine that runs it one step at a time under a
// strategy. No real threads, no hooks: what a strategy does can be checked against every
// schedule there is.
//
//   Program { {lock m, write x, unlock m}, {lock m, read x, unlock m} }
//        --  run(program, strategy)  -->  Schedule { trace, outcome, ... }
//
// Memory is sequentially consistent or, if `weak`, a machine of views: each location has
// a list of stores, each thread a place in each list below which it no longer reads; a
// store carries its thread's places, and a load takes them over.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interleave/search/strategy.hpp"

namespace interleave::simulation {

enum class Do : std::uint8_t {
  kRead,
  kWrite,
  kAdd,         // reads, and writes one more
  kSwapIfZero,  // compare-exchange from 0 to `value`
  kAwait,       // reads once the location is not 0; blocks until then
  kLock,
  kUnlock,
  kTryLock,        // skips the next two instructions if it fails
  kConditionWait,  // `object` with mutex `value`; two steps
  kNotifyOne,
  kNotifyAll,
  kPost,  // of a semaphore that starts at 0
  kAcquire,
  kYield,
};

struct Instruction {
  Do what = Do::kYield;
  std::uint32_t object = 0;
  std::uint32_t value = 0;
};

struct Program {
  std::vector<std::vector<Instruction>> threads;
  bool weak = false;
};

// One decision as a strategy saw it.
struct Taken {
  DecisionKind kind = DecisionKind::kThread;
  std::size_t alternatives = 0;
  std::size_t index = 0;
  bool preemption = false;
};

struct Schedule {
  // The same for two schedules exactly if one becomes the other by exchanging independent
  // neighbours.
  std::uint64_t trace = 0;
  std::string outcome;  // every value read, the final memory, who is stuck
  bool stuck = false;
  bool pruned = false;
  std::vector<Taken> taken;
  std::vector<ThreadId> order;  // who performed each step
};

// One schedule. Calls begin_schedule and end_schedule.
[[nodiscard]] Schedule run(const Program& program, Strategy& strategy);

// Deviations from the default alternatives, replayed: a Strategy for one schedule.
class Replay : public Strategy {
 public:
  explicit Replay(const std::vector<Taken>& taken) : taken_(taken) {}
  void begin_schedule() override { next_ = 0; }
  std::size_t choose(const Decision&) override { return taken_.at(next_++).index; }
  void end_schedule(const ScheduleEnd&) override {}
  [[nodiscard]] std::string coverage() const override { return "one schedule"; }
  [[nodiscard]] std::string_view name() const override { return "replay"; }

 private:
  std::vector<Taken> taken_;
  std::size_t next_ = 0;
};

}  // namespace interleave::simulation
