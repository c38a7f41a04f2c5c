// One piece of work, done by several threads.
#pragma once

#include <functional>

namespace course::grader {

// Calls `work` in `width` threads, of which the caller's is one, and returns once all of them
// are done with it. The first exception that leaves one is thrown again here, after that. Where
// the machine has no more threads to give, those that there are do it.
void side_by_side(unsigned width, const std::function<void()>& work);

}  // namespace course::grader
