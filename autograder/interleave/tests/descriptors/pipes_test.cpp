// Property: a program that is right with pipes is clean in every schedule; one that is not is
// found.
#include "programs.hpp"

namespace interleave {
namespace {

TEST(Pipes, BytesArriveInOrder) {
  expect_clean([] {
    const Pipe ends;
    std::jthread writer([&] {
      write_all(ends[1], "ab");
      write_all(ends[1], "c");
    });
    check(read_all(ends[0], 3) == "abc");
  });
}

TEST(Pipes, FullInBothDirections) {
  expect_found("deadlock", [] {
    const Pipe there;
    const Pipe back;
    const std::string much(100'000, 'x');
    std::jthread worker([&] {
      write_all(back[1], much);
      read_all(there[0], much.size());
    });
    write_all(there[1], much);
    read_all(back[0], much.size());
  });
}

TEST(Pipes, LeftOpen) {
  expect_found("leak", [] {
    int ends[2];
    check(pipe(ends) == 0);
    check(close(ends[0]) == 0);
  });
}

TEST(Pipes, UsedAfterClose) {
  expect_found("misuse", [] {
    Pipe ends;
    std::jthread worker([&] { write_all(ends[1], "x"); });
    close(ends[1]);
  });
}

TEST(Pipes, ClosedUnderAReader) {
  expect_found("misuse", [] {
    Pipe ends;
    std::jthread worker([&] {
      char c;
      read(ends[0], &c, 1);
    });
    close(ends[0]);
  });
}

TEST(Doorbells, DrainedAfterTheQueueWasTaken) {
  expect_found("lost wake-up", [] {
    Owned bell(eventfd(0, EFD_NONBLOCK));
    Owned epoll(epoll_create1(0));
    watch(epoll, bell);
    std::mutex mutex;
    int queue = 0;
    std::jthread worker([&] {
      for (int done = 0; done < 2;) {
        epoll_event event;
        check(epoll_wait(epoll, &event, 1, -1) == 1);
        {
          std::lock_guard lock(mutex);
          done += std::exchange(queue, 0);
        }
        answer(bell);
      }
    });
    for (int i = 0; i < 2; ++i) {
      {
        std::lock_guard lock(mutex);
        ++queue;
      }
      ring(bell);
    }
  });
}

}  // namespace
}  // namespace interleave
