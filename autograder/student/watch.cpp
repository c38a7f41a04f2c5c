#include "student/watch.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace course::student {
namespace {

using namespace std::chrono_literals;

// An editor writes, renames and touches in several events; they are one save.
constexpr auto one_save = 60ms;

// What the command may take to end its own children before it is killed.
constexpr auto grace = 3s;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  return set;
}

// Blocks the handled signals, so that they arrive at the descriptor alone, until destroyed.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    const sigset_t set = handled_signals();
    ::sigprocmask(SIG_BLOCK, &set, &before_);
  }
  ~SignalsBlocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// In the child, between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* words, const sigset_t& mask, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(words[0], words);
  ::_exit(127);
}

}  // namespace

Watch::Watch(const std::vector<WatchedFile>& files, CommandFor command_for)
    : command_for_(std::move(command_for)),
      saves_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (saves_ < 0) fail("cannot watch files");
  for (const WatchedFile& watched : files) watch(watched);
}

Watch::~Watch() { ::close(saves_); }

// The folder, not the file: editors save by renaming a new file over the old one.
void Watch::watch(const WatchedFile& watched) {
  const std::string folder = watched.file.parent_path().string();
  const int number =
      ::inotify_add_watch(saves_, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO);
  if (number < 0) {
    const int error = errno;
    ::close(saves_);
    throw std::system_error(error, std::generic_category(), "cannot watch " + folder);
  }
  ids_[{number, watched.file.filename().string()}] = watched.id;
}

void Watch::run(const std::string& first) {
  const SignalsBlocked blocked;
  const sigset_t set = handled_signals();
  signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals_ < 0) fail("cannot wait for signals");
  if (!first.empty()) start(first);
  for (bool interrupted = false; !interrupted;) {
    std::array<pollfd, 2> ready{{{saves_, POLLIN, 0}, {signals_, POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) fail("cannot wait");
    if (ready[1].revents != 0) interrupted = handle_signal();
    if (ready[0].revents == 0 || interrupted) continue;
    std::this_thread::sleep_for(one_save);
    if (const std::string id = saved_id(); !id.empty()) start(id);
  }
  end_command();
  ::close(signals_);
}

// The id of the watched file that was saved last; empty if none was.
std::string Watch::saved_id() {
  std::string id;
  alignas(inotify_event) std::array<char, 16 << 10> buffer;
  for (;;) {
    const ssize_t bytes = ::read(saves_, buffer.data(), buffer.size());
    if (bytes <= 0) return id;
    for (std::size_t at = 0; at < static_cast<std::size_t>(bytes);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      if (event.len == 0) continue;
      const auto found = ids_.find({event.wd, name});
      if (found != ids_.end()) id = found->second;
    }
  }
}

// Returns true for a signal that ends the watch.
bool Watch::handle_signal() {
  signalfd_siginfo signal;
  while (::read(signals_, &signal, sizeof signal) ==
         static_cast<ssize_t>(sizeof signal)) {
    if (signal.ssi_signo != SIGCHLD) return true;
    if (command_ > 0 && ::waitpid(command_, nullptr, WNOHANG) == command_) command_ = -1;
  }
  return false;
}

void Watch::start(const std::string& id) {
  end_command();
  std::vector<std::string> words = command_for_(id);
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  sigset_t mask;  // the child starts with every signal open
  sigemptyset(&mask);
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) fail("cannot start " + words[0]);
  if (child == 0) become(pointers.data(), mask, self);
  ::setpgid(child, child);  // here too: whichever is first, the group exists from now on
  command_ = child;
}

// Asks the command to end, which lets it end its own children; then kills its group.
void Watch::end_command() {
  if (command_ < 0) return;
  ::kill(-command_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + grace;
  while (::waitpid(command_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(-command_, SIGKILL);
      ::waitpid(command_, nullptr, 0);
      break;
    }
    std::this_thread::sleep_for(5ms);
  }
  ::kill(-command_, SIGKILL);  // whatever the command left in its group
  command_ = -1;
}

}  // namespace course::student
