// The classics under the system's scheduler and ThreadSanitizer: runs one of them again and
// again until somebody stops it. First argument: its name; second: broken or right.
//
// No explorer is linked in: `check` is the one below, and the first that fails ends it.
#include "stressed.hpp"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "all_classics.hpp"

namespace {

stress::Page* page = nullptr;

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

bool map_page() {
  void* mapped = mmap(nullptr, sizeof(stress::Page), PROT_READ | PROT_WRITE, MAP_SHARED,
                      stress::kPageDescriptor, 0);
  if (mapped == MAP_FAILED) return false;
  page = static_cast<stress::Page*>(mapped);
  return true;
}

[[noreturn]] void run_for_ever(void (*body)()) {
  page->began = now();
  page->last_ended = page->began.load();
  page->stage = stress::Stage::kRunning;
  for (;;) {
    body();
    page->last_ended = now();
    ++page->runs;
  }
}

}  // namespace

namespace interleave {

void check(bool holds, std::string_view, Location) {
  if (holds) return;
  page->last_ended = now();
  page->stage = stress::Stage::kCheckFailed;
  _exit(0);
}

}  // namespace interleave

int main(int argc, char** argv) {
  const std::string_view name = argc == 3 ? argv[1] : "";
  const std::string_view form = argc == 3 ? argv[2] : "";
  for (const interleave::classics::Classic& classic :
       interleave::classics::all_classics()) {
    if (classic.name != name || !map_page()) continue;
    run_for_ever(form == "broken" ? classic.broken : classic.right);
  }
  std::fprintf(stderr,
               "stressed: started by first_failure, which maps the page it needs\n");
  return 2;
}
