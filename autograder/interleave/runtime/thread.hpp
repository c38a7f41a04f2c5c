// One thread of the body, as the scheduler sees it.
#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <typeinfo>
#include <vector>

#include "interleave/interleave.hpp"
#include "interleave/runtime/fiber.hpp"
#include "interleave/runtime/spin.hpp"
#include "interleave/trace/operation.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

inline constexpr std::size_t kMostThreads = kMostFibers;
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

struct Lock;

// What a thread needs before it can run.
enum class Wait : std::uint8_t {
  kNothing,
  kExclusive,  // `lock` is free
  kShared,     // `lock` has no writer
  kJoin,       // thread `target` has finished
  kSignal,     // another sets `signalled`
  kChange,     // it spins: another thread changes something
  kReady,      // one of the descriptors `awaited` is ready
};

// Descriptors of which one must be ready. The kernel knows; it is asked without waiting.
struct Awaited {
  // None: any change of a descriptor will do. The kernel writes what it says in them.
  mutable std::vector<pollfd> descriptors;
  std::uint64_t after = 0;          // but not before more changes: see Descriptors
  mutable std::uint64_t asked = 0;  // after how many changes, and what it said
  mutable bool was_ready = false;
};

struct ExitHandler {
  void (*function)(void*);
  void* argument;
};

// A thread-specific value in the manner of C.
struct OwnValue {
  unsigned key;
  void* value;
};

// What begins anew in each run.
struct ThreadRun {
  bool started = false;  // its fiber has run to its first operation
  bool finished = false;
  bool joined = false;
  bool detached = false;
  bool in_runtime = true;    // hooks reached from the runtime itself do nothing
  bool untold = false;       // took or gave back a lock in a step that no trace has
  bool took_untold = false;  // that is how it took its last one
  ThreadId creator = kNoThread;
  Operation pending;                // what it does when it is chosen
  ProgramCounter pending_site = 0;  // see call_site.hpp; only while a trace is kept

  Wait wait = Wait::kNothing;
  Lock* lock = nullptr;
  ThreadId target = kNoThread;
  bool signalled = false;
  std::uint32_t woken_by = kNoStep;  // the step that signalled
  bool timed_out = false;
  std::uint64_t deadline = kNever;  // virtual nanoseconds
  bool reluctant = false;           // it yields: others first

  void* (*routine)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;

  void* thrown = nullptr;  // the last exception
  const std::type_info* type_thrown = nullptr;

  Address last_read = 0;  // the atomic it read last, and what it saw there
  std::uint64_t last_seen = 0;
  bool wrote_under_lock = false;     // since it last took a lock
  std::uint32_t plain_accesses = 0;  // since its last visible operation
  std::uint32_t clock_reads = 0;     // likewise
  std::uint32_t last_step = 0;
  Counts counts;
  std::uint64_t looks_again = 0;  // of counts.spins, since it last saw something new
};

// The kinds of work that Counts counts.
enum class Work : std::uint8_t { kAtomic, kUpdate, kLock, kAllocation, kWakeUp, kSpin };
inline constexpr std::size_t kKindsOfWork = 6;

// The innermost return addresses of the place where a thread last did some work; 0 after them.
using WorkPlace = std::array<ProgramCounter, 10>;

struct Thread : ThreadRun {
  explicit Thread(ThreadId number)
      : id(number),
        usual_name(number == 0 ? "leader" : "worker " + std::to_string(number)) {}

  // Keeps the memory of its vectors: a run after the first allocates nothing.
  void begin_run() {
    static_cast<ThreadRun&>(*this) = {};
    exit_handlers.clear();
    calls.clear();
    holds.clear();
    own_values.clear();
    awaited.descriptors.clear();
    spin.begin_run();
    name = usual_name;
  }

  // -- For ever
  ThreadId id;
  std::string usual_name;
  Fiber fiber;
  void* exception_state = nullptr;  // the C++ runtime's, of the fiber

  // -- This run
  // Of its thread_local objects, in order of construction.
  std::vector<ExitHandler> exit_handlers;
  // Return addresses of the program's functions it is in.
  std::vector<ProgramCounter> calls;
  std::vector<Lock*> holds;
  std::vector<OwnValue> own_values;  // of pthread_setspecific
  Awaited awaited;
  Spin spin;
  std::string name;
  // By Work; written only while costs are kept, and read only for what was counted then.
  std::array<WorkPlace, kKindsOfWork> work_places{};
};

// -- The calling thread -----------------------------------------------------------------

// Every hook asks for it, so it is not behind a call.
[[gnu::visibility("hidden")]] extern constinit thread_local Thread* this_thread;

// The body's thread that is running this code, also while it is in the runtime.
[[nodiscard]] inline Thread* any_body_thread() { return this_thread; }

// The same; nullptr outside a body and in the runtime itself.
[[nodiscard]] inline Thread* body_thread() {
  Thread* const thread = this_thread;
  return thread != nullptr && !thread->in_runtime ? thread : nullptr;
}

// While an ExploringScope of the calling thread lives.
[[gnu::visibility("hidden")]] extern constinit thread_local bool is_exploring;

// Whether the runtime itself is at work, and not the program.
[[nodiscard]] inline bool in_explorer() {
  const Thread* const thread = this_thread;
  return thread != nullptr ? thread->in_runtime : is_exploring;
}

// While it lives, the explorer is at work, outside of any body.
class ExploringScope {
 public:
  ExploringScope() { is_exploring = true; }
  ~ExploringScope() { is_exploring = false; }
  ExploringScope(const ExploringScope&) = delete;
  ExploringScope& operator=(const ExploringScope&) = delete;
};

// While it lives, hooks that the runtime itself reaches do nothing.
class RuntimeScope {
 public:
  explicit RuntimeScope(Thread& self) : self_(self) { self_.in_runtime = true; }
  ~RuntimeScope() { self_.in_runtime = false; }
  RuntimeScope(const RuntimeScope&) = delete;
  RuntimeScope& operator=(const RuntimeScope&) = delete;

 private:
  Thread& self_;
};

// The reverse, while the runtime calls the program back.
class ProgramScope {
 public:
  explicit ProgramScope(Thread& self) : self_(self) { self_.in_runtime = false; }
  ~ProgramScope() { self_.in_runtime = true; }
  ProgramScope(const ProgramScope&) = delete;
  ProgramScope& operator=(const ProgramScope&) = delete;

 private:
  Thread& self_;
};

}  // namespace interleave
