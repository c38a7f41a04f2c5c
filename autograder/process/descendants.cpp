#include "process/descendants.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace course::process {
namespace {

// Stopped first, so that it starts none on the way.
void kill_with_all_below(pid_t process) {
  ::kill(process, SIGSTOP);
  for (const pid_t child : children_of(process)) kill_with_all_below(child);
  ::kill(process, SIGKILL);
}

}  // namespace

std::vector<pid_t> children_of(pid_t process) {
  const std::string tasks = "/proc/" + std::to_string(process) + "/task";
  std::vector<pid_t> found;
  std::error_code gone;
  std::filesystem::directory_iterator task(tasks, gone);
  for (const std::filesystem::directory_iterator end; !gone && task != end;
       task.increment(gone)) {
    std::ifstream children(task->path() / "children");
    for (pid_t child; children >> child;) found.push_back(child);
  }
  return found;
}

void kill_tree(pid_t process) {
  for (const pid_t child : children_of(process)) kill_with_all_below(child);
  ::kill(-process, SIGKILL);
}

bool end_children(const std::set<pid_t>& spare) {
  bool any = false;
  for (const pid_t child : children_of(::getpid())) {
    if (spare.contains(child)) continue;
    any = true;
    kill_with_all_below(child);
    ::waitpid(child, nullptr, WNOHANG);
  }
  return any;
}

}  // namespace course::process
