// Property: a loop that sleeps until its doorbell rings misses nothing in any schedule, if it is
// right; if not, the lost wake-up is found, and told from a deadlock.
#include "programs.hpp"

namespace interleave {
namespace {

// A counter under a lock stands for the queue.
struct Queue {
  void put() {
    const std::lock_guard lock(mutex);
    ++items;
  }
  int take_all() {
    const std::lock_guard lock(mutex);
    return std::exchange(items, 0);
  }
  int take_one() {
    const std::lock_guard lock(mutex);
    if (items == 0) return 0;
    --items;
    return 1;
  }

  std::mutex mutex;
  int items = 0;
};

// -- Right ------------------------------------------------------------------------------

TEST(Doorbells, DrainedBeforeTheQueueIsTaken) {
  expect_clean([] {
    const Owned bell(eventfd(0, EFD_NONBLOCK));
    const Owned epoll(epoll_create1(0));
    watch(epoll, bell);
    Queue queue;
    std::jthread loop([&] {
      for (int done = 0; done < 2;) {
        check(next_ready(epoll) == bell);
        answer(bell);
        done += queue.take_all();
      }
    });
    for (int i = 0; i < 2; ++i) {
      queue.put();
      ring(bell);
    }
  });
}

TEST(Doorbells, APipeToOneself) {
  expect_clean([] {
    const Pipe bell(O_NONBLOCK);
    Queue queue;
    std::jthread loop([&] {
      for (int done = 0; done < 2;) {
        check(is_readable(bell[0], -1));
        while (!read_once(bell[0], 8).empty()) continue;
        done += queue.take_all();
      }
    });
    for (int i = 0; i < 2; ++i) {
      queue.put();
      write_all(bell[1], "x");
    }
  });
}

TEST(Doorbells, AnEventfdAsASemaphore) {
  expect_clean([] {
    const Owned permits(eventfd(1, EFD_SEMAPHORE));
    int inside = 0;
    const auto enter = [&] {
      eventfd_t one = 0;
      check(eventfd_read(permits, &one) == 0 && one == 1);
      ++inside;
      check(eventfd_write(permits, 1) == 0);
    };
    {
      std::jthread first(enter);
      std::jthread second(enter);
    }
    check(inside == 2);
  });
}

TEST(Doorbells, OnlyIfTheLoopSleeps) {
  expect_clean([] {
    const Owned bell(eventfd(0, 0));
    std::atomic<int> items{0};
    std::atomic<bool> sleeps{false};
    std::jthread loop([&] {
      for (;;) {
        if (items.exchange(0) != 0) return;
        sleeps = true;
        if (items.exchange(0) != 0) {  // another look, now that the bell will ring
          if (!sleeps.exchange(false)) answer(bell);
          return;
        }
        answer(bell);
      }
    });
    ++items;
    if (sleeps.exchange(false)) ring(bell);
  });
}

// -- Broken -----------------------------------------------------------------------------

TEST(BrokenDoorbells, DrainedAfterTheQueueWasTaken) {
  expect_found("lost wake-up", [] {
    const Owned bell(eventfd(0, EFD_NONBLOCK));
    const Owned epoll(epoll_create1(0));
    watch(epoll, bell);
    Queue queue;
    std::jthread loop([&] {
      for (int done = 0; done < 2;) {
        check(next_ready(epoll) == bell);
        done += queue.take_all();
        answer(bell);
      }
    });
    for (int i = 0; i < 2; ++i) {
      queue.put();
      ring(bell);
    }
  });
}

TEST(BrokenDoorbells, DrainedAfterTheQueueWasTakenFromAPipe) {
  expect_found("lost wake-up", [] {
    const Pipe bell(O_NONBLOCK);
    Queue queue;
    std::jthread loop([&] {
      for (int done = 0; done < 2;) {
        check(is_readable(bell[0], -1));
        done += queue.take_all();
        while (!read_once(bell[0], 8).empty()) continue;
      }
    });
    for (int i = 0; i < 2; ++i) {
      queue.put();
      write_all(bell[1], "x");
    }
  });
}

TEST(BrokenDoorbells, TwoRingsAreOne) {
  expect_found("lost wake-up", [] {
    const Owned bell(eventfd(0, 0));
    Queue queue;
    std::jthread loop([&] {
      for (int done = 0; done < 2;) {
        answer(bell);
        done += queue.take_one();
      }
    });
    for (int i = 0; i < 2; ++i) {
      queue.put();
      ring(bell);
    }
  });
}

TEST(BrokenDoorbells, RungBeforeTheItemIsThere) {
  expect_found("lost wake-up", [] {
    const Owned bell(eventfd(0, 0));
    Queue queue;
    std::jthread loop([&] {
      while (queue.take_all() == 0) answer(bell);
    });
    ring(bell);
    queue.put();
  });
}

TEST(BrokenDoorbells, NeverRung) {
  expect_found("deadlock", [] {
    const Owned bell(eventfd(0, 0));
    std::atomic<bool> sleeps{false};
    std::atomic<int> items{0};
    std::jthread loop([&] {
      if (items != 0) return;
      sleeps = true;  // too late: the other has looked already
      answer(bell);
    });
    ++items;
    if (sleeps) ring(bell);
  });
}

TEST(BrokenDoorbells, NothingToDoAndNothingToCome) {
  expect_found("deadlock", [] {
    const Owned bell(eventfd(0, 0));
    Queue queue;
    std::jthread loop([&] {
      for (int done = 0; done < 2;) {
        answer(bell);
        done += queue.take_all();
      }
    });
    queue.put();
    ring(bell);
  });
}

// No ring was lost: there was one, and two are waited for.
TEST(BrokenDoorbells, RungOnceAndAnsweredTwice) {
  expect_found("deadlock", [] {
    const Owned bell(eventfd(0, 0));
    std::thread worker([&] { ring(bell); });
    worker.join();
    answer(bell);
    answer(bell);
  });
}

TEST(BrokenDoorbells, TwoRingsForTwoAnswersAreOne) {
  expect_found("lost wake-up", [] {
    const Owned bell(eventfd(0, 0));
    std::jthread first([&] { ring(bell); });
    std::jthread second([&] { ring(bell); });
    answer(bell);
    answer(bell);
  });
}

TEST(BrokenDoorbells, LeftOpen) {
  expect_found("leak", [] { ring(eventfd(0, 0)); });
}

}  // namespace
}  // namespace interleave
