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
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "process/descendants.hpp"
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

// --- children and orphans
// ------------------------------------------------------------------

// The children that `run` started and has not reaped yet. Where this process adopts orphans,
// any other child of it was left behind by a program that has ended.
struct Brood {
  std::mutex mutex;  // held from a fork until the child is in `known`
  std::set<pid_t> known;
  std::atomic<bool> adopts = false;
};

Brood& brood() {
  static Brood all;
  return all;
}

// Daemons, and whatever else programs that have ended left running.
void end_orphans() {
  if (!brood().adopts) return;
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  for (;;) {
    {
      const std::scoped_lock lock(brood().mutex);
      if (!end_children(brood().known) || Clock::now() > deadline) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
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

std::vector<std::string> environment_for(const Command& command,
                                         const std::string& secret) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != text.npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& name : command.without) variables.erase(name);
  for (const auto& [name, value] : command.environment) variables[name] = value;
  if (command.records) {
    variables["COURSE_RECORDS"] =
        std::to_string(records_descriptor) + ' ' + secret + ' ' + command.records_kind;
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

void lower_limit(__rlimit_resource resource, rlim_t most) noexcept {
  rlimit limit{};
  if (most == 0 || ::getrlimit(resource, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_cur, most);
  limit.rlim_max = std::min(limit.rlim_max, most);
  ::setrlimit(resource, &limit);
}

// At the hard limit the kernel sends SIGKILL, which says nothing: SIGXCPU must come before.
void name_the_processor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return;
  if (limit.rlim_max < 2 || limit.rlim_cur < limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max - 1;
  ::setrlimit(RLIMIT_CPU, &limit);
}

void limit_resources(const Command& command) noexcept {
  lower_limit(RLIMIT_FSIZE, command.file_limit);
  lower_limit(RLIMIT_AS, command.memory_limit);
  lower_limit(RLIMIT_CPU, command.processor_limit);
  name_the_processor_limit();
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

void use_default_signals() noexcept {
  for (const int signal :
       {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD, SIGXFSZ, SIGXCPU}) {
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
  if (::getppid() != parent) ::_exit(127);  // the parent died before prctl
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);       // its orphans stay below it until its own end
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // so that gdb may look at a time-out
  use_default_signals();
  if (command.fixed_addresses) ::personality(ADDR_NO_RANDOMIZE);
  limit_resources(command);
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
    taken_ += bytes.size();
    if (too_many()) return;
    for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos;) {
      partial_ += bytes.substr(0, end);
      lines_.push_back(std::exchange(partial_, {}));
      bytes.remove_prefix(end + 1);
    }
    partial_ += bytes;
  }
  [[nodiscard]] bool too_many() const { return taken_ > records_limit; }
  [[nodiscard]] std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::size_t taken_ = 0;
  std::string partial_;
  std::vector<std::string> lines_;
};

// Reads what is there now, but no more than a few MiB: who writes without end must not hold
// the reader. Closes `from` at its end.
template <typename Sink>
void drain(Descriptor& from, Sink sink) {
  constexpr int most_reads = 64;
  std::array<char, 1 << 16> buffer;
  for (int reads = 0; from.open() && reads < most_reads; ++reads) {
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

// Proves that a record is the program's own; as many digits for every run.
std::string draw_secret() {
  std::random_device device;
  std::string secret;
  while (secret.size() < 32) secret += "0123456789abcdef"[device() % 16];
  return secret;
}

// One child, from its fork until nothing of it is left.
class Child {
 public:
  Child(const Command& command, std::stop_token stop)
      : command_(command), stop_(std::move(stop)) {}

  ~Child() {
    if (process_ > 0) reap();  // an exception is on its way
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Outcome to_its_end();

 private:
  bool start();
  pid_t fork_known();
  rusage reap();
  void watch();
  bool ended();
  void finish(End end);
  void take_output();
  void take_records();
  void wait_for_news(double at_most) const;
  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }

  const Command& command_;
  std::stop_token stop_;
  Pipe output_;
  Pipe records_;
  std::string secret_;    // of the records
  Descriptor exit_news_;  // a pidfd; closed on kernels before 5.3
  pid_t process_ = 0;     // until it is reaped
  int wait_status_ = SIGKILL;
  Clock::time_point started_;
  Lines lines_;
  Outcome outcome_;
};

Prepared prepare(const Command& command, const std::string& secret,
                 std::vector<std::string>& words) {
  Prepared prepared;
  prepared.program = find_program(words.at(0)).string();
  prepared.environment = environment_for(command, secret);
  prepared.arguments = pointers_to(words);
  prepared.variables = pointers_to(prepared.environment);
  prepared.folder = command.folder.string();
  return prepared;
}

bool Child::start() {
  std::vector<std::string> words = command_.words;
  if (command_.records) secret_ = draw_secret();
  const Prepared prepared = prepare(command_, secret_, words);
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
  if (fork_known() == 0) {
    become(command_, prepared, parent, nothing.number(), output_, records_, trouble);
  }
  output_.write.close();
  records_.write.close();
  trouble.write.close();
  ::fcntl(trouble.read.number(), F_SETFL, 0);
  int error = 0;  // nothing arrives, and the pipe closes, once the program runs
  if (::read(trouble.read.number(), &error, sizeof error) != sizeof error) return true;
  reap();
  outcome_.output = words[0] + ": " + std::strerror(error);
  return false;
}

// fork, with the child among the known before anything can take it for an orphan.
pid_t Child::fork_known() {
  const std::scoped_lock lock(brood().mutex);
  const pid_t process = ::fork();
  if (process < 0) fail("no process left");
  if (process == 0) return 0;
  process_ = process;
  brood().known.insert(process);
  return process;
}

// Kills all that is left of the child and takes its status. One that the kernel cannot end
// holds the grader for ten seconds, no longer.
rusage Child::reap() {
  kill_tree(process_);
  rusage usage{};
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (::wait4(process_, &wait_status_, WNOHANG, &usage) == 0 &&
         Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  {
    const std::scoped_lock lock(brood().mutex);
    brood().known.erase(process_);
  }
  process_ = 0;
  end_orphans();
  return usage;
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

void Child::take_records() {
  const std::string opening = secret_ + ' ';
  for (const std::string& line : lines_.take()) {
    if (line.starts_with(opening)) {
      outcome_.records.push_back(line.substr(opening.size()));
    } else {
      ++outcome_.forged;
    }
  }
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
  const rusage usage = reap();
  const int status = wait_status_;
  take_output();
  if (end == End::exited && WIFSIGNALED(status)) end = End::signalled;
  outcome_.end = end;
  outcome_.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  take_records();
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
    if (lines_.too_many()) return finish(End::endless_records);
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
    case End::endless_records:
      words << "stopped after more than " << (records_limit >> 20) << " MiB of records";
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

void adopt_orphans() noexcept {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  brood().adopts = true;
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
