#include "process/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "process/stacks.hpp"

extern char** environ;

namespace course::process {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int records_descriptor = 3;
constexpr std::size_t records_limit = 16 << 20;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// --- descriptors
// ------------------------------------------------------------------------

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

// Above the numbers that the child is given, so that none is overwritten on the way.
Descriptor out_of_the_way(int number) {
  Descriptor low(number);
  const int high = ::fcntl(number, F_DUPFD_CLOEXEC, 10);
  if (high < 0) fail("no descriptor left");
  return Descriptor(high);
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("no pipe left");
  Pipe pipe{out_of_the_way(ends[0]), out_of_the_way(ends[1])};
  ::fcntl(pipe.read.number(), F_SETFL, O_NONBLOCK);
  return pipe;
}

// --- children that a signal must end
// ------------------------------------------------------

std::array<std::atomic<pid_t>, 128> live_groups{};
static_assert(std::atomic<pid_t>::is_always_lock_free, "read by a signal handler");

// Keeps a group in `live_groups` while it may be running.
class Registered {
 public:
  explicit Registered(pid_t group) {
    for (auto& slot : live_groups) {
      pid_t none = 0;
      if (slot.compare_exchange_strong(none, group)) {
        slot_ = &slot;
        return;
      }
    }
  }
  ~Registered() {
    if (slot_ != nullptr) slot_->store(0);
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 private:
  std::atomic<pid_t>* slot_ = nullptr;
};

void signal_live_groups(int signal) noexcept {
  for (auto& slot : live_groups) {
    const pid_t group = slot.load();
    if (group > 0) ::kill(-group, signal);
  }
}

// SIGTERM comes first: a `course` among the children must end its own before it is gone.
extern "C" void kill_groups_and_die(int signal) {
  signal_live_groups(SIGTERM);
  const timespec moment{0, 50'000'000};
  ::nanosleep(&moment, nullptr);
  signal_live_groups(SIGKILL);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

// --- the child's side of the fork
// ---------------------------------------------------------

// Everything the child needs, made before the fork: between fork and exec only
// async-signal-safe calls are allowed.
struct Prepared {
  std::string program;
  std::vector<std::string> environment;
  std::vector<char*> arguments;
  std::vector<char*> variables;
  std::string folder;
};

std::vector<std::string> environment_for(const Command& command) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != text.npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& name : command.without) variables.erase(name);
  for (const auto& [name, value] : command.environment) variables[name] = value;
  if (command.records) {
    variables["COURSE_RECORDS"] = std::to_string(records_descriptor);
  } else {
    variables.erase("COURSE_RECORDS");
  }
  std::vector<std::string> entries;
  for (const auto& [name, value] : variables) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Puts `number` at `wanted` for the program that is about to be executed.
void give(int number, int wanted) noexcept {
  if (::dup2(number, wanted) < 0) ::_exit(127);
}

void limit_file_size(std::size_t bytes) noexcept {
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

void use_default_signals() noexcept {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Command& command, const Prepared& prepared, pid_t parent,
                         int input, const Pipe& output, const Pipe& records,
                         const Pipe& trouble) noexcept {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);      // the parent died before prctl
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // so that gdb may look at a time-out
  use_default_signals();
  if (command.fixed_addresses) ::personality(ADDR_NO_RANDOMIZE);
  if (command.file_limit > 0) limit_file_size(command.file_limit);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  give(input, STDIN_FILENO);
  give(output.write.number(), STDOUT_FILENO);
  give(output.write.number(), STDERR_FILENO);
  if (records.write.open()) give(records.write.number(), records_descriptor);
  if (prepared.folder.empty() || ::chdir(prepared.folder.c_str()) == 0) {
    ::execve(prepared.program.c_str(), prepared.arguments.data(),
             prepared.variables.data());
  }
  const int error = errno;
  [[maybe_unused]] const auto told =
      ::write(trouble.write.number(), &error, sizeof error);
  ::_exit(127);
}

// --- the parent's side
// --------------------------------------------------------------------

// Splits what arrives on the records pipe into lines.
class Lines {
 public:
  void append(std::string_view bytes) {
    if (taken_ > records_limit) return;
    taken_ += bytes.size();
    partial_ += bytes;
    for (std::size_t end; (end = partial_.find('\n')) != std::string::npos;) {
      lines_.push_back(partial_.substr(0, end));
      partial_.erase(0, end + 1);
    }
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::size_t taken_ = 0;
  std::string partial_;
  std::vector<std::string> lines_;
};

// Reads all that is there now; closes `from` at its end.
template <typename Sink>
void drain(Descriptor& from, Sink sink) {
  std::array<char, 1 << 16> buffer;
  while (from.open()) {
    const ssize_t count = ::read(from.number(), buffer.data(), buffer.size());
    if (count > 0) {
      if (!sink(std::string_view(buffer.data(), static_cast<std::size_t>(count)))) return;
    } else if (count == 0) {
      from.close();
    } else if (errno != EINTR) {
      return;
    }
  }
}

// Descendants that left the group would outlive it: they are looked up before it is
// killed.
void collect_descendants(pid_t of, std::vector<pid_t>& found) {
  const std::string tasks = "/proc/" + std::to_string(of) + "/task";
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
    std::ifstream children(task.path() / "children");
    for (pid_t child; children >> child;) {
      found.push_back(child);
      collect_descendants(child, found);
    }
  }
}

void kill_tree(pid_t group) {
  std::vector<pid_t> descendants;
  collect_descendants(group, descendants);
  ::kill(-group, SIGKILL);
  for (const pid_t process : descendants) ::kill(process, SIGKILL);
}

// One child, from its fork until nothing of it is left.
class Child {
 public:
  Child(const Command& command, std::stop_token stop)
      : command_(command), stop_(std::move(stop)) {}

  Outcome to_its_end();

 private:
  bool start();
  void watch();
  bool ended();
  void finish(End end);
  void take_output();
  void wait_for_news(double at_most) const;
  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }

  const Command& command_;
  std::stop_token stop_;
  Pipe output_;
  Pipe records_;
  Descriptor exit_news_;  // a pidfd; closed on kernels before 5.3
  pid_t process_ = 0;
  Clock::time_point started_;
  Lines lines_;
  Outcome outcome_;
};

Prepared prepare(const Command& command, std::vector<std::string>& words) {
  Prepared prepared;
  prepared.program = find_program(words.at(0)).string();
  prepared.environment = environment_for(command);
  prepared.arguments = pointers_to(words);
  prepared.variables = pointers_to(prepared.environment);
  prepared.folder = command.folder.string();
  return prepared;
}

bool Child::start() {
  std::vector<std::string> words = command_.words;
  const Prepared prepared = prepare(command_, words);
  if (prepared.program.empty()) {
    outcome_.output = words[0] + ": no such program in PATH";
    return false;
  }
  output_ = make_pipe();
  if (command_.records) records_ = make_pipe();
  Pipe trouble = make_pipe();
  Descriptor nothing = out_of_the_way(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const pid_t parent = ::getpid();
  started_ = Clock::now();
  process_ = ::fork();
  if (process_ < 0) fail("no process left");
  if (process_ == 0) {
    become(command_, prepared, parent, nothing.number(), output_, records_, trouble);
  }
  output_.write.close();
  records_.write.close();
  trouble.write.close();
  ::fcntl(trouble.read.number(), F_SETFL, 0);
  int error = 0;  // nothing arrives, and the pipe closes, once the program runs
  if (::read(trouble.read.number(), &error, sizeof error) != sizeof error) return true;
  ::waitpid(process_, nullptr, 0);
  outcome_.output = words[0] + ": " + std::strerror(error);
  return false;
}

void Child::wait_for_news(double at_most) const {
  std::array<pollfd, 3> news{{{output_.read.number(), POLLIN, 0},
                              {records_.read.number(), POLLIN, 0},
                              {exit_news_.number(), POLLIN, 0}}};
  // Without a pidfd the exit, and with a stop token the request, must be asked for.
  const bool ask = !exit_news_.open() || stop_.stop_possible();
  const double wait = ask ? std::min(at_most, 0.01) : at_most;
  ::poll(news.data(), news.size(), static_cast<int>(std::max(wait, 0.0) * 1000) + 1);
}

void Child::take_output() {
  drain(output_.read, [&](std::string_view bytes) {
    outcome_.output_bytes += bytes.size();
    const std::size_t room = command_.output_kept - outcome_.output.size();
    outcome_.output += bytes.substr(0, room);
    if (command_.on_output) command_.on_output(bytes);
    return outcome_.output_bytes <= command_.output_limit;
  });
  drain(records_.read, [&](std::string_view bytes) {
    lines_.append(bytes);
    return true;
  });
}

bool Child::ended() {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(process_), &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == process_;
}

// Kills what is left, reads what is left, and fills in how the child ended.
void Child::finish(End end) {
  outcome_.seconds = elapsed();
  kill_tree(process_);
  int status = 0;
  rusage usage{};
  while (::wait4(process_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  take_output();
  if (end == End::exited && WIFSIGNALED(status)) end = End::signalled;
  outcome_.end = end;
  outcome_.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  outcome_.records = lines_.take();
  outcome_.peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  outcome_.processor_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Child::watch() {
  for (;;) {
    wait_for_news(command_.seconds - elapsed());
    take_output();
    if (outcome_.output_bytes > command_.output_limit) return finish(End::endless_output);
    if (ended()) return finish(End::exited);
    if (stop_.stop_requested()) {
      ::kill(-process_, SIGTERM);  // a `course` among them ends its own children
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return finish(End::stopped);
    }
    if (elapsed() >= command_.seconds) {
      if (command_.stacks) outcome_.stacks = stacks_of(process_);
      return finish(End::timed_out);
    }
  }
}

Outcome Child::to_its_end() {
  if (!start()) return std::move(outcome_);
  const Registered registered(process_);
  exit_news_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)));
  watch();
  return std::move(outcome_);
}

}  // namespace

Outcome run(const Command& command, std::stop_token stop) {
  return Child(command, std::move(stop)).to_its_end();
}

std::string words_for(const Outcome& outcome) {
  std::ostringstream words;
  switch (outcome.end) {
    case End::exited:
      words << "exit status " << outcome.status;
      break;
    case End::signalled:
      words << "killed by SIG" << ::sigabbrev_np(outcome.status) << " ("
            << ::sigdescr_np(outcome.status) << ")";
      break;
    case End::timed_out:
      words << "stopped at its time limit after "
            << static_cast<int>(outcome.seconds + 0.5) << " s";
      break;
    case End::endless_output:
      words << "stopped after printing " << (outcome.output_bytes >> 20) << " MiB";
      break;
    case End::stopped:
      words << "stopped on request";
      break;
    case End::could_not_start:
      words << "could not be started: " << outcome.output;
      break;
  }
  return words.str();
}

void end_children_on_signals() noexcept {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    ::signal(signal, kill_groups_and_die);
}

std::filesystem::path find_program(const std::string& program) {
  // A folder that may not be read is passed over, as a shell does.
  std::error_code unreadable;
  const auto runnable = [&](const std::filesystem::path& file) {
    return std::filesystem::is_regular_file(file, unreadable) &&
           ::access(file.c_str(), X_OK) == 0;
  };
  if (program.find('/') != std::string::npos) {
    return std::filesystem::exists(program, unreadable) ? std::filesystem::path(program)
                                                        : std::filesystem::path();
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto file = std::filesystem::path(folder) / program;
    if (runnable(file)) return file;
  }
  return {};
}

}  // namespace course::process
