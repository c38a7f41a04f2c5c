// What a program must do before anything in it is measured.
#pragma once

#include <thread>

namespace course {

// Starts a thread and waits for its end. Until a process has done so once, libstdc++ counts
// the owners of a shared_ptr with plain additions and glibc's locks take a shorter way, which
// no program with threads ever has: whatever was measured before would be too fast.
inline void count_owners_atomically() {
  std::thread([] {}).join();
}

}  // namespace course
