#include "left_running.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

namespace course {
namespace {

// Takes the status of every child that has ended; whether others are left.
bool any_left() {
  pid_t ended = 0;
  while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
  }
  return ended == 0;
}

// A sanitizer starts a program of its own, which reads symbols for its reports. What a test
// leaves is seen in the stages without one.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool sanitizer = true;
#elif defined(__has_feature)
constexpr bool sanitizer =
    __has_feature(thread_sanitizer) || __has_feature(address_sanitizer);
#else
constexpr bool sanitizer = false;
#endif

}  // namespace

void adopt_what_is_left() noexcept { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

int end_what_is_left() {
  if (sanitizer) return 0;
  for (int look = 0; look < 20; ++look) {
    if (!any_left()) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  int count = 0;
  std::error_code gone;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/self/task", gone)) {
    std::ifstream children(thread.path() / "children");
    for (pid_t child = 0; children >> child; ++count) ::kill(child, SIGKILL);
  }
  return count == 0 ? 1 : count;  // where the system has no such list
}

}  // namespace course
