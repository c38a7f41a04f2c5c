#include "process/keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "machine/limits.hpp"
#include "process/descendants.hpp"
#include "process/process.hpp"

namespace course::process {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto grace = std::chrono::milliseconds(1000);  // to end in, once asked to
constexpr auto longest_end = std::chrono::seconds(10);   // of what was killed
constexpr int signal_base = 128;  // a guard's exit status is this and the signal's number

sigset_t handled_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    if (now.sa_handler != SIG_IGN) ::sigaddset(&set, signal);  // nohup, or a shell's `&`
  }
  return set;
}

// --- A namespace ------------------------------------------------------------------------

bool write_whole(const char* file, const std::string& text) {
  const int descriptor = ::open(file, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  ::close(descriptor);
  return written == static_cast<ssize_t>(text.size());
}

// Puts the next child into a pid namespace of its own. All users but root need a user
// namespace for it, in which they stay who they are.
bool unshare_processes() {
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWPID) == 0) return true;
  return ::unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 &&
         write_whole("/proc/self/setgroups", "deny") &&
         write_whole("/proc/self/uid_map", user + " " + user + " 1") &&
         write_whole("/proc/self/gid_map", group + " " + group + " 1");
}

// Numbers of processes in /proc must be those of the namespace: sanitizers look there.
bool mount_proc() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
}

// Tried by a process that is thrown away: there is no way back out of a namespace.
bool namespace_is_allowed() {
  const pid_t probe = ::fork();
  if (probe == 0) {
    if (!unshare_processes()) ::_exit(1);
    const pid_t first = ::fork();
    if (first == 0) ::_exit(mount_proc() ? 0 : 1);
    int status = 1;
    ::_exit(first > 0 && ::waitpid(first, &status, 0) == first && status == 0 ? 0 : 1);
  }
  int status = 1;
  return probe > 0 && ::waitpid(probe, &status, 0) == probe && status == 0;
}

// --- Waiting ----------------------------------------------------------------------------

// Takes one of the handled signals and hands it to `child`, unless the terminal, which sends it
// to both, did. Returns whether it asks for an end that must come soon.
bool hand_on(pid_t child, const sigset_t& set) {
  const timespec moment{0, 100'000'000};
  siginfo_t info{};
  const int signal = ::sigtimedwait(&set, &info, &moment);
  if (signal <= 0 || signal == SIGCHLD) return false;
  if (info.si_code != SI_KERNEL) ::kill(child, signal);
  return signal == SIGTERM || signal == SIGHUP;
}

// Waits for the end of `child` and returns its wait status. Reaps the orphans that come here.
int outlive(pid_t child) {
  const sigset_t set = handled_signals();
  Clock::time_point deadline = Clock::time_point::max();
  for (;;) {
    int status = 0;
    for (pid_t ended = 1; ended > 0;) {
      ended = ::waitpid(-1, &status, WNOHANG);
      if (ended == child) return status;
    }
    if (hand_on(child, set) && deadline == Clock::time_point::max()) {
      deadline = Clock::now() + grace;
    }
    if (Clock::now() >= deadline) ::kill(child, SIGKILL);
  }
}

void end_all_children() {
  const auto deadline = Clock::now() + longest_end;
  while (end_children({}) && Clock::now() < deadline) ::usleep(1000);
}

// --- The guard and the work -------------------------------------------------------------

[[noreturn]] void do_work(const std::function<int()>& work, pid_t guard,
                          const sigset_t& mask) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard) ::_exit(1);  // it died before prctl
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  adopt_orphans();
  std::exit(work());
}

// `alive` is the end of a pipe that closes when the parent dies.
[[noreturn]] void be_the_guard(const std::function<int()>& work, bool own_namespace,
                               int alive, const sigset_t& mask) {
  ::prctl(PR_SET_PDEATHSIG, own_namespace ? SIGKILL : SIGTERM);
  pollfd parent{alive, POLLIN, 0};
  if (::poll(&parent, 1, 0) != 0) ::_exit(1);  // it died before prctl
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (own_namespace && !mount_proc()) ::_exit(signal_base + SIGABRT);
  const pid_t guard = ::getpid();
  const pid_t worker = ::fork();
  if (worker == 0) do_work(work, guard, mask);
  if (worker < 0) ::_exit(signal_base + SIGABRT);
  const int status = outlive(worker);
  end_all_children();
  ::_exit(WIFSIGNALED(status) ? signal_base + WTERMSIG(status) : WEXITSTATUS(status));
}

// --- How it ended -----------------------------------------------------------------------

// The terminal as it was, for a command that died while it read single keys.
class Terminal {
 public:
  Terminal() : there_(::tcgetattr(STDIN_FILENO, &before_) == 0) {}
  void restore() const {
    const bool ours = there_ && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
    if (ours) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

 private:
  termios before_{};
  bool there_;
};

// Takes away the line that shows progress, where there may be one.
void say(const std::string& words) {
  const char* clear = ::isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "";
  std::fprintf(stderr, "%scourse: %s\n", clear, words.c_str());
}

void die_of(int signal, const sigset_t& mask) {
  ::signal(signal, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::raise(signal);
}

// What to say of a command that no request ended.
std::string words_for_death(int signal) {
  const std::string limit = signal == SIGXCPU   ? machine::limit_words(RLIMIT_CPU)
                            : signal == SIGSEGV ? machine::small_stack_words()
                                                : "";
  if (!limit.empty()) return limit;
  return "it was killed by SIG" + std::string(::sigabbrev_np(signal)) + " (" +
         ::sigdescr_np(signal) + "); what it had started was ended: run it again";
}

}  // namespace

int keep(const std::function<int()>& work, int status_if_killed) {
  const Terminal terminal;
  ::signal(SIGCHLD, SIG_DFL);
  const sigset_t set = handled_signals();
  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, &set, &mask);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const bool own_namespace = namespace_is_allowed() && unshare_processes();
  int alive[2] = {-1, -1};
  const pid_t guard = ::pipe2(alive, O_CLOEXEC) == 0 ? ::fork() : -1;
  if (guard < 0) {
    say(std::string("no process can be started: ") + std::strerror(errno));
    return status_if_killed;
  }
  if (guard == 0) {
    ::close(alive[1]);
    be_the_guard(work, own_namespace, alive[0], mask);
  }
  const int status = outlive(guard);
  end_all_children();
  if (WIFEXITED(status) && WEXITSTATUS(status) <= signal_base) return WEXITSTATUS(status);
  const int signal =
      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - signal_base;
  terminal.restore();
  const bool asked_for =
      signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
  say(asked_for ? "stopped" : words_for_death(signal));
  if (asked_for) die_of(signal, mask);
  return status_if_killed;
}

void open_standard_descriptors() noexcept {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) < 0) ::open("/dev/null", O_RDONLY);
  }
}

}  // namespace course::process
