#include "grader/grading.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <semaphore>
#include <thread>

namespace course::grader {
namespace {

// How long the first verdict has the cores for itself. Tests that pass need less; tests that
// hang must not keep the other stages waiting.
constexpr std::chrono::seconds head_start{2};

class Grading {
 public:
  Grading(const Subject& subject, Workshop& workshop, const StageListener& listener)
      : subject_(subject),
        workshop_(workshop),
        listener_(listener),
        cores_(static_cast<std::ptrdiff_t>(workshop.cores)) {}

  ExerciseResult run() {
    const StageResult built = tell(run_build_stage(subject_, workshop_));
    const std::string_view preset = preset_of(Stage::unit);
    subject_ = with_unwritten_steps(subject_, workshop_.trees.tree(preset));
    if (built.verdict != Verdict::passed) {
      tell_rest(Verdict::not_run, "needs a program that builds");
    } else if (nothing_started()) {
      (void)tell(run_stage(Stage::unit, subject_, workshop_));
      tell_rest(Verdict::not_started, "");
    } else {
      run_side_by_side();
      run_gate();
    }
    std::sort(result_.stages.begin(), result_.stages.end(),
              [](const StageResult& left, const StageResult& right) {
                return left.stage < right.stage;
              });
    result_.subject = subject_;
    result_.promises = promises_of(*subject_.exercise, result_.stages);
    return std::move(result_);
  }

 private:
  bool nothing_started() const {
    return subject_.variant == "student" &&
           !is_started(*subject_.exercise, subject_.unwritten);
  }

  StageResult tell(StageResult stage) {
    const std::lock_guard lock(telling_);
    listener_(subject_, stage);
    result_.stages.push_back(stage);
    return stage;
  }

  bool told(Stage stage) const {
    return std::any_of(result_.stages.begin(), result_.stages.end(),
                       [&](const StageResult& result) { return result.stage == stage; });
  }

  void tell_rest(Verdict verdict, const std::string& note) {
    for (const Stage stage : all_stages) {
      if (told(stage) || !applies(stage, *subject_.exercise)) continue;
      StageResult result;
      result.stage = stage;
      result.verdict = verdict;
      if (!note.empty()) result.notes.push_back(note);
      (void)tell(std::move(result));
    }
  }

  // Builds for the first of `stages`, unless the build stage did, then runs them all, one after
  // another.
  void run_pipeline(const std::vector<Stage>& stages) {
    if (stages.front() != Stage::unit) {
      const BuildResult built = build_for(stages.front());
      bool may_run = true;
      for (const Stage stage : stages) {
        if (auto result = unbuilt(stage, built, subject_, workshop_)) {
          (void)tell(std::move(*result));
          may_run = false;
        }
      }
      if (!may_run) return;
    }
    for (const Stage stage : stages) {
      if (stage != Stage::gate) (void)tell(run_stage(stage, subject_, workshop_));
    }
  }

  BuildResult build_for(Stage stage) const {
    const std::string_view preset = preset_of(stage);
    return build(workshop_.trees, preset, targets_for(stage),
                 subject_.file(workshop_.trees.tree(preset)), jobs_for(stage),
                 workshop_.stop);
  }

  // Two builds side by side get half of the cores each: more compilers than cores only slow
  // each other down. The gate's is the last, and may use all.
  unsigned jobs_for(Stage stage) const {
    return stage == Stage::gate ? workshop_.cores : std::max(1U, workshop_.cores / 2);
  }

  std::vector<std::string> targets_for(Stage stage) const {
    std::vector<std::string> targets{subject_.target()};
    if (stage == Stage::gate && subject_.variant != "solution") {
      targets.push_back(Subject{subject_.exercise, "solution"}.target());
    }
    return targets;
  }

  std::vector<std::vector<Stage>> pipelines() const {
    std::vector<std::vector<Stage>> all;
    for (const std::vector<Stage>& wanted :
         {std::vector{Stage::unit}, std::vector{Stage::interleave, Stage::cost},
          std::vector{Stage::tsan}, std::vector{Stage::asan}, std::vector{Stage::gate}}) {
      std::vector<Stage> stages;
      for (const Stage stage : wanted) {
        if (applies(stage, *subject_.exercise)) stages.push_back(stage);
      }
      if (!stages.empty()) all.push_back(std::move(stages));
    }
    return all;
  }

  // The first pipeline, whose verdict the student waits for, gets its head start.
  void run_side_by_side() {
    std::exception_ptr trouble;
    std::counting_semaphore<> ended(0);
    std::vector<std::jthread> threads;  // joined before what they use is destroyed
    for (const auto& stages : pipelines()) {
      if (threads.size() == 1) (void)ended.try_acquire_for(head_start);
      cores_.acquire();
      threads.emplace_back([this, stages, &trouble, &ended] {
        try {
          run_pipeline(stages);
        } catch (...) {
          const std::lock_guard lock(telling_);
          trouble = std::current_exception();
        }
        cores_.release();
        ended.release();
      });
    }
    threads.clear();
    if (trouble) std::rethrow_exception(trouble);
  }

  // How fast wrong code is says nothing. What cannot be measured here is not the student's fault.
  void run_gate() {
    if (!applies(Stage::gate, *subject_.exercise) || told(Stage::gate)) return;
    Verdict right = Verdict::passed;
    for (const StageResult& stage : result_.stages) {
      const bool decides =
          stage.stage != Stage::cost && stage.verdict != Verdict::environment;
      if (decides) right = worse(right, stage.verdict);
    }
    if (right == Verdict::passed) {
      (void)tell(run_stage(Stage::gate, subject_, workshop_));
    } else {
      const bool left = right == Verdict::not_started;
      tell_rest(left ? Verdict::not_started : Verdict::not_run,
                "is measured once unit, interleave, tsan and asan pass");
    }
  }

  Subject subject_;  // its unwritten steps once it is built
  Workshop& workshop_;
  const StageListener& listener_;
  std::counting_semaphore<> cores_;  // taken in the order of the pipelines
  std::mutex telling_;               // guards result_ and the listener
  ExerciseResult result_{};
};

}  // namespace

ExerciseResult grade(const Subject& subject, Workshop& workshop,
                     const StageListener& listener) {
  return Grading(subject, workshop, listener).run();
}

}  // namespace course::grader
