#include "grader/test_stage.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <mutex>
#include <random>
#include <regex>
#include <system_error>

#include "catalogue/code.hpp"
#include "catalogue/files.hpp"
#include "grader/controls.hpp"
#include "grader/side_by_side.hpp"
#include "grader/test_judge.hpp"
#include "grader/test_plan.hpp"
#include "grader/test_summary.hpp"
#include "reading/readable.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// What the program printed in each test that failed, whole.
//
// Threads     Any.
class Log {
 public:
  explicit Log(fs::path file) : file_(std::move(file)) {
    make_way_for(file_);
    std::error_code none_before;
    fs::remove(file_, none_before);
  }

  // Adds one run, and says in `finding` where it stands.
  void keep(const TestCommand& command, const TestRun& run, Finding& finding) {
    const std::lock_guard lock(mutex_);
    errno = 0;
    std::ofstream log(file_, std::ios::app);
    log << "=== " << command.test << "\n"
        << again(command) << "\n\n"
        << reading::harmless(run.process.output + "\n" + run.process.stacks + "\n" +
                             finding.detail + "\n");
    log.flush();
    if (!log) {
      throw std::system_error(errno == 0 ? EIO : errno, std::generic_category(),
                              "cannot write " + file_.string());
    }
    finding.report = file_;
  }

 private:
  const fs::path file_;
  std::mutex mutex_;  // guards the file's end
};

// From a source that is not the seed that is printed.
std::size_t drawn_below(std::size_t count) {
  return count == 0 ? 0 : std::random_device{}() % count;
}

// The first line of `file` that uses a fence; 0 if none does.
int first_fence(const fs::path& file) {
  static const std::regex use(R"(\batomic_(thread|signal)_fence\b)");
  return first_line_with(use, file);
}

class TestStage {
 public:
  TestStage(Stage stage, const Subject& subject, Workshop& workshop, bool fixed_addresses,
            const std::vector<std::string>& only)
      : stage_(stage),
        subject_(subject),
        workshop_(workshop),
        plan_(stage, subject, workshop, fixed_addresses, only),
        judge_(stage, subject, workshop.trees),
        summary_(stage, plan_.tests()),
        log_(workshop.trees.root() / ".course" / "logs" / subject.target() /
             (std::string(name_of(stage)) + ".txt")) {
    if (fixed_addresses) summary_.note("address randomisation off");
  }

  StageResult run() {
    started_ = Clock::now();
    const fs::path file = subject_.file(workshop_.trees.tree(preset_of(stage_)));
    if (const int fence = first_fence(file); stage_ == Stage::tsan && fence != 0) {
      leave_to_the_explorer(file, fence);
    } else {
      take_turns();
    }
    if (stage_ == Stage::unit) summary_.note(fmt::format("seed {}", workshop_.seed));
    return summary_.result(elapsed());
  }

 private:
  void take_turns() {
    if (stage_ == Stage::unit) workshop_.hangs.forget(subject_.target());
    const std::vector<Turn> all = plan_.turns();
    const std::size_t control_after = drawn_below(all.size());
    std::atomic<std::size_t> next{0};
    side_by_side(plan_.width(), [&] {
      for (std::size_t at; (at = next.fetch_add(1)) < all.size();) {
        take(all[at]);
        if (at >= control_after) take_control();
      }
    });
    take_control();
  }

  // Runs one of the tests that held so far as a control, once; which one, and after which turn,
  // no program can foresee. Where none held, there is nothing that it could vouch for.
  void take_control() {
    const std::vector<const Test*> held = summary_.held();
    if (held.empty() || control_taken_.exchange(true)) return;
    const Test& test = *held[drawn_below(held.size())];
    const TestCommand command = as_control(plan_.command_for_control(test));
    const TestRun run = run_test(command, workshop_.stop);
    if (run.process.end == process::End::stopped) return;
    if (came_to_its_end(run)) {
      if (auto lost = lost_control(stage_, run)) summary_.add(std::move(*lost));
    } else if (auto finding = judge_.judge(test, command, run)) {
      summary_.add(test, std::move(*finding));  // as in any run of that test
    }
  }

  // ThreadSanitizer takes what a fence orders for a race, in right code too: it has no say.
  void leave_to_the_explorer(const fs::path& file, int fence) {
    for (const Test& test : plan_.tests()) {
      if (auto unwritten = judge_.unwritten(test)) {
        summary_.add(test, std::move(*unwritten));
      } else {
        summary_.add(test, std::nullopt, TestRun{});
      }
    }
    summary_.note(
        fmt::format("ThreadSanitizer does not know fences ({}:{}): the explorer decides",
                    file.filename().string(), fence));
  }

  void take(const Turn& turn) {
    const Test& test = *turn.test;
    if (summary_.failed(test)) return;
    if (plan_.is_second_look(turn)) {
      if (summary_.step_is_broken(test)) return summary_.leave_at_first_look();
      if (summary_.all_explored(test)) return;
    }
    if (stage_ != Stage::unit) {
      if (auto unwritten = judge_.unwritten(test)) {
        return summary_.add(test, std::move(*unwritten));
      }
      if (hung_before(test)) return summary_.leave_to_earlier_stage();
    }
    const double left = plan_.seconds() - elapsed();
    if (left <= 0) return summary_.add(test, judge_.out_of_time(test, plan_.seconds()));
    run_one(test, plan_.command_for(turn, left));
  }

  void run_one(const Test& test, const TestCommand& command) {
    const TestRun run = run_test(command, workshop_.stop);
    if (judge_.never_ends(run)) workshop_.hangs.note(subject_.target(), test.name);
    auto finding = judge_.judge(test, command, run);
    if (finding && finding->verdict == Verdict::failed) log_.keep(command, run, *finding);
    summary_.add(test, std::move(finding), run);
  }

  // Under a sanitizer it would hang ten times as long.
  [[nodiscard]] bool hung_before(const Test& test) const {
    const bool sanitizer = stage_ == Stage::tsan || stage_ == Stage::asan;
    return sanitizer && workshop_.hangs.known(subject_.target(), test.name);
  }

  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }

  const Stage stage_;
  const Subject& subject_;
  Workshop& workshop_;
  const TestPlan plan_;
  const TestJudge judge_;
  TestSummary summary_;
  Log log_;
  std::atomic<bool> control_taken_ = false;
  Clock::time_point started_;
};

}  // namespace

StageResult run_test_stage(Stage stage, const Subject& subject, Workshop& workshop,
                           const std::vector<std::string>& only) {
  const SanitizerHealth& health = workshop.sanitizers.health(stage);
  if (!health.works) return environment(stage, health.trouble);
  return TestStage(stage, subject, workshop, health.fixed_addresses, only).run();
}

}  // namespace course::grader
