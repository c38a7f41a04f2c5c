// A session of LTTng of our own, which records the events of this process: started here, gone
// when this object is. Its session daemon too, unless one was there already.
//
// Threads     One, while no other thread forks.
// Progress    The constructor waits until the daemon answers, a few seconds at most.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

class LttngSession {
 public:
  // Whether there is a daemon to start, and a program that speaks to it.
  [[nodiscard]] static bool is_installed() {
    return says_yes("command -v lttng && command -v lttng-sessiond");
  }

  LttngSession() {
    if (!says_yes("lttng list")) start_daemon();
    // A snapshot session keeps the newest events in memory and writes no file, so that nothing
    // but recording is measured; events are not lost for want of room, the oldest are.
    records_ = says_yes("lttng create " + name_ + " --snapshot") &&
               says_yes("lttng enable-channel --session " + name_ +
                        " --userspace --subbuf-size=1M --num-subbuf=4 spans") &&
               says_yes("lttng enable-event --session " + name_ +
                        " --userspace --channel spans 'course:*'") &&
               says_yes("lttng start " + name_);
  }
  ~LttngSession() {
    static_cast<void>(says_yes("lttng destroy --no-wait " + name_));
    if (daemon_ <= 0) return;
    ::kill(daemon_, SIGTERM);
    while (::waitpid(daemon_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  LttngSession(const LttngSession&) = delete;
  LttngSession& operator=(const LttngSession&) = delete;

  // Whether it could be started. This process learns of it a moment later.
  [[nodiscard]] bool records() const { return records_; }

 private:
  // Runs one line of shell, silently.
  static bool says_yes(const std::string& line) {
    return std::system(("{ " + line + "; } >/dev/null 2>&1").c_str()) == 0;
  }

  void start_daemon() {
    const pid_t parent = ::getpid();
    daemon_ = ::fork();
    if (daemon_ == 0) {
      // Ends with us, however we end.
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (::getppid() != parent) ::_exit(1);
      ::execlp("lttng-sessiond", "lttng-sessiond", "--no-kernel", "--quiet",
               static_cast<char*>(nullptr));
      ::_exit(127);
    }
    for (int tries = 0; daemon_ > 0 && tries < 100 && !says_yes("lttng list"); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  const std::string name_ = "course-" + std::to_string(::getpid());
  pid_t daemon_ = -1;
  bool records_ = false;
};
