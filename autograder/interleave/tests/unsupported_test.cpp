// Property: what the explorer cannot run gives no verdict, and a sentence that names it.
//
// Each body is correct, or does something that the explorer could not tell from a mistake.
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace interleave {
namespace {

void gives_no_verdict(const std::string& named, const std::function<void()>& body) {
  const Result result = find_failure(body);
  EXPECT_EQ(result.kind, "unsupported") << result.picture;
  EXPECT_NE(result.message.find(named), std::string::npos) << result.message;
  EXPECT_NE(result.message.find("no verdict"), std::string::npos) << result.message;
}

TEST(Unsupported, EndingAThreadByForce) {
  gives_no_verdict("pthread_exit", [] {
    std::thread worker([] { pthread_exit(nullptr); });
    worker.join();
  });
  gives_no_verdict("pthread_cancel", [] {
    std::thread worker([] {});
    pthread_cancel(worker.native_handle());
    worker.join();
  });
}

TEST(Unsupported, OtherProcesses) {
  gives_no_verdict("fork", [] {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
  });
  gives_no_verdict("starts a thread or a process", [] {
    const long child = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child == 0) _exit(0);
    waitpid(static_cast<pid_t>(child), nullptr, 0);
  });
}

TEST(Unsupported, ObjectsThatProcessesShare) {
  gives_no_verdict("process-shared mutex", [] {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, &attributes);
  });
  gives_no_verdict("robust mutex", [] {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, &attributes);
  });
  gives_no_verdict("process-shared reader-writer lock", [] {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_t lock;
    pthread_rwlock_init(&lock, &attributes);
  });
  gives_no_verdict("process-shared condition variable", [] {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_cond_t condition;
    pthread_cond_init(&condition, &attributes);
  });
  gives_no_verdict("process-shared semaphore", [] {
    sem_t semaphore;
    sem_init(&semaphore, 1, 0);
  });
}

TEST(Unsupported, RareFutexOperations) {
  gives_no_verdict("futex operation", [] {
    int word = 0;
    syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, nullptr, nullptr, 0);
  });
}

TEST(Unsupported, LocksAndThreadsOfC) {
  gives_no_verdict("thrd_create", [] {
    thrd_t thread{};
    thrd_create(
        &thread, [](void*) { return 0; }, nullptr);
    thrd_join(thread, nullptr);
  });
  gives_no_verdict("mtx_lock", [] {
    mtx_t mutex;
    mtx_init(&mutex, mtx_plain);
    mtx_lock(&mutex);
    mtx_unlock(&mutex);
  });
  gives_no_verdict("pthread_spin_lock", [] {
    pthread_spinlock_t lock{};
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    std::thread worker([&] {
      pthread_spin_lock(&lock);
      std::this_thread::yield();
      pthread_spin_unlock(&lock);
    });
    worker.join();
  });
  static pthread_barrier_t made_outside;
  ASSERT_EQ(pthread_barrier_init(&made_outside, nullptr, 1), 0);
  gives_no_verdict("pthread_barrier", [] { pthread_barrier_wait(&made_outside); });
}

TEST(Unsupported, Signals) {
  gives_no_verdict("pthread_kill", [] {
    std::thread worker([] {});
    pthread_kill(worker.native_handle(), 0);
    worker.join();
  });
  gives_no_verdict("pause", [] { pause(); });
  gives_no_verdict("sigwait", [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    int signal = 0;
    sigwait(&set, &signal);
  });
  gives_no_verdict("alarm", [] { alarm(100); });
  gives_no_verdict("timer_create", [] {
    timer_t timer{};
    timer_create(CLOCK_MONOTONIC, nullptr, &timer);
  });
}

TEST(Unsupported, Scheduling) {
  gives_no_verdict("pthread_setschedparam", [] {
    const sched_param parameters{};
    pthread_setschedparam(pthread_self(), SCHED_OTHER, &parameters);
  });
}

// A pipe orders the two, but it was not opened in the body, so that the explorer's one kernel
// thread sleeps in `read` for ever.
TEST(Unsupported, SystemCallsThatOnlyAnotherThreadEnds) {
  static std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  gives_no_verdict("a system call that blocks", [] {
    std::thread worker([&] {
      std::this_thread::yield();
      check(write(ends[1], "x", 1) == 1);
    });
    char byte = 0;
    check(read(ends[0], &byte, 1) == 1);
    worker.join();
  });
  close(ends[0]);
  close(ends[1]);
}

TEST(Unsupported, MoreThan256Threads) {
  const auto body = [] {
    std::vector<std::jthread> many;
    for (int i = 0; i < 300; ++i) many.emplace_back([] {});
  };
  gives_no_verdict("more than 256 threads", body);
  const Result result = find_failure(body);
  EXPECT_LT(std::count(result.picture.begin(), result.picture.end(), '\n'), 10)
      << result.picture;
}

TEST(Unsupported, AtomicsOfMoreThan16Bytes) {
  struct Wide {
    std::array<long, 4> parts;
  };
  gives_no_verdict("an atomic of 32 bytes", [] {
    std::atomic<Wide> wide{};
    static_cast<void>(wide.load());
  });
}

// -- What looks as if it were unsupported -----------------------------------------------

void stays_clean(const std::function<void()>& body) {
  const Result result = find_failure(body);
  EXPECT_TRUE(result.clean()) << result.message;
}

TEST(Supported, ACohortOf255Threads) {
  Options options;
  options.schedules = 20;
  const Result result = find_failure(
      [] {
        std::atomic<int> ready{0};
        std::atomic<bool> go{false};
        std::vector<std::thread> cohort;
        for (int i = 0; i < 255; ++i) {
          cohort.emplace_back([&] {
            ++ready;
            go.wait(false);
          });
        }
        go = true;
        go.notify_all();
        for (std::thread& thread : cohort) thread.join();
        check(ready == 255);
      },
      options);
  EXPECT_TRUE(result.clean()) << result.message;
}

TEST(Supported, ThreadHandles) {
  stays_clean([] {
    std::jthread worker([] { std::this_thread::yield(); });
    cpu_set_t cores;
    check(pthread_getaffinity_np(worker.native_handle(), sizeof cores, &cores) == 0);
    check(pthread_setaffinity_np(worker.native_handle(), sizeof cores, &cores) == 0);
    check(pthread_setname_np(worker.native_handle(), "packer") == 0);
    std::array<char, 16> name{};
    check(pthread_getname_np(worker.native_handle(), name.data(), name.size()) == 0);
    check(std::string(name.data()) == "packer");
  });
}

TEST(Supported, JoiningForATime) {
  stays_clean([] {
    pthread_t worker{};
    pthread_create(
        &worker, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
    timespec soon{};
    clock_gettime(CLOCK_REALTIME, &soon);
    ++soon.tv_sec;
    const int error = pthread_timedjoin_np(worker, nullptr, &soon);
    check(error == 0 || error == ETIMEDOUT);
    if (error != 0) check(pthread_join(worker, nullptr) == 0);
  });
}

TEST(Supported, SemaphoresOfPosix) {
  stays_clean([] {
    for (unsigned count : {1U, 0U}) {  // the second lies where the first lay
      sem_t semaphore;
      sem_init(&semaphore, 0, count);
      check((sem_trywait(&semaphore) == 0) == (count == 1));
      sem_destroy(&semaphore);
    }
  });
}

TEST(Supported, SignalsThatAThreadSendsItself) {
  stays_clean([] {
    static volatile std::sig_atomic_t came = 0;
    came = 0;
    const auto before = std::signal(SIGUSR1, [](int) { came = 1; });
    std::raise(SIGUSR1);
    std::signal(SIGUSR1, before);
    check(came == 1);
  });
}

TEST(Supported, WaitingOutsideABody) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  int status = 1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace interleave
