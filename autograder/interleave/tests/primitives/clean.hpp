// What every test in this folder asks: a correct program stays clean for 10,000 schedules
// at random, and for those of the portfolio, which may find that there are no more.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "interleave/interleave.hpp"

namespace interleave {

inline void expect_clean(const std::function<void()>& body) {
  for (const char* strategy : {"portfolio", "sticky20"}) {
    Options options;
    options.schedules = 10'000;
    options.seconds = 120;
    options.strategy = strategy;
    const Result result = find_failure(body, options);
    ASSERT_TRUE(result.clean()) << result.message << '\n' << result.picture;
    ASSERT_TRUE(result.exhaustive || result.schedules >= options.schedules)
        << strategy << " stopped early: " << result.coverage;
  }
}

}  // namespace interleave
