// Ways in which a body ends a schedule other than by returning: an uncaught
// exception, abort, a signal, a loop without end.
#pragma once

namespace interleave {

// While it lives, they end the schedule with a failure rather than the process. One at a time.
class EndingGuard {
 public:
  // Loops without end: once one was seen, its replay need not be given as long; a debugger
  // needs its time.
  enum class Loops { kEnd, kEndSoon, kGoOn };

  explicit EndingGuard(Loops loops = Loops::kEnd);
  ~EndingGuard();
  // In a process that was forked while one lives: the kernel gives it no alarm of its own.
  static void go_on_in_fork();
  EndingGuard(const EndingGuard&) = delete;
  EndingGuard& operator=(const EndingGuard&) = delete;
};

}  // namespace interleave
