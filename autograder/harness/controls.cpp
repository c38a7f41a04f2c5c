#include "controls.hpp"

#include <atomic>
#include <thread>

#include "course/records.hpp"
#include "interleave/interleave.hpp"

namespace course {
namespace {

// The threads take turns, or the race may pass ThreadSanitizer by: see
// ../grader/self_test/race.cpp, which says why the turn is relaxed and on its own line.
alignas(64) int raced_value = 0;
alignas(64) std::atomic<int> turn{0};

void wait_for_turn(int mine) {
  while (turn.load(std::memory_order_relaxed) != mine) std::this_thread::yield();
}

void pass_turn(int next) { turn.store(next, std::memory_order_relaxed); }

void race() {
  std::thread other([] {
    ++raced_value;
    pass_turn(1);
    wait_for_turn(2);
  });
  wait_for_turn(1);
  ++raced_value;
  pass_turn(2);
  other.join();
}

int* volatile leaked = nullptr;

void leak() {
  leaked = new int(1);
  leaked = nullptr;
}

void lose_an_update() {
  static_cast<void>(interleave::find_failure([] {
    std::atomic<int> count{0};
    const auto add_one = [&] { count = count + 1; };
    std::thread other(add_one);
    add_one();
    other.join();
    interleave::check(count == 2, "control: this lost update must be found");
  }));
}

}  // namespace

void Control::OnTestEnd(const testing::TestInfo&) {
  if (!is_control()) return;
  if (interleave::explores_schedules()) {
    lose_an_update();  // first: in a test that failed the explorer ends every schedule at once
  } else {
    race();
    leak();
  }
  ADD_FAILURE() << "control: this failure must be reported";
}

}  // namespace course
