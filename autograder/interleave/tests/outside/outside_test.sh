#!/bin/sh
# Property: the README's five lines of CMake make interleave usable in a project of its own,
# built from nothing in another directory, and a token of one build fails again in the other.
#
#   outside_test.sh AUTOGRADER_FOLDER CXX REPLAY_PROGRAM [EMULATOR…]
#
# REPLAY_PROGRAM is tests/replay_program.cpp, built in the tree that runs this test.
# What is built runs under the emulator, if one is named.
set -eu

autograder=$1
compiler=$2
replay_program=$3
shift 3
emulator=$*
interleave=$autograder/interleave
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $1"
  shift
  for file; do sed 's/^/  | /' "$file"; done
  exit 1
}

# The README's first code of this language.
from_readme() {
  awk -v fence="\`\`\`$1" '$0 == fence && !seen { seen = inside = 1; next }
    inside && /^```/ { exit } inside' "$interleave/README.md"
}

# --- A project with the README's lines and its test -------------------------------------
project=$work/project
mkdir "$project"
ln -s "$autograder" "$project/autograder"
from_readme cmake >"$work/lines"
[ "$(wc -l <"$work/lines")" -eq 5 ] || fail "the README promises five lines" "$work/lines"
{
  echo 'cmake_minimum_required(VERSION 3.25)'
  echo 'project(outside LANGUAGES CXX)'
  cat "$work/lines"
  # The same again with a mistake in the queue, for the system's scheduler, and the program
  # whose tokens are compared.
  echo 'add_executable(broken_test queue_test.cpp)'
  echo 'target_compile_definitions(broken_test PRIVATE BROKEN)'
  echo 'target_compile_options(broken_test PRIVATE -O1 -g)'
  echo 'target_link_libraries(broken_test PRIVATE interleave::runtime GTest::gtest_main)'
  echo 'add_executable(stress_test queue_test.cpp)'
  echo 'target_link_libraries(stress_test PRIVATE interleave::stress GTest::gtest_main)'
  echo "add_executable(replay_program $interleave/tests/replay_program.cpp)"
  echo 'target_compile_options(replay_program PRIVATE -O1 -g -fno-omit-frame-pointer)'
  echo 'target_link_libraries(replay_program PRIVATE interleave::runtime GTest::gtest_main)'
} >"$project/CMakeLists.txt"
{
  cat <<'END'
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "interleave/interleave.hpp"

template <typename T>
class JobQueue {
 public:
  explicit JobQueue(std::size_t capacity) : capacity_(capacity) {}

  void push(T job) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return jobs_.size() < capacity_; });
    jobs_.push_back(job);
    changed_.notify_all();
  }

  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (jobs_.empty()) return std::nullopt;
    const T job = jobs_.front();
    jobs_.pop_front();
    changed_.notify_all();
    return job;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
#ifndef BROKEN
    changed_.notify_all();
#endif
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> jobs_;
  bool closed_ = false;
};

END
  from_readme cpp
} >"$project/queue_test.cpp"

cmake -S "$project" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" >"$work/log" 2>&1 ||
  fail "it does not configure" "$work/log"
cmake --build "$work/build" >"$work/log" 2>&1 || fail "it does not build" "$work/log"

# --- The test runs, and finds -----------------------------------------------------------
$emulator "$work/build/queue_test" >"$work/out" 2>&1 || fail "the right queue fails" "$work/out"
INTERLEAVE_RESULTS=1 $emulator "$work/build/queue_test" >"$work/out" 2>&1
grep -q '"kind":"clean"' "$work/out" || fail "nothing was explored" "$work/out"
! $emulator "$work/build/broken_test" >"$work/out" 2>&1 ||
  fail "the broken queue passes" "$work/out"
grep -q 'concept: lost wake-up' "$work/out" || fail "it is not told what was lost" "$work/out"
$emulator "$work/build/stress_test" >"$work/out" 2>&1 || fail "the stress build fails" "$work/out"

# The command in the report replays it.
$emulator "$work/build/broken_test" >"$work/out" 2>&1 || :
again=$(sed -n '/again, step by step:/{n;s/^ *//p;}' "$work/out" |
  sed "s|[^ ]*/build/broken_test|$emulator &|")
! sh -c "$again" >"$work/out" 2>&1 || fail "the printed command does not fail again" "$work/out"
grep -q 'lost wake-up' "$work/out" || fail "it fails in another way" "$work/out"

# --- Tokens of the other build ----------------------------------------------------------
for test in Lost.Addition Lost.Order Lost.WakeUp Lost.Race; do
  INTERLEAVE_RESULTS=1 $emulator "$replay_program" --gtest_filter=$test >"$work/found" 2>&1 || :
  token=$(sed -n 's/.*"token":"\([^"]*@[^"]*\)".*/\1/p' "$work/found" | tail -n 1)
  [ -n "$token" ] || fail "$test found nothing" "$work/found"
  for time in 1 2 3 4 5 6 7 8 9 10; do
    INTERLEAVE_RESULTS=1 INTERLEAVE_REPLAY=$token \
      $emulator "$work/build/replay_program" --gtest_filter=$test >"$work/out" 2>&1 || :
    grep -q '"same_steps":true' "$work/out" || fail "$token takes other steps here" "$work/out"
    ! grep -q '"kind":"clean"' "$work/out" || fail "$token does not fail here" "$work/out"
  done
done

echo "all passed"
