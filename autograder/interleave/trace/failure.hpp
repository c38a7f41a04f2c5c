// What was wrong with a schedule, in terms of the trace of its replay.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "interleave/trace/operation.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

enum class FailureKind : std::uint8_t {
  kNone,
  kCheck,       // interleave::check, or a GoogleTest assertion, did not hold
  kException,   // left a thread or the body
  kCrash,       // a signal; `message` names it
  kRace,        // `accesses` holds the two
  kDeadlock,    // `cycle` holds the threads, if it is one of locks
  kLostWakeUp,  // all blocked, one of them on what no thread will notify
  kLivelock,    // every thread that is left re-reads what none will change
  kMisuse,      // unlock by another, lock twice, destroyed while locked, never joined
  kLeak,
  kUseAfterFree,  // `accesses` holds the use; `block` the memory
  kDoubleFree,
  kUnsupported,  // not a verdict: the explorer cannot run this; `message` names what
};

// The record's word for it: "clean", "check", "deadlock", "lost wake-up", ...
[[nodiscard]] constexpr std::string_view name_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::kNone:
      return "clean";
    case FailureKind::kCheck:
      return "check";
    case FailureKind::kException:
      return "exception";
    case FailureKind::kCrash:
      return "crash";
    case FailureKind::kRace:
      return "data race";
    case FailureKind::kDeadlock:
      return "deadlock";
    case FailureKind::kLostWakeUp:
      return "lost wake-up";
    case FailureKind::kLivelock:
      return "livelock";
    case FailureKind::kMisuse:
      return "misuse";
    case FailureKind::kLeak:
      return "leak";
    case FailureKind::kUseAfterFree:
      return "use after free";
    case FailureKind::kDoubleFree:
      return "double free";
    case FailureKind::kUnsupported:
      return "unsupported";
  }
  return "unknown";
}

// One side of a race, or one use of dead memory.
struct Access {
  ThreadId thread = kNoThread;
  std::uint32_t step = kNoStep;
  Address address = 0;
  std::uint32_t size = 0;
  ProgramCounter pc = 0;
  bool write = false;
  bool atomic = false;
};

// A thread that cannot run, what it wants and which thread has it.
struct Waiting {
  ThreadId thread = kNoThread;
  Operation operation;
  ThreadId holder = kNoThread;  // kNoThread: not held; it waits for a signal
  // Lost wake-up: the notify that came before the wait.
  std::uint32_t last_notify = kNoStep;
  std::uint32_t wait_step = kNoStep;
};

// A descriptor that no thread closed.
struct OpenDescriptor {
  int number = -1;
  Address object = 0;
  ThreadId thread = kNoThread;
  std::vector<ProgramCounter> stack;  // of the call that opened it
};

struct Failure {
  FailureKind kind = FailureKind::kNone;
  std::string message;          // one sentence for the person who reads it at midnight
  ThreadId thread = kNoThread;  // where it happened, if in one thread
  std::uint32_t step = kNoStep;
  ProgramCounter pc = 0;
  std::vector<ProgramCounter> stack;  // there, innermost first, where it is known
  Address object = 0;                 // kMisuse: what it is about
  std::string file;                   // kCheck: where the check stands
  std::uint32_t line = 0;
  bool endless = false;          // kLivelock: the run came to a limit of the explorer's
  std::vector<Access> accesses;  // kRace: two, the older first
  std::vector<Waiting> waiting;  // kDeadlock, kLostWakeUp, kLivelock: every thread
  std::vector<ThreadId> cycle;   // kDeadlock: who waits for whom, in order
  Block block;                   // kLeak, kUseAfterFree, kDoubleFree
  std::vector<Block> leaked;     // kLeak: all of them
  std::vector<OpenDescriptor> left_open;  // kLeak: likewise

  [[nodiscard]] explicit operator bool() const { return kind != FailureKind::kNone; }
};

// The decision of a failing schedule after which every schedule fails; see inflection.hpp.
struct Inflection {
  bool known = false;
  bool all = false;             // no other continuation exists
  std::uint32_t decisions = 0;  // so many lead there; 0: whatever is decided, it fails
  std::uint64_t schedules = 0;  // the continuations from there that were run: all failed

  friend bool operator==(const Inflection&, const Inflection&) = default;
};

}  // namespace interleave
