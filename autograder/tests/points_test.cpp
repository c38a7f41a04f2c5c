// What a real mistake costs, graded along the whole way: the step whose promise it breaks, and
// no other.
#include <gtest/gtest.h>

#include <cstdlib>

#include "grader/grading.hpp"

namespace course::grader {
namespace {

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

}  // namespace
}  // namespace course::grader
