#include "interleave/runtime/ending.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "interleave/runtime/engine.hpp"
#include "interleave/runtime/real.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))

namespace interleave {
namespace {

constexpr std::array kFatal{SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr std::size_t kSignalStackSize = std::size_t{64} << 10U;

// A schedule that goes on for so long without a visible step is stuck in a loop of its own.
constexpr int kSecondsWithoutAStep = 4;

struct Guarded {
  std::terminate_handler terminate = nullptr;
  std::array<struct sigaction, kFatal.size()> fatal{};
  struct sigaction alarm {};
  std::uint32_t step_at_last_alarm = 0;
  int alarms_without_a_step = 0;
};

constinit Guarded* guarded = nullptr;

std::string description_of_current_exception() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& error) {
    return std::string("an exception: ") + error.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

[[noreturn]] void terminate_in_body() {
  Thread* self = body_thread();
  if (self == nullptr) {
    if (guarded != nullptr && guarded->terminate != nullptr) guarded->terminate();
    real().abort();
    __builtin_unreachable();
  }
  self->in_runtime = true;
  const ProgramCounter pc = self->calls.empty() ? self->pending.pc : self->calls.back();
  if (std::current_exception() == nullptr) {
    engine().fail(FailureKind::kMisuse, *self, pc,
                  self->name +
                      " called std::terminate: a std::thread was destroyed or "
                      "assigned to before it was joined");
  }
  engine().fail(FailureKind::kException, *self, pc,
                self->name + " was left by " + description_of_current_exception());
}

const char* name_of_signal(int number) {
  switch (number) {
    case SIGSEGV:
      return "a segmentation fault (SIGSEGV)";
    case SIGBUS:
      return "a bus error (SIGBUS)";
    case SIGFPE:
      return "an arithmetic error (SIGFPE)";
    default:
      return "an illegal instruction (SIGILL)";
  }
}

void on_fatal_signal(int number, siginfo_t*, void*) {
  Thread* self = any_body_thread();
  if (self == nullptr) {
    // Not ours: what would have happened, happens.
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  self->in_runtime = true;
  const ProgramCounter pc = self->calls.empty() ? self->pending.pc : self->calls.back();
  engine().fail(FailureKind::kCrash, *self, pc,
                self->name + " stopped with " + name_of_signal(number));
}

// Whether the signal interrupted a system call: its instruction is the next, if it is to be
// taken up again, or was the last.
bool in_system_call(const ucontext_t& context) {
  const auto is_one = [](const unsigned char* at) {
    return at[0] == 0x0F && at[1] == 0x05;
  };
  const auto& registers = context.uc_mcontext.gregs;
  const auto* at = reinterpret_cast<const unsigned char*>(registers[REG_RIP]);
  return is_one(at) || (is_one(at - 2) && registers[REG_RAX] == -EINTR);
}

void on_alarm(int, siginfo_t*, void* context) {
  Thread* self = body_thread();
  if (self == nullptr) return;
  if (tracer().step() != guarded->step_at_last_alarm) {
    guarded->step_at_last_alarm = tracer().step();
    guarded->alarms_without_a_step = 0;
    return;
  }
  if (++guarded->alarms_without_a_step < kSecondsWithoutAStep) return;
  guarded->alarms_without_a_step = 0;
  self->in_runtime = true;
  if (in_system_call(*static_cast<const ucontext_t*>(context))) {
    engine().unsupported(*self, self->calls.empty() ? 0 : self->calls.back(),
                         "a system call that blocks, and only another thread of the "
                         "body could end that");
  }
  engine().ran_too_long("4 seconds without doing anything that another thread could see");
}

void use_signal_stack() {
  static std::vector<char> memory(kSignalStackSize);
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  sigaltstack(&stack, nullptr);
}

void start_alarm(time_t seconds) {
  const itimerval each{{seconds, 0}, {seconds, 0}};
  setitimer(ITIMER_REAL, &each, nullptr);
}

void end_by_abort(const std::string& what) {
  Thread* self = body_thread();
  if (self == nullptr) return;
  self->in_runtime = true;
  const ProgramCounter pc = self->calls.empty() ? self->pending.pc : self->calls.back();
  engine().fail(FailureKind::kCrash, *self, pc, self->name + " " + what);
}

}  // namespace

EndingGuard::EndingGuard(Loops loops) {
  guarded = new Guarded;
  guarded->terminate = std::set_terminate(terminate_in_body);
  use_signal_stack();
  // The handlers leave by switching away, so the signal must not stay blocked.
  struct sigaction action {};
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    sigaction(kFatal[i], &action, &guarded->fatal[i]);
  }
  struct sigaction alarm {};
  alarm.sa_sigaction = on_alarm;
  alarm.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER;
  sigaction(SIGALRM, &alarm, &guarded->alarm);
  if (loops == Loops::kEnd) start_alarm(1);
}

EndingGuard::~EndingGuard() {
  start_alarm(0);
  sigaction(SIGALRM, &guarded->alarm, nullptr);
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    sigaction(kFatal[i], &guarded->fatal[i], nullptr);
  }
  std::set_terminate(guarded->terminate);
  delete guarded;
  guarded = nullptr;
}

}  // namespace interleave

// The C library raises the signal in the thread whose thread pointer is set, which is not
// the one that runs.
INTERLEAVE_HOOK void abort() noexcept {
  interleave::end_by_abort("called abort");
  interleave::real().abort();
  __builtin_unreachable();
}

INTERLEAVE_HOOK void __assert_fail(const char* assertion, const char* file, unsigned line,
                                   const char* function) noexcept {
  interleave::end_by_abort(std::string("failed the assertion \"") + assertion + "\" (" +
                           file + ":" + std::to_string(line) + ")");
  std::fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function,
               assertion);
  interleave::real().abort();
  __builtin_unreachable();
}
