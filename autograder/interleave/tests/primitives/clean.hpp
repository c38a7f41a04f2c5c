// What every test in this folder asks: a correct program stays clean for 10,000 schedules
// of the portfolio and for as many at random. Where the portfolio found that there are no
// more behaviours, more schedules show nothing new; a tenth of them keeps an eye on that.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "interleave/interleave.hpp"

namespace interleave {

// Returns whether there are no more behaviours than were seen.
inline bool stays_clean(const std::function<void()>& body, const std::string& strategy,
                        std::uint64_t schedules) {
  Options options;
  options.schedules = schedules;
  options.seconds = 120;
  options.strategy = strategy;
  const Result result = find_failure(body, options);
  EXPECT_TRUE(result.clean()) << result.message << '\n' << result.picture;
  EXPECT_TRUE(result.exhaustive || result.schedules >= options.schedules)
      << strategy << " stopped early: " << result.coverage;
  return result.exhaustive;
}

inline void expect_clean(const std::function<void()>& body) {
  const bool complete = stays_clean(body, "portfolio", 10'000);
  stays_clean(body, "sticky20", complete ? 1'000 : 10'000);
}

}  // namespace interleave
