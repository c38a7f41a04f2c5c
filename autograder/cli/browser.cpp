#include "cli/browser.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "process/process.hpp"

namespace course::cli {
namespace {

// An opener hands over and ends, or is the browser itself and stays.
bool fails_at_once(::pid_t child) {
  for (int looks = 0; looks < 20; ++looks) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child)
      return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace

bool open_in_browser(const std::string& page) {
  const char* chosen = std::getenv("BROWSER");  // in a dev container the host's
  for (const char* opener :
       {chosen == nullptr ? "" : chosen, "xdg-open", "wslview", "open"}) {
    const std::string program = process::find_program(opener).string();
    if (program.empty()) continue;
    std::string name = opener;
    std::string argument = page;
    char* words[] = {name.data(), argument.data(), nullptr};
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    ::pid_t child = 0;
    const int error =
        ::posix_spawn(&child, program.c_str(), nullptr, &attributes, words, environ);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) continue;
    return !fails_at_once(child);
  }
  return false;
}

}  // namespace course::cli
