// A known data race: ThreadSanitizer must report it, on every run.
//
// Two accesses at the very same moment may pass ThreadSanitizer by, each looking before the
// other has left its mark. So the threads take turns. Passing a turn is relaxed: it puts
// the accesses apart in time, and orders nothing. The turn is on a line of its own, or its
// many accesses would push the mark of the one that races out of their shared shadow.
#include <pthread.h>
#include <sched.h>

#include <atomic>

alignas(64) int value = 0;
alignas(64) std::atomic<int> turn{0};

void wait_for_turn(int mine) {
  while (turn.load(std::memory_order_relaxed) != mine) sched_yield();
}

void pass_turn(int next) { turn.store(next, std::memory_order_relaxed); }

void* write_value(void*) {
  value = 1;
  pass_turn(1);
  wait_for_turn(2);
  return nullptr;
}

int main() {
  pthread_t other;
  pthread_create(&other, nullptr, write_value, nullptr);
  wait_for_turn(1);
  value = 2;
  pass_turn(2);
  pthread_join(other, nullptr);
}
