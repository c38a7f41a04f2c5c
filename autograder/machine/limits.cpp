#include "machine/limits.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace course::machine {
namespace {

namespace fs = std::filesystem;

struct Kind {
  int resource;
  char letter;       // of the shell's `ulimit`
  rlim_t unit;       // bytes, seconds or pieces that the shell counts in
  const char* what;  // it allows so many of
};

constexpr Kind kinds[] = {
    {RLIMIT_AS, 'v', 1024, "kB of address space"},
    {RLIMIT_DATA, 'd', 1024, "kB of data"},
    {RLIMIT_STACK, 's', 1024, "kB of stack"},
    {RLIMIT_FSIZE, 'f', 1024, "kB for a file"},
    {RLIMIT_CPU, 't', 1, "s of processor time"},
    {RLIMIT_NOFILE, 'n', 1, "open files"},
    {RLIMIT_NPROC, 'u', 1, "processes and threads"},
};

// The least that lifts it for good: a number of open files must be given.
std::string more_than(const Kind& kind) {
  return kind.resource == RLIMIT_NOFILE ? "1024" : "unlimited";
}

rlim_t limit_of(int resource) {
  rlimit limit{};
  return ::getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0
             ? limit.rlim_cur
             : RLIM_INFINITY;
}

// How many threads this user's processes have, all together.
rlim_t threads_of_this_user() {
  rlim_t threads = 0;
  std::error_code gone;
  for (const auto& process : fs::directory_iterator("/proc", gone)) {
    struct stat owner {};
    const bool ours =
        ::stat(process.path().c_str(), &owner) == 0 && owner.st_uid == ::getuid() &&
        process.path().filename().string().find_first_not_of("0123456789") ==
            std::string::npos;
    if (!ours) continue;
    std::ifstream status(process.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("Threads:")) threads += std::stoul(line.substr(8));
    }
  }
  return threads;
}

}  // namespace

bool is_limited(int resource) { return limit_of(resource) != RLIM_INFINITY; }

std::string limit_words(int resource) {
  if (!is_limited(resource)) return "";
  const auto* kind =
      std::find_if(std::begin(kinds), std::end(kinds),
                   [&](const Kind& one) { return one.resource == resource; });
  if (kind == std::end(kinds)) return "";
  const std::string option = std::string("ulimit -") + kind->letter;
  return "this shell allows " + std::to_string(limit_of(resource) / kind->unit) + " " +
         kind->what + " (`" + option + "`); lift it with: " + option + " " +
         more_than(*kind);
}

std::string memory_limit_words() {
  const std::string address_space = limit_words(RLIMIT_AS);
  return address_space.empty() ? limit_words(RLIMIT_DATA) : address_space;
}

std::string few_files_words() {
  constexpr rlim_t usual = 1024;
  return limit_of(RLIMIT_NOFILE) < usual ? limit_words(RLIMIT_NOFILE) : "";
}

std::string small_stack_words() {
  constexpr rlim_t usual = 8 << 20;
  return limit_of(RLIMIT_STACK) < usual ? limit_words(RLIMIT_STACK) : "";
}

std::string few_processes_words() {
  constexpr rlim_t few = 100;
  const bool enough =
      !is_limited(RLIMIT_NPROC) || limit_of(RLIMIT_NPROC) > threads_of_this_user() + few;
  return enough ? "" : limit_words(RLIMIT_NPROC);
}

}  // namespace course::machine
