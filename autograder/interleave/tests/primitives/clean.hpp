// What every test in this folder asks: a correct program stays clean for 10,000 schedules,
// or for all it has.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "interleave/interleave.hpp"

namespace interleave {

inline void expect_clean(const std::function<void()>& body) {
  Options options;
  options.schedules = 10'000;
  options.seconds = 120;
  const Result result = find_failure(body, options);
  EXPECT_TRUE(result.clean()) << result.message << '\n' << result.picture;
  if (explores_schedules()) {
    EXPECT_TRUE(result.exhaustive || result.schedules >= options.schedules)
        << result.coverage;
  }
}

}  // namespace interleave
