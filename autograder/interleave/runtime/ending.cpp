#include "interleave/runtime/ending.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <typeinfo>
#include <vector>

#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/engine.hpp"
#include "interleave/runtime/real.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))

namespace interleave {
namespace {

constexpr std::array kFatal{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
constexpr std::size_t kSignalStackSize = std::size_t{64} << 10U;

// A schedule that runs for so long without a visible step is stuck in a loop of its own.
constexpr int kSecondsWithoutAStep = 4;
constexpr int kSecondsInAReplay = 2;

struct Guarded {
  std::terminate_handler terminate = nullptr;
  std::array<struct sigaction, kFatal.size()> fatal{};
  struct sigaction alarm {};
  std::uint32_t step_at_last_alarm = 0;
  std::uint64_t run_at_last_alarm = 0;
  int alarms_without_a_step = 0;
  int most_alarms = kSecondsWithoutAStep;
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

// Of the exception on its way, which no handler has caught.
std::string description_of_last_throw(const Thread& self) {
  void* object = self.thrown;
  const std::type_info* type = self.type_thrown;
  if (type == nullptr) return "an exception";
  if (!typeid(std::exception).__do_catch(type, &object, 1)) {
    return "an exception that is not a std::exception";
  }
  return std::string("an exception: ") + static_cast<std::exception*>(object)->what();
}

[[noreturn]] void terminate_in_body() {
  Thread* self = body_thread();
  if (self == nullptr) {
    if (guarded != nullptr && guarded->terminate != nullptr) guarded->terminate();
    real().abort();
    __builtin_unreachable();
  }
  self->in_runtime = true;
  const ProgramCounter pc = call_site_of(0);
  if (std::current_exception() == nullptr && std::uncaught_exceptions() > 0) {
    engine().fail(
        FailureKind::kException, *self, pc,
        self->name + " was left by " + description_of_last_throw(*self) +
            "; on the way out, a std::thread that was not joined was destroyed");
  }
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
    case SIGTRAP:
      return "a trap (SIGTRAP)";
    default:
      return "an illegal instruction (SIGILL)";
  }
}

std::string end_by_signal(const Thread& self, int number, Address at) {
  if (number != SIGSEGV || !self.fiber.is_overflow(at)) {
    return self.name + " stopped with " + name_of_signal(number);
  }
  const std::size_t size = self.fiber.stack_end - self.fiber.stack_begin;
  return self.name + " used up its stack of " + std::to_string(size >> 20U) + " MiB";
}

// Where it struck, as a return address has it; the caller's place if that is in a library.
ProgramCounter place_of_signal(const Thread& self, const void* context) {
  const ProgramCounter at =
      machine::interrupted_at(*static_cast<const ucontext_t*>(context)) + 1;
  if (is_in_program(at)) return at;
  return self.calls.empty() ? self.pending.pc : self.calls.back();
}

void on_fatal_signal(int number, siginfo_t* info, void* context) {
  Thread* self = any_body_thread();
  if (self == nullptr) {
    // Not ours: what would have happened, happens.
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  self->in_runtime = true;
  engine().fail(FailureKind::kCrash, *self, place_of_signal(*self, context),
                end_by_signal(*self, number, reinterpret_cast<Address>(info->si_addr)));
}

// Whether the signal interrupted a system call: its instruction is the next, if it is to be
// taken up again, or was the last.
bool in_system_call(const ucontext_t& context) {
  const auto is_one = [](const std::uint8_t* at) {
    return std::memcmp(at, machine::kSystemCall.data(), machine::kSystemCall.size()) == 0;
  };
  const auto* at =
      reinterpret_cast<const std::uint8_t*>(machine::interrupted_at(context));
  return is_one(at) || (is_one(at - machine::kSystemCall.size()) &&
                        machine::result_register(context) == -EINTR);
}

void on_alarm(int, siginfo_t*, void* context) {
  Thread* self = body_thread();
  if (self == nullptr) return;
  if (tracer().step() != guarded->step_at_last_alarm ||
      engine().runs() != guarded->run_at_last_alarm) {
    guarded->step_at_last_alarm = tracer().step();
    guarded->run_at_last_alarm = engine().runs();
    guarded->alarms_without_a_step = 0;
    return;
  }
  if (++guarded->alarms_without_a_step < guarded->most_alarms) return;
  guarded->alarms_without_a_step = 0;
  self->in_runtime = true;
  if (in_system_call(*static_cast<const ucontext_t*>(context))) {
    engine().unsupported(*self, self->calls.empty() ? 0 : self->calls.back(),
                         "a system call that blocks, and only another thread of the "
                         "body could end that");
  }
  engine().ran_too_long("seconds, and did nothing that another thread could see");
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
  const ProgramCounter pc = call_site_of(0);
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
  if (loops == Loops::kEndSoon) guarded->most_alarms = kSecondsInAReplay;
  if (loops != Loops::kGoOn) start_alarm(1);
}

void EndingGuard::go_on_in_fork() { start_alarm(1); }

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

// Remembered: while it is on its way, nothing says what was thrown. By another name, since the
// compiler declares that of the symbol itself, and as it likes.
INTERLEAVE_HOOK void interleave_throw(void* object, std::type_info* type,
                                      void (*destroy)(void*)) asm("__cxa_throw");
INTERLEAVE_HOOK void interleave_throw(void* object, std::type_info* type,
                                      void (*destroy)(void*)) {
  if (interleave::Thread* const self = interleave::body_thread()) {
    self->thrown = object;
    self->type_thrown = type;
  }
  interleave::real().cxa_throw(object, type, destroy);
  __builtin_unreachable();
}

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
