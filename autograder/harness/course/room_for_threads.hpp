// For tests of what happens when a thread cannot be started.
#pragma once

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace course {

// While it lives, this process has memory for the stacks of a few more threads, fewer than
// sixteen: then starting one throws std::system_error. Linux; constructed and destroyed by
// one thread while no other starts threads.
class RoomForFewThreads {
 public:
  // A sanitizer and the explorer die without the memory that is taken here.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  static constexpr bool can_be_tested = false;
#elif defined(__has_feature)
  static constexpr bool can_be_tested =
      !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer);
#else
  static constexpr bool can_be_tested = true;
#endif

  RoomForFewThreads() {
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit now = before_;
    now.rlim_cur = used() + 2 * stack();
    ::setrlimit(RLIMIT_AS, &now);
  }
  ~RoomForFewThreads() { ::setrlimit(RLIMIT_AS, &before_); }
  RoomForFewThreads(const RoomForFewThreads&) = delete;
  RoomForFewThreads& operator=(const RoomForFewThreads&) = delete;

 private:
  // Bytes of address space in use.
  static rlim_t used() {
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
  }

  // Bytes of a new thread's stack. The library keeps a few of those that ended, and gives
  // them to new threads, limit or no limit.
  static rlim_t stack() {
    pthread_attr_t attributes;
    std::size_t bytes = 0;
    ::pthread_getattr_default_np(&attributes);
    ::pthread_attr_getstacksize(&attributes, &bytes);
    ::pthread_attr_destroy(&attributes);
    return bytes;
  }

  rlimit before_{};
};

}  // namespace course
