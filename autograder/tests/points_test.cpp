// What a real mistake costs, graded along the whole way: the step whose promise it breaks, and
// no other; and that right code of another form than the solution's costs nothing.
#include <gtest/gtest.h>

#include <cstdlib>

#include "catalogue/files.hpp"
#include "grader/grading.hpp"

namespace course::grader {
namespace {

// Of a solution: each `first` is exchanged for its `second`.
using Changes = std::vector<std::pair<std::string, std::string>>;

class PointsOf : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* compiler = std::getenv("COURSE_COMPILER");
    course_ = new Course(load_course(COURSE_SOURCE_FOLDER));
    workshop_ = new Workshop(
        *course_, Trees(COURSE_SOURCE_FOLDER, compiler == nullptr ? "" : compiler), 1);
  }

  static void TearDownTestSuite() {
    delete workshop_;
    delete course_;
  }

  // The promises that the mutant does not keep, with their verdicts: "step 2 failed".
  static std::vector<std::string> broken_by(const std::string& exercise,
                                            const std::string& mutant) {
    const Subject subject{course_->select({exercise}).front(), mutant};
    const auto result = grade(subject, *workshop_, [](const auto&, const auto&) {});
    std::vector<std::string> broken;
    for (const auto& promise : result.promises) {
      if (promise.points() > 0) continue;
      broken.push_back(heading_of(promise) + " " + std::string(name_of(promise.verdict)));
    }
    return broken;
  }

  // Grades what the changes make of the solution. It is put where `author mutate` puts what it
  // makes: into trees that are there, since building begins a missing one anew.
  static ExerciseResult graded(const std::string& exercise, const Changes& changes) {
    const Subject subject{course_->select({exercise}).front(), "made-1"};
    std::string text = read_file(subject.exercise->solution);
    for (const auto& [was, becomes] : changes) {
      const std::size_t at = text.find(was);
      if (at == std::string::npos)
        throw std::runtime_error("not in the solution: " + was);
      text.replace(at, was.size(), becomes);
    }
    for (const std::string_view preset :
         {"student", "interleave", "tsan", "asan", "bench"}) {
      const Subject solution{subject.exercise, "solution"};
      const auto built = build(workshop_->trees, preset, {solution.target()},
                               solution.edited_file(), workshop_->cores);
      EXPECT_TRUE(built.built) << built.output;
      const auto file = subject.file(workshop_->trees.tree(preset));
      std::filesystem::create_directories(file.parent_path());
      write_file(file, text);
    }
    return grade(subject, *workshop_, [](const auto&, const auto&) {});
  }

  // "interleave: a deadlock", of all that was found; empty if nothing was.
  static std::vector<std::string> found_in(const ExerciseResult& result) {
    std::vector<std::string> found;
    for (const StageResult& stage : result.stages) {
      for (const Finding& finding : stage.findings) {
        // A machine that is too busy for a speed is no finding.
        if (finding.verdict == Verdict::inconclusive) continue;
        found.push_back(std::string(name_of(stage.stage)) + ": " + finding.what);
      }
    }
    return found;
  }

  // Whether every promise that was measured is kept.
  static bool keeps_all(const ExerciseResult& result) {
    return std::all_of(
        result.promises.begin(), result.promises.end(), [](const auto& one) {
          return one.verdict == Verdict::passed || one.verdict == Verdict::inconclusive;
        });
  }

  static std::string notes_of(const ExerciseResult& result, Stage stage) {
    std::string notes;
    for (const StageResult& one : result.stages) {
      for (const std::string& note : one.notes) {
        if (one.stage == stage) notes += note + "\n";
      }
    }
    return notes;
  }

  static Course* course_;
  static Workshop* workshop_;
};

Course* PointsOf::course_ = nullptr;
Workshop* PointsOf::workshop_ = nullptr;

using Broken = std::vector<std::string>;

TEST_F(PointsOf, PollingInTheJobQueueBreaksThatAWaitingThreadSleeps) {
  EXPECT_EQ(broken_by("job_queue", "spins").front(), "step 3 failed");
}

TEST_F(PointsOf, PollingForAPublicationBreaksThatAWaitingReaderSleeps) {
  EXPECT_EQ(broken_by("publication", "spinning_wait").front(), "step 2 failed");
}

// A gate is not measured for what is wrong.
TEST_F(PointsOf, ATornAuditBreaksThatAuditsSeeWholeTransfers) {
  EXPECT_EQ(broken_by("ledger", "audit_account_by_account"),
            (Broken{"step 2 failed", "gate not run", "gate not run"}));
}

TEST_F(PointsOf, ALostUpdateBreaksThatNoAdditionIsLost) {
  EXPECT_EQ(broken_by("striped_counter", "last_stripe_is_nobodys").front(),
            "step 1 failed");
}

TEST_F(PointsOf, ACounterWithoutPaddingLosesThatPromiseAlone) {
  EXPECT_EQ(broken_by("striped_counter", "unpadded_stripes"), Broken{"step 2 failed"});
}

// -- Right code of another form ------------------------------------------------------------------

const char* const release = "ready_.store(1, std::memory_order_release);";
const char* const with_fence_before =
    "std::atomic_thread_fence(std::memory_order_release);\n"
    "    ready_.store(1, std::memory_order_relaxed);";
const char* const acquire =
    "return ready_.load(std::memory_order_acquire) ? &value_ : nullptr;";
const char* const with_fence_after =
    "if (ready_.load(std::memory_order_relaxed) == 0) return nullptr;\n"
    "    std::atomic_thread_fence(std::memory_order_acquire);\n"
    "    return &value_;";

class Fences : public PointsOf, public testing::WithParamInterface<Changes> {};

// ThreadSanitizer does not know them, so the stage leaves the word to the explorer; and a fence is
// no atomic that a step would have to pay for.
TEST_P(Fences, OrderAPublicationAsWellAsAReleaseAndAnAcquire) {
  const ExerciseResult result = graded("publication", GetParam());
  EXPECT_EQ(found_in(result), std::vector<std::string>{});
  EXPECT_TRUE(keeps_all(result));
  const std::string notes = notes_of(result, Stage::tsan);
  EXPECT_NE(notes.find("ThreadSanitizer does not know fences"), std::string::npos)
      << notes;
  EXPECT_NE(notes.find("the explorer decides"), std::string::npos) << notes;
}

INSTANTIATE_TEST_SUITE_P(OnEachSide, Fences,
                         testing::Values(Changes{{release, with_fence_before}},
                                         Changes{{acquire, with_fence_after}},
                                         Changes{{release, with_fence_before},
                                                 {acquire, with_fence_after}}));

// A fence in the wrong place orders nothing, and the explorer says so.
TEST_F(PointsOf, AFenceBehindTheStoreBreaksThatAReaderSeesTheValue) {
  const ExerciseResult result = graded(
      "publication", {{release,
                       "ready_.store(1, std::memory_order_relaxed);\n"
                       "    std::atomic_thread_fence(std::memory_order_release);"}});
  EXPECT_FALSE(keeps_all(result));
  EXPECT_EQ(result.promises.front().verdict, Verdict::failed);
}

// What is left of a starter and is no code: in a comment, between #if 0, in a text.
TEST_F(PointsOf, ATodoThatIsNoCodeCostsNothing) {
  const ExerciseResult result =
      graded("job_queue", {{"#pragma once\n",
                            "#pragma once\n"
                            "// was: course::todo(1);\n"
                            "/* course::todo(2);\n   course::todo(3); */\n"
                            "#if 0\ncourse::todo(1);\n#endif\n"
                            "inline const char* const left = \"course::todo(1);\";\n"}});
  EXPECT_EQ(found_in(result), std::vector<std::string>{});
  EXPECT_TRUE(keeps_all(result));
}

}  // namespace
}  // namespace course::grader
