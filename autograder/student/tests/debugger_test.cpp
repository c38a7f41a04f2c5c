// Property: of a stopped program's callers the one at the student's line is found.
#include "student/debugger.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace course::student {
namespace {

const std::string callers = R"(
Temporary breakpoint 1, interleave_at_step () at /c/runtime/debugger.cpp:5
5	  asm volatile("" : : : "memory");
#0  interleave_at_step () at /c/runtime/debugger.cpp:5
#1  0x00007ffff7f3 in interleave::Engine::wait (...) at /c/runtime/engine.cpp:41
#2  std::mutex::lock (this=...) at /usr/include/c++/12/bits/std_mutex.h:100
#3  transfer (...) at /home/s/a b/ledger.hpp:41
#4  main () at /home/s/ledger_test.cpp:410
)";

TEST(Debugger, FindsTheFrameAtALine) {
  EXPECT_EQ(frame_at(callers, "/home/s/a b/ledger.hpp", 41), 3U);
  EXPECT_EQ(frame_at(callers, "ledger_test.cpp", 410), 4U);
  EXPECT_EQ(frame_at(callers, "ledger_test.cpp", 41), std::nullopt);
  EXPECT_EQ(frame_at(callers, "", 0), std::nullopt);
}

TEST(Debugger, StopsInThatFrameWithAddressesFixedAndSignalsLeftToTheProgram) {
  process::Command program;
  program.words = {"/c/job_queue-student", "--gtest_filter=JobQueue.Closes"};
  const auto words = words_to_stop(program, 3, {"-batch", "-ex", "bt"});
  const auto place = [&](const std::string& word) {
    return std::find(words.begin(), words.end(), word) - words.begin();
  };
  const auto end = std::ssize(words);
  EXPECT_LT(place("set disable-randomization on"), place("run"));
  EXPECT_LT(place("handle SIGALRM SIGSEGV SIGBUS SIGFPE SIGILL nostop noprint pass"),
            place("run"));
  EXPECT_LT(place("tbreak interleave_at_step"), place("run"));
  EXPECT_LT(place("run"), place("frame 3"));
  EXPECT_LT(place("frame 3"), place("bt"));
  EXPECT_LT(place("bt"), place("--args"));
  EXPECT_EQ(place("/c/job_queue-student"), end - 2);
}

}  // namespace
}  // namespace course::student
