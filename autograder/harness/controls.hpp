// The control that every graded program carries: at the end of a test, when all of the
// student's code has run, it breaks on purpose. The grader must see it reported. A program in
// which that stays silent cannot be trusted to report anything else.
//
//      test body (the student's code) --> its end --> a failure; a race and a leak, or,
//                                                     under the explorer, a losing schedule
//
// Which run is a control the grader draws anew each time, and tells with the secret of the run:
// name, arguments and environment are those of any other run of the same test.
#pragma once

#include <gtest/gtest.h>

namespace course {

// Append it last: GoogleTest calls its OnTestEnd before the others', which then tell of it.
class Control : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& test) override;
};

}  // namespace course
