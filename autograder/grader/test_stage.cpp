#include "grader/test_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <system_error>
#include <thread>

#include "grader/controls.hpp"
#include "grader/test_run.hpp"
#include "process/stacks.hpp"
#include "reading/sanitizer_report.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// How often the unit stage runs each test, each time in another order with another seed.
constexpr int unit_rounds = 3;

// The interleave stage first looks at every test for some schedules, where most mistakes
// show, and only at what holds then for as many as the tests ask.
constexpr int interleave_rounds = 2;
constexpr std::uint64_t schedules_of_first_look = 500;

int rounds_of(Stage stage) {
  switch (stage) {
    case Stage::unit:
      return unit_rounds;
    case Stage::interleave:
      return interleave_rounds;
    default:
      return 1;
  }
}

// How much slower than the unit program a stage's program may be.
double slow_down(Stage stage) {
  switch (stage) {
    case Stage::tsan:
      return 10;
    case Stage::asan:
      return 4;
    case Stage::interleave:
      return 6;
    default:
      return 1;
  }
}

// One run of one test that is to be made.
struct Turn {
  const Test* test;
  int round;
};

std::vector<Test> chosen(std::vector<Test> tests, const std::vector<std::string>& only) {
  std::erase_if(tests, [&](const Test& test) { return !is_chosen(test.name, only); });
  return tests;
}

class TestStage {
 public:
  TestStage(Stage stage, const Subject& subject, Workshop& workshop,
            const std::vector<std::string>& only)
      : stage_(stage),
        subject_(subject),
        workshop_(workshop),
        tests_(chosen(subject.exercise->tests(), only)),
        file_(subject.file(workshop.trees.tree(preset_of(stage)))),
        steps_left_(steps_left(file_)),
        log_(workshop.trees.root() / ".course" / "logs" / subject.target() /
             (std::string(name_of(stage)) + ".txt")) {
    result_.stage = stage;
  }

  StageResult run() {
    const SanitizerHealth& health = workshop_.sanitizers.health(stage_);
    fixed_addresses_ = health.fixed_addresses;
    if (!health.works) return environment(health.trouble);
    if (fixed_addresses_) result_.notes.push_back("address randomisation off");
    open_log();
    run_control();
    run_turns();
    summarise();
    return std::move(result_);
  }

 private:
  StageResult environment(const std::string& why) {
    Finding finding;
    finding.verdict = Verdict::environment;
    finding.what = why;
    result_.verdict = Verdict::environment;
    result_.findings.push_back(std::move(finding));
    return std::move(result_);
  }

  void open_log() {
    fs::create_directories(log_.parent_path());
    std::ofstream(log_, std::ios::trunc);
  }

  void run_control() {
    TestCommand command = command_for("", 0);
    if (auto lost = lost_control(command, workshop_.stop)) {
      result_.findings.push_back(std::move(*lost));
    }
  }

  [[nodiscard]] bool is_first_look(int round) const {
    return stage_ == Stage::interleave && round == 0;
  }

  TestCommand command_for(const std::string& test, int round) const {
    TestCommand command;
    command.program = program_of(workshop_.trees, stage_, subject_);
    command.test = test;
    command.stage = stage_;
    command.seed = workshop_.seed + static_cast<std::uint64_t>(round);
    command.seconds = subject_.exercise->test_seconds * slow_down(stage_);
    command.fixed_addresses = fixed_addresses_;
    if (is_first_look(round)) command.schedules = schedules_of_first_look;
    return command;
  }

  std::vector<Turn> turns() const {
    std::vector<Turn> all;
    std::mt19937_64 random(workshop_.seed);
    for (int round = 0; round < rounds_of(stage_); ++round) {
      std::vector<Turn> one_round;
      for (const Test& test : tests_) one_round.push_back({&test, round});
      std::shuffle(one_round.begin(), one_round.end(), random);
      all.insert(all.end(), one_round.begin(), one_round.end());
    }
    return all;
  }

  // Several at once in the unit stage, for which somebody waits; the others run side by side
  // as stages.
  void run_turns() {
    started_ = Clock::now();
    if (stage_ == Stage::unit) workshop_.hangs.forget(subject_.target());
    const std::vector<Turn> all = turns();
    std::atomic<std::size_t> next{0};
    const auto take_turns = [&] {
      for (std::size_t at; (at = next.fetch_add(1)) < all.size();) take_turn(all[at]);
    };
    std::vector<std::jthread> helpers;
    const unsigned width = stage_ == Stage::unit ? workshop_.cores : 1;
    for (unsigned helper = 1; helper < width; ++helper) helpers.emplace_back(take_turns);
    take_turns();
  }

  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }

  void take_turn(const Turn& turn) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = checks_.find(turn.test->name);
          known != checks_.end() && known->second.verdict != Verdict::passed) {
        return;  // one failure is enough
      }
      if (stage_ == Stage::interleave && turn.round > 0 &&
          needs_no_second_look(*turn.test))
        return;
    }
    if (told_before(*turn.test)) return;
    const double left = subject_.exercise->stage_seconds * slow_down(stage_) - elapsed();
    if (left <= 0) return record(*turn.test, out_of_time(*turn.test), 0);
    TestCommand command = command_for(turn.test->name, turn.round);
    command.seconds = std::min(command.seconds, left);
    const TestRun run = run_test(command, workshop_.stop);
    auto finding = judge(command, run);
    if (finding && run.process.end == process::End::timed_out) {
      show_own_frames(run.process.stacks, *finding);
    }
    if (never_ends(run)) workshop_.hangs.note(subject_.target(), turn.test->name);
    if (finding &&
        (finding->verdict == Verdict::failed || finding->verdict == Verdict::not_started))
      excuse(*turn.test, *finding);
    const std::lock_guard lock(mutex_);
    if (finding && finding->verdict == Verdict::failed) keep_log(command, run, *finding);
    explored_[turn.test->name] = run.explored;
    record_locked(*turn.test, std::move(finding), run.process.seconds);
  }

  // Whether nobody should wait for the test again: it hung, or has a schedule that ends in
  // threads that wait for each other.
  [[nodiscard]] bool never_ends(const TestRun& run) const {
    static const std::set<std::string> waiting{"deadlock", "lost wake-up", "livelock"};
    if (stage_ == Stage::unit) return run.process.end == process::End::timed_out;
    return std::any_of(run.explored.begin(), run.explored.end(),
                       [](const auto& explored) {
                         return waiting.contains(explored.value("kind", ""));
                       });
  }

  // Once a first look has failed there is something to mend, and nobody waits for the rest of
  // that step; but what is told of the other steps is decided by the whole search. A test
  // whose every behaviour it has checked needs no other look.
  bool needs_no_second_look(const Test& test) {
    const auto is_of_its_step = [&](const Finding& finding) {
      const Test* found = test_named(finding.test);
      return found == nullptr || found->step == test.step;  // a control's is everybody's
    };
    const auto to_be_mended = [&](const Finding& finding) {
      return finding.verdict != Verdict::not_started && is_of_its_step(finding);
    };
    if (std::any_of(result_.findings.begin(), result_.findings.end(), to_be_mended)) {
      first_look_only_ = true;
      return true;
    }
    const auto& seen = explored_[test.name];
    return std::all_of(seen.begin(), seen.end(), [](const nlohmann::json& explored) {
      return explored.value("exhaustive", false);
    });
  }

  const Test* test_named(const std::string& name) const {
    const auto found = std::find_if(tests_.begin(), tests_.end(),
                                    [&](const Test& test) { return test.name == name; });
    return found == tests_.end() ? nullptr : &*found;
  }

  std::optional<Finding> out_of_time(const Test& test) const {
    Finding finding;
    finding.test = test.name;
    finding.what =
        fmt::format("was not run: the stage's {:g} s were used up by the tests before",
                    subject_.exercise->stage_seconds * slow_down(stage_));
    return finding;
  }

  // Whether an earlier stage tells all there is to know of `test`, so that nobody waits for
  // it here: it did not end there, or its step is still to be written.
  bool told_before(const Test& test) {
    if (stage_ == Stage::unit) return false;
    Finding unwritten;
    excuse(test, unwritten);
    if (unwritten.verdict == Verdict::not_started) {
      record(test, std::move(unwritten), 0);
      return true;
    }
    const bool sanitizer = stage_ == Stage::tsan || stage_ == Stage::asan;
    if (!sanitizer || !workshop_.hangs.known(subject_.target(), test.name)) return false;
    const std::lock_guard lock(mutex_);
    ++hung_before_;
    return true;  // without a check, which is not a pass
  }

  // Of every thread that hangs, its calls in the student's file and in the test; the whole
  // stacks are in the log.
  void show_own_frames(const std::string& stacks, Finding& finding) const {
    const std::string file = subject_.exercise->file.filename();
    const auto threads =
        process::frames_in(stacks, {file, subject_.exercise->name + "_test.cpp"});
    if (threads.empty()) return;
    finding.detail = "where each thread was:";
    for (const auto& [thread, frames] : threads) {
      std::string name = thread;
      for (const process::Frame& frame : frames) {
        const std::string here = fs::path(frame.file).filename();
        if (here != file && &frame != &frames.front() && &frame != &frames.back())
          continue;
        finding.detail +=
            fmt::format("\n{:<16} {}:{}   {}", name, here, frame.line, frame.function);
        name.clear();
        if (finding.line == 0 && here == file) {
          finding.file = frame.file;
          finding.line = frame.line;
        }
      }
    }
  }

  // What fails while its own step is still to be written is not held against anybody: it
  // fails because of the steps before, which say so themselves. It is told at the step's
  // first line, and not at the one that a thread happened to reach.
  void excuse(const Test& test, Finding& finding) const {
    const auto left = steps_left_.find(test.step);
    if (left == steps_left_.end()) return;
    finding = Finding{};
    finding.verdict = Verdict::not_started;
    finding.test = test.name;
    finding.what = fmt::format("step {} is still to be written", test.step);
    finding.file = file_;
    finding.line = left->second;
  }

  // A sanitizer's report first: a test can pass while its threads race.
  std::optional<Finding> judge(const TestCommand& command, const TestRun& run) const {
    if (stage_ == Stage::tsan || stage_ == Stage::asan) {
      if (auto finding = judge_report(command, run)) return finding;
    }
    auto finding = finding_of(command, run);
    if (finding && stage_ == Stage::interleave) unsupported(run, *finding);
    return finding;
  }

  static void unsupported(const TestRun& run, Finding& finding) {
    for (const auto& explored : run.explored) {
      if (explored.value("kind", "") == "unsupported")
        finding.verdict = Verdict::environment;
    }
  }

  std::optional<Finding> judge_report(const TestCommand& command,
                                      const TestRun& run) const {
    const auto report = reading::read_sanitizer_report(run.process.output, file_);
    Finding finding;
    finding.test = command.test;
    if (!report) {
      const std::string death =
          run.tests_reported == 0 ? reading::start_up_death(run.process.output) : "";
      if (death.empty()) return std::nullopt;
      finding.verdict = Verdict::environment;
      finding.what = death;
      return finding;
    }
    finding.what = report->what;
    finding.detail = report->detail;
    finding.file = report->file;
    finding.line = report->line;
    const auto stage_concept = subject_.exercise->stage_concepts.find(stage_);
    const bool known_better =
        report->general && stage_concept != subject_.exercise->stage_concepts.end();
    finding.concept_name = known_better ? stage_concept->second : report->concept_name;
    finding.again = again(command);
    return finding;
  }

  void keep_log(const TestCommand& command, const TestRun& run, Finding& finding) const {
    std::ofstream log(log_, std::ios::app);
    log << "=== " << command.test << "\n"
        << again(command) << "\n\n"
        << run.process.output << "\n";
    log << run.process.stacks << "\n" << finding.detail << "\n";
    log.flush();
    if (!log) {
      throw std::system_error(errno, std::generic_category(),
                              "cannot write " + log_.string());
    }
    finding.report = log_;
  }

  void record(const Test& test, std::optional<Finding> finding, double seconds) {
    const std::lock_guard lock(mutex_);
    record_locked(test, std::move(finding), seconds);
  }

  void record_locked(const Test& test, std::optional<Finding> finding, double seconds) {
    Check& check = checks_[test.name];
    const bool fresh = check.name.empty();
    check.name = test.name;
    check.seconds += seconds;
    const Verdict verdict = finding ? finding->verdict : Verdict::passed;
    const bool known_bad = !fresh && check.verdict != Verdict::passed;
    if (known_bad) return;
    check.verdict = verdict;
    if (!finding) return;
    const bool written = verdict != Verdict::not_started;
    if (written && finding->concept_name.empty())
      finding->concept_name = concept_for(test);
    result_.findings.push_back(std::move(*finding));
  }

  // A sanitizer's concept is for its own reports: a test that hangs under it is about what
  // it is about everywhere.
  std::string concept_for(const Test& test) const {
    if (stage_ == Stage::tsan || stage_ == Stage::asan) return test.concept_name;
    const auto& concepts = subject_.exercise->stage_concepts;
    const auto found = concepts.find(stage_);
    return found == concepts.end() ? test.concept_name : found->second;
  }

  // --- the verdict ---------------------------------------------------------------------

  void summarise() {
    result_.verdict = Verdict::passed;
    for (const Test& test : tests_) {
      const auto found = checks_.find(test.name);
      const Check check =
          found == checks_.end() ? Check{test.name, Verdict::not_run, 0} : found->second;
      result_.checks.push_back(check);
      result_.verdict = worse(result_.verdict, check.verdict);
    }
    for (const auto& finding : result_.findings) {
      result_.verdict = worse(result_.verdict, finding.verdict);
    }
    sort_findings();
    if (hung_before_ > 0) {
      result_.notes.push_back(fmt::format(
          "{} not run again, which an earlier stage saw never end",
          hung_before_ == 1 ? "1 test" : fmt::format("{} tests", hung_before_)));
    }
    if (stage_ == Stage::unit) {
      result_.notes.push_back(fmt::format("seed {}", workshop_.seed));
    }
    if (stage_ == Stage::interleave) summarise_exploration();
    result_.seconds = elapsed();
  }

  // In the order of the tests; a step that is still to be written is said once.
  void sort_findings() {
    const auto place = [&](const Finding& finding) {
      return std::find_if(tests_.begin(), tests_.end(),
                          [&](const Test& test) { return test.name == finding.test; }) -
             tests_.begin();
    };
    auto& findings = result_.findings;
    std::stable_sort(
        findings.begin(), findings.end(), [&](const Finding& left, const Finding& right) {
          const bool left_control = left.test.starts_with("CourseControl.");
          const bool right_control = right.test.starts_with("CourseControl.");
          if (left_control != right_control) return left_control;
          return place(left) < place(right);
        });
    std::set<std::string> said;
    std::erase_if(findings, [&](const Finding& finding) {
      return finding.verdict == Verdict::not_started && !said.insert(finding.what).second;
    });
  }

  void summarise_exploration() {
    std::uint64_t schedules = 0;
    int explorations = 0, whole = 0, not_chosen = 0;
    for (const auto& [test, all] : explored_) {
      for (const auto& explored : all) {
        ++explorations;
        schedules += explored.value("schedules", std::uint64_t{0});
        const std::string coverage = explored.value("coverage", "");
        if (coverage.find("system's scheduler") != coverage.npos) ++not_chosen;
        if (explored.value("exhaustive", false)) ++whole;
      }
    }
    if (not_chosen > 0) {  // our runtime is not linked in
      result_.verdict = worse(result_.verdict, Verdict::not_run);
      result_.notes.push_back(
          "the schedule explorer is not built yet: nothing was explored");
      return;
    }
    if (explorations == 0) return;
    result_.notes.push_back(fmt::format("{} schedules", schedules));
    if (whole > 0) {
      result_.notes.push_back(
          fmt::format("every behaviour checked in {} of {}", whole, explorations));
    }
    if (first_look_only_) {
      result_.notes.push_back("a first look; the whole search follows once it holds");
    }
  }

  const Stage stage_;
  const Subject& subject_;
  Workshop& workshop_;
  const std::vector<Test> tests_;
  const fs::path file_;  // what is graded: the student's, a solution or a mutant
  const std::map<int, int> steps_left_;
  const fs::path log_;
  bool fixed_addresses_ = false;
  Clock::time_point started_ = Clock::now();

  std::mutex mutex_;  // guards all below while turns are taken
  std::map<std::string, Check> checks_;
  StageResult result_;
  std::map<std::string, std::vector<nlohmann::json>> explored_;  // by test, the last look
  bool first_look_only_ = false;  // a failure there ended the interleave stage
  int hung_before_ = 0;           // tests that an earlier stage saw never end
};

}  // namespace

StageResult run_test_stage(Stage stage, const Subject& subject, Workshop& workshop,
                           const std::vector<std::string>& only) {
  return TestStage(stage, subject, workshop, only).run();
}

}  // namespace course::grader
