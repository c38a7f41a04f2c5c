// Time to the first failure of each broken classic: chosen schedules beside stress.
//
//   interleave   find_failure as a test calls it: milliseconds and schedules until a schedule
//                failed, and failed again in a fresh process
//   stress       the same body, compiled for ThreadSanitizer, run again and again under the
//                system's scheduler, in a process of its own: milliseconds and runs until a
//                check failed, ThreadSanitizer reported, or it crashed; or until the last run
//                that ended, where none has ended for two seconds
//
// Both are tried three times, one after the other, and the median is shown: the explorer
// chooses the same schedules each time, stress does not. Neither time counts the start of
// the process, and a report is not symbolised. The right form is stressed too, for a
// second: a failure there would mean that the one before it tells nothing.
//
//   first_failure [--seconds N] [--times N] [NAME]      N = 10 and 3; all classics
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "all_classics.hpp"
#include "stressed.hpp"

namespace {

using interleave::classics::Classic;

constexpr double kHangs = 2;  // seconds without the end of a run
constexpr double kRightForm = 1;
constexpr int kReported = 66;  // ThreadSanitizer's exit status

struct Wishes {
  double seconds = 10;
  int times = 3;
  std::string_view name;  // empty: all
};

// -- Stress -----------------------------------------------------------------------------

struct Stressed {
  std::string how;  // empty: no failure within the limit
  double milliseconds = 0;
  std::uint64_t runs = 0;
};

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) * 1e-9;
}

// A page that a child can inherit, mapped here.
class SharedPage {
 public:
  SharedPage() : descriptor_(memfd_create("stressed", 0)) {
    if (descriptor_ < 0 || ftruncate(descriptor_, sizeof(stress::Page)) != 0)
      std::abort();
    void* mapped = mmap(nullptr, sizeof(stress::Page), PROT_READ | PROT_WRITE, MAP_SHARED,
                        descriptor_, 0);
    if (mapped == MAP_FAILED) std::abort();
    page_ = new (mapped) stress::Page;
  }
  ~SharedPage() {
    munmap(page_, sizeof *page_);
    close(descriptor_);
  }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  stress::Page* operator->() const { return page_; }

 private:
  int descriptor_;
  stress::Page* page_;
};

// Where the program that is stressed lies: beside this one.
std::string stressed_program() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  const std::string self(path, length > 0 ? static_cast<std::size_t>(length) : 0);
  return self.substr(0, self.rfind('/') + 1) + "interleave-stressed";
}

pid_t start(const SharedPage& page, const Classic& classic, const char* form) {
  const std::string program = stressed_program();
  const std::string name(classic.name);
  const pid_t child = fork();
  if (child != 0) return child;
  dup2(page.descriptor(), stress::kPageDescriptor);
  // ThreadSanitizer of these compilers does not start under newer kernels' randomisation.
  personality(ADDR_NO_RANDOMIZE);
  setenv("TSAN_OPTIONS", "halt_on_error=1 symbolize=0 exitcode=66 log_path=/dev/null", 1);
  execl(program.c_str(), program.c_str(), name.c_str(), form, nullptr);
  _exit(127);
}

// How the child that ended by itself failed.
std::string failure_of(int status, stress::Stage stage) {
  if (stage == stress::Stage::kCheckFailed) return "check";
  if (WIFEXITED(status) && WEXITSTATUS(status) == kReported) return "report";
  if (WIFSIGNALED(status)) return "crash";
  std::fprintf(stderr, "%s did not start (wait status %d)\n", stressed_program().c_str(),
               status);
  std::exit(3);
}

Stressed stress_once(const Classic& classic, const char* form, double limit) {
  const SharedPage page;
  const pid_t child = start(page, classic, form);
  Stressed result;
  int status = 0;
  std::uint64_t seen = 0;
  double seen_at = now();
  const auto elapsed = [&](double until) { return until - seconds(page->began); };
  for (;;) {
    usleep(500);
    const double time = now();
    if (waitpid(child, &status, WNOHANG) == child) {
      result.how = failure_of(status, page->stage);
      // A check knows when it failed; a report and a crash are when the process is gone.
      result.milliseconds =
          1000 * elapsed(result.how == "check" ? seconds(page->last_ended) : time);
      break;
    }
    if (page->stage == stress::Stage::kStarting) continue;
    if (page->runs != seen) {
      seen = page->runs;
      seen_at = time;
    }
    const bool hangs = time - seen_at > kHangs;
    if (hangs || elapsed(time) > limit) {
      if (hangs) result.how = "hangs";
      result.milliseconds = 1000 * elapsed(hangs ? seconds(page->last_ended) : time);
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      break;
    }
  }
  result.runs = page->runs + 1;
  return result;
}

// -- The table --------------------------------------------------------------------------

template <typename T, typename Less>
T median(std::vector<T> values, Less less) {
  std::sort(values.begin(), values.end(), less);
  return values[values.size() / 2];
}

std::string cut(std::string_view text, std::size_t width) {
  std::string padded(text);
  padded.resize(std::max(width, padded.size()), ' ');
  return padded;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.1f" : "%.0f", value);
  return text;
}

interleave::Result explore(const Classic& classic, const Wishes& wishes) {
  std::vector<interleave::Result> results;
  for (int time = 0; time < wishes.times; ++time) {
    results.push_back(interleave::find_failure(
        classic.broken, {.schedules = 1'000'000, .seconds = wishes.seconds}));
  }
  return median(std::move(results), [](const auto& one, const auto& other) {
    return one.milliseconds < other.milliseconds;
  });
}

// What is not found counts as later than all that is.
Stressed stress(const Classic& classic, const Wishes& wishes, int& found) {
  std::vector<Stressed> results;
  found = 0;
  for (int time = 0; time < wishes.times; ++time) {
    results.push_back(stress_once(classic, "broken", wishes.seconds));
    if (!results.back().how.empty()) ++found;
  }
  return median(std::move(results), [](const Stressed& one, const Stressed& other) {
    if (one.how.empty() != other.how.empty()) return other.how.empty();
    return one.milliseconds < other.milliseconds;
  });
}

struct Totals {
  int classics = 0;
  int explored = 0;  // found in the median run
  int stressed = 0;
};

void print_row(const Classic& classic, const Wishes& wishes, Totals& totals) {
  const interleave::Result explored = explore(classic, wishes);
  int found = 0;
  const Stressed stressed = stress(classic, wishes, found);
  const Stressed right = stress_once(classic, "right", kRightForm);
  const bool nothing = stressed.how.empty();
  ++totals.classics;
  if (!explored.clean()) ++totals.explored;
  if (!nothing) ++totals.stressed;
  std::string how = nothing ? "-" : stressed.how;
  if (found > 0 && found < wishes.times) {
    how += " " + std::to_string(found) + " of " + std::to_string(wishes.times);
  }
  if (!right.how.empty()) how += " (right form: " + right.how + ")";
  std::printf("%s %s %8s %9llu  %10s %10llu  %s\n", cut(classic.name, 24).c_str(),
              cut(explored.kind, 14).c_str(), number(explored.milliseconds).c_str(),
              static_cast<unsigned long long>(explored.schedules),
              ((nothing ? ">" : "") + number(stressed.milliseconds)).c_str(),
              static_cast<unsigned long long>(stressed.runs), how.c_str());
  std::fflush(stdout);
}

Wishes read_wishes(int argc, char** argv) {
  Wishes wishes;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      wishes.seconds = std::atof(argv[++i]);
    } else if (std::strcmp(argv[i], "--times") == 0 && i + 1 < argc) {
      wishes.times = std::max(1, std::atoi(argv[++i]));
    } else {
      wishes.name = argv[i];
    }
  }
  return wishes;
}

}  // namespace

int main(int argc, char** argv) {
  const Wishes wishes = read_wishes(argc, argv);
  std::printf("Time to the first failure, median of %d   (ms: milliseconds)\n\n",
              wishes.times);
  std::printf("%s %s %8s %9s  %10s %10s  %s\n", cut("", 24).c_str(),
              cut("interleave", 14).c_str(), "", "", "stress", "", "");
  std::printf("%s %s %8s %9s  %10s %10s  %s\n", cut("broken algorithm", 24).c_str(),
              cut("finds", 14).c_str(), "ms", "schedules", "ms", "runs", "found by");
  Totals totals;
  for (const Classic& classic : interleave::classics::all_classics()) {
    if (!wishes.name.empty() && wishes.name != classic.name) continue;
    print_row(classic, wishes, totals);
  }
  std::printf("\nof %d, found by interleave %d, by stress within %g s %d\n",
              totals.classics, totals.explored, wishes.seconds, totals.stressed);
}
