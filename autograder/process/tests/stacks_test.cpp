// Property: of a debugger's stacks, a person sees the calls in their own files alone.
#include "process/stacks.hpp"

#include <gtest/gtest.h>

namespace course::process {
namespace {

constexpr const char* stacks =
    R"(Thread 2 (Thread 0x7f25 (LWP 26) "job_queue-stude"):
#0  __futex_wait (futex=...) at ./nptl/futex-internal.c:57
#5  0x000055f3 in JobQueue<int>::push(int) () at /course/exercises/job_queue.hpp:43
#6  operator() () at /course/exercises/job_queue_test.cpp:79
#7  0x00007f25 in ?? () from /lib/x86_64-linux-gnu/libstdc++.so.6
Thread 1 (Thread 0x7f26 (LWP 25) "job_queue-stude"):
#5  0x000055f4 in JobQueue<std::function<void ()> >::pop (this=...) at /e/job_queue.hpp:53
#9  std::function<void ()>::operator()() const () at /usr/include/c++/12/bits/std_function.h:591
Thread 3 (Thread 0x7f27 (LWP 27) "job_queue-stude"):
#0  __futex_wait (futex=...) at ./nptl/futex-internal.c:57
)";

TEST(Stacks, AreCutToTheFilesThatAreAskedFor) {
  const auto threads = frames_in(stacks, {"job_queue.hpp", "job_queue_test.cpp"});
  ASSERT_EQ(threads.size(), 2U);
  EXPECT_EQ(threads[0].thread, "the main thread");
  ASSERT_EQ(threads[0].frames.size(), 1U);
  EXPECT_EQ(threads[0].frames[0].function, "JobQueue<std::function<void ()> >::pop");
  EXPECT_EQ(threads[0].frames[0].line, 53);
  EXPECT_EQ(threads[1].thread, "thread 2");
  ASSERT_EQ(threads[1].frames.size(), 2U);
  EXPECT_EQ(threads[1].frames[0].file, "/course/exercises/job_queue.hpp");
  EXPECT_EQ(threads[1].frames[1].line, 79);
}

TEST(Stacks, AreEmptyWhereOnlyTheKernelTold) {
  EXPECT_TRUE(frames_in("Thread 12 (slot) in futex_wait, system call 202\n", {"slot.hpp"})
                  .empty());
}

}  // namespace
}  // namespace course::process
