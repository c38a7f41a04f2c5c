// Property: a program that waits rightly for several descriptors, or for a time, is clean in
// every schedule; one that does not is found.
#include "programs.hpp"

namespace interleave {
namespace {

using std::chrono::steady_clock;

// -- Right ------------------------------------------------------------------------------

TEST(Poll, TheOneThatIsReady) {
  expect_clean([] {
    const Pipe first;
    const Pipe second;
    std::jthread writer([&] { write_all(second[1], "x"); });
    pollfd all[] = {{first[0], POLLIN, 0}, {second[0], POLLIN, 0}};
    check(poll(all, 2, -1) == 1);
    check(all[0].revents == 0 && all[1].revents == POLLIN);
  });
}

TEST(Poll, ATimeOutOfAnHour) {
  expect_clean([] {
    const Pipe pipe;
    const auto begin = steady_clock::now();
    check(!is_readable(pipe[0], 3'600'000));
    check(steady_clock::now() - begin >= std::chrono::hours(1));
  });
}

TEST(Poll, WithATimeToTheNanosecond) {
  expect_clean([] {
    const Pipe pipe;
    std::jthread writer([&] { write_all(pipe[1], "x"); });
    pollfd asked{pipe[0], POLLIN, 0};
    const timespec soon{0, 1'000};
    const int ready = ppoll(&asked, 1, &soon, nullptr);
    check(ready == 0 || asked.revents == POLLIN);
  });
}

TEST(Poll, TheOtherEndIsGone) {
  expect_clean([] {
    Pipe pipe;
    std::jthread writer([&] { pipe.close_end(1); });
    pollfd asked{pipe[0], POLLIN, 0};
    check(poll(&asked, 1, -1) == 1 && asked.revents == POLLHUP);
  });
}

TEST(Select, TheOneThatIsReady) {
  expect_clean([] {
    const Pipe first;
    const Pipe second;
    std::jthread writer([&] { write_all(second[1], "x"); });
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(first[0], &readable);
    FD_SET(second[0], &readable);
    check(select(second[0] + 1, &readable, nullptr, nullptr, nullptr) == 1);
    check(FD_ISSET(second[0], &readable) && !FD_ISSET(first[0], &readable));
  });
}

TEST(Select, RoomAndTimeOuts) {
  expect_clean([] {
    const Pipe pipe;
    fd_set writable;
    FD_ZERO(&writable);
    FD_SET(pipe[1], &writable);
    check(select(pipe[1] + 1, nullptr, &writable, nullptr, nullptr) == 1);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(pipe[0], &readable);
    const timespec hour{3'600, 0};
    check(pselect(pipe[0] + 1, &readable, nullptr, nullptr, &hour, nullptr) == 0);
    check(!FD_ISSET(pipe[0], &readable));
  });
}

TEST(Epoll, EachOfTwo) {
  expect_clean([] {
    const Pipe first;
    const Pipe second;
    const Owned epoll(epoll_create1(0));
    watch(epoll, first[0]);
    watch(epoll, second[0]);
    std::jthread one([&] { write_all(first[1], "a"); });
    std::jthread other([&] { write_all(second[1], "b"); });
    std::string got;
    while (got.size() < 2) got += read_all(next_ready(epoll), 1);
    check(got == "ab" || got == "ba");
  });
}

TEST(Epoll, WithATimeToTheNanosecond) {
  expect_clean([] {
    const Pipe pipe;
    const Owned epoll(epoll_create1(0));
    watch(epoll, pipe[0]);
    std::jthread writer([&] { write_all(pipe[1], "x"); });
    epoll_event event{};
    const timespec soon{0, 1'000};
    const int ready = epoll_pwait2(epoll, &event, 1, &soon, nullptr);
    check(ready == 0 || event.data.fd == pipe[0]);
  });
}

TEST(Epoll, SeveralAtOnce) {
  expect_clean([] {
    const Pipe first;
    const Pipe second;
    const Owned epoll(epoll_create(1));
    watch(epoll, first[0]);
    watch(epoll, second[0]);
    std::jthread worker([&] {
      write_all(first[1], "a");
      write_all(second[1], "b");
    });
    int got = 0;
    while (got < 2) {
      epoll_event events[4];
      const int count = epoll_pwait(epoll, events, 4, -1, nullptr);
      for (int i = 0; i < count; ++i) {
        got += static_cast<int>(read_all(events[i].data.fd, 1).size());
      }
    }
  });
}

TEST(Epoll, AnEdgeIsDrained) {
  expect_clean([] {
    const Pipe pipe(O_NONBLOCK);
    const Owned epoll(epoll_create1(0));
    watch(epoll, pipe[0], EPOLLIN | EPOLLET);
    std::jthread writer([&] {
      write_all(pipe[1], "a");
      write_all(pipe[1], "b");
    });
    std::string got;
    while (got.size() < 2) {
      check(next_ready(epoll) == pipe[0]);
      while (is_readable(pipe[0], 0)) got += read_once(pipe[0], 1);
    }
    check(got == "ab");
  });
}

TEST(Epoll, OnceAndArmedAgain) {
  expect_clean([] {
    const Pipe pipe;
    const Owned epoll(epoll_create1(0));
    watch(epoll, pipe[0], EPOLLIN | EPOLLONESHOT);
    std::jthread writer([&] { write_all(pipe[1], "ab"); });
    check(next_ready(epoll) == pipe[0]);
    check(next_ready(epoll, 1'000) == -1);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.fd = pipe[0];
    check(epoll_ctl(epoll, EPOLL_CTL_MOD, pipe[0], &event) == 0);
    check(next_ready(epoll) == pipe[0]);
    check(epoll_ctl(epoll, EPOLL_CTL_DEL, pipe[0], nullptr) == 0);
    check(next_ready(epoll, 1'000) == -1);
    check(read_all(pipe[0], 2) == "ab");
  });
}

TEST(Epoll, AddedWhileAnotherThreadWaits) {
  expect_clean([] {
    const Pipe pipe;
    const Owned epoll(epoll_create1(0));
    int prepared = 0;
    std::jthread worker([&] {
      prepared = 7;
      write_all(pipe[1], "x");
      watch(epoll, pipe[0]);
    });
    check(next_ready(epoll) == pipe[0]);
    check(prepared == 7);
  });
}

TEST(Epoll, AServerOfTwoClients) {
  expect_clean([] {
    const Listener listener(SOCK_NONBLOCK);
    const Owned epoll(epoll_create1(0));
    watch(epoll, listener);
    std::jthread client([&] {
      const Owned socket(listener.connect_to());
      write_all(socket, "x");
    });
    check(next_ready(epoll) == listener);
    const Owned accepted(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK));
    watch(epoll, accepted);
    check(next_ready(epoll) == accepted);
    check(read_once(accepted, 1) == "x");
  });
}

void set_timer(int timer, itimerspec when) {
  check(timerfd_settime(timer, 0, &when, nullptr) == 0);
}

TEST(Timers, AnHour) {
  expect_clean([] {
    const Owned timer(timerfd_create(CLOCK_MONOTONIC, 0));
    set_timer(timer, {{0, 0}, {3'600, 0}});
    const auto begin = steady_clock::now();
    check(answer(timer) == 1);
    check(steady_clock::now() - begin >= std::chrono::hours(1));
  });
}

TEST(Timers, AgainAndAgain) {
  expect_clean([] {
    const Owned timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    set_timer(timer, {{1, 0}, {1, 0}});
    check(answer(timer) == 0 && errno == EAGAIN);
    std::this_thread::sleep_for(std::chrono::milliseconds(3'500));
    check(answer(timer) == 3);
    itimerspec left{};
    check(timerfd_gettime(timer, &left) == 0 && left.it_interval.tv_sec == 1);
    set_timer(timer, {{0, 0}, {0, 0}});
    std::this_thread::sleep_for(std::chrono::seconds(5));
    check(answer(timer) == 0);
  });
}

TEST(Timers, InAnEventLoop) {
  expect_clean([] {
    const Pipe pipe;
    const Owned timer(timerfd_create(CLOCK_MONOTONIC, 0));
    const Owned epoll(epoll_create1(0));
    watch(epoll, timer);
    watch(epoll, pipe[0]);
    set_timer(timer, {{0, 0}, {1, 0}});
    std::jthread worker([&] { write_all(pipe[1], "x"); });
    bool ticked = false;
    bool read = false;
    while (!ticked || !read) {
      const int ready = next_ready(epoll);
      if (ready == timer) ticked = answer(timer) == 1;
      if (ready == pipe[0]) read = read_all(pipe[0], 1) == "x";
    }
  });
}

// -- Broken -----------------------------------------------------------------------------

TEST(BrokenWaits, ATimeOutTakenForAnImpossibility) {
  expect_found("check", [] {
    const Pipe pipe;
    std::jthread writer([&] { write_all(pipe[1], "x"); });
    check(is_readable(pipe[0], 1'000), "a second is enough for anyone");
    read_all(pipe[0], 1);
  });
}

TEST(BrokenWaits, ReadyForOneOfTwoThreads) {
  expect_found("deadlock", [] {
    const Pipe pipe;
    const auto take = [&] {
      if (is_readable(pipe[0], -1)) read_all(pipe[0], 1);  // another may have been faster
    };
    std::jthread first(take);
    std::jthread second(take);
    write_all(pipe[1], "x");
  });
}

TEST(BrokenWaits, TheOrderOfEventsTakenForGranted) {
  expect_found("check", [] {
    const Pipe first;
    const Pipe second;
    const Owned epoll(epoll_create1(0));
    watch(epoll, first[0]);
    watch(epoll, second[0]);
    write_all(first[1], "a");
    write_all(second[1], "b");
    check(next_ready(epoll) == first[0]);
  });
}

TEST(BrokenWaits, AnEdgeThatIsNotDrained) {
  expect_found("deadlock", [] {
    const Pipe pipe;
    const Owned epoll(epoll_create1(0));
    watch(epoll, pipe[0], EPOLLIN | EPOLLET);
    std::jthread writer([&] { write_all(pipe[1], "ab"); });
    for (int i = 0; i < 2; ++i) {
      check(next_ready(epoll) == pipe[0]);
      read_all(pipe[0], 1);
    }
  });
}

TEST(BrokenWaits, ArmedOnceAndNeverAgain) {
  expect_found("deadlock", [] {
    const Pipe pipe;
    const Owned epoll(epoll_create1(0));
    watch(epoll, pipe[0], EPOLLIN | EPOLLONESHOT);
    std::jthread writer([&] { write_all(pipe[1], "ab"); });
    for (int i = 0; i < 2; ++i) {
      check(next_ready(epoll) == pipe[0]);
      read_all(pipe[0], 1);
    }
  });
}

TEST(BrokenWaits, ClosedUnderAPoll) {
  expect_found("misuse", [] {
    Pipe pipe;
    std::jthread poller([number = pipe[0]] { is_readable(number, -1); });
    pipe.close_end(0);
  });
}

TEST(BrokenWaits, AnEpollLeftOpen) {
  expect_found("leak", [] {
    const Pipe pipe;
    watch(epoll_create1(0), pipe[0]);
  });
}

}  // namespace
}  // namespace interleave
