// Tests of the reference. Each opens with its property. What is about the order of threads
// is explored over the fake poller; what is about descriptors runs over the system's.
#include "event_driven.hpp"

#include <gtest/gtest.h>
#include <sys/time.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "fake_poller.hpp"
#include "interleave/interleave.hpp"
#include "sockets.hpp"

namespace {

using interleave::check;
using interleave::explore;
using namespace std::chrono_literals;

static_assert(Poller<Epoll> && Poller<FakePoller>);
static_assert(Poller<EventLoop<Epoll>> && Poller<EventLoop<FakePoller>>);

using FakeLoop = EventLoop<FakePoller>;

// --- Posts ----------------------------------------------------------------------------

// A loop that sleeps is woken by a post, whenever it comes; and by a stop.
TEST(EventLoop, APostWakesIt) {
  explore([] {
    FakeLoop loop(FakeTime::kStands);
    int ran = 0;
    std::jthread worker([&] {
      loop.post([&] { ++ran; });
      loop.post([&] { ++ran; });
      loop.stop();
    });
    loop.run();
    check(ran == 2, "both handlers must have run before run returns");
  });
}

// Posts of two workers run one at a time, and those of one worker in its order.
TEST(EventLoop, RunsOneHandlerAtATime) {
  explore([] {
    FakeLoop loop(FakeTime::kStands);
    int order = 0;  // plain: a second thread in a handler would be a data race
    {
      std::jthread worker1([&] {
        loop.post([&] { order = order * 10 + 1; });
        loop.post([&] { order = order * 10 + 2; });
      });
      std::jthread worker2([&] { loop.post([&] { order = order * 10 + 3; }); });
      std::jthread runner([&] {
        while (order < 100) loop.wait({});
      });
    }
    check(order == 123 || order == 132 || order == 312,
          "3 may stand anywhere, but 1 comes before 2: " + std::to_string(order));
  });
}

// A handler may post; what it posts runs in a later round, not before what came before.
TEST(EventLoop, AHandlerMayPost) {
  EventLoop<> loop;
  std::string order;
  loop.post([&] {
    order += "a";
    loop.post([&] { order += "c"; });
  });
  loop.post([&] { order += "b"; });
  loop.wait({});
  EXPECT_EQ(order, "ab");
  loop.wait({});
  EXPECT_EQ(order, "abc");
}

// What a handler throws comes out of run; nothing that was posted is lost by it.
TEST(EventLoop, AThrowingHandlerLosesNothing) {
  EventLoop<> loop;
  bool ran = false;
  loop.post([] { throw std::runtime_error("no paper"); });
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  EXPECT_THROW(loop.run(), std::runtime_error);
  EXPECT_FALSE(ran);
  loop.run();
  EXPECT_TRUE(ran);
}

// The same where it is a watcher that throws, while something was posted.
TEST(EventLoop, AThrowingWatcherLosesNoPost) {
  EventLoop<> loop;
  const Descriptor listener = listen_on(0);
  Client client = Client::connected_to(port_of(listener));
  loop.watch(listener.number(), Interest::kRead, [&](const Ready& ready) {
    loop.unwatch(ready.token);
    throw std::runtime_error("no paper");
  });
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  EXPECT_THROW(loop.run(), std::runtime_error);
  loop.run();
  EXPECT_TRUE(ran);
}

// --- Over the system ------------------------------------------------------------------

// The real doorbell: posts of four threads reach a loop that sleeps in epoll, all of them.
TEST(EventLoop, IsWokenOverTheSystem) {
  EventLoop<> loop;
  constexpr int kPosts = 1000;
  int ran = 0;  // plain, as above
  {
    std::vector<std::jthread> workers;
    for (int worker = 0; worker < 4; ++worker) {
      workers.emplace_back([&] {
        for (int post = 0; post < kPosts; ++post) {
          loop.post([&] {
            if (++ran == 4 * kPosts) loop.stop();
          });
        }
      });
    }
    loop.run();
  }
  EXPECT_EQ(ran, 4 * kPosts);
}

// A stop that comes before run is not lost, and what was posted before it is run.
TEST(EventLoop, MayBeStoppedBeforeItRuns) {
  EventLoop<> loop;
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.stop();
  loop.run();
  EXPECT_TRUE(ran);
}

// A watcher is told what can be done; nothing is told where nothing can.
TEST(EventLoop, TellsWhatIsReady) {
  EventLoop<> loop;
  const Descriptor listener = listen_on(0);
  int told = 0;
  const std::uint64_t token =
      loop.watch(listener.number(), Interest::kRead,
                 [&](const Ready& ready) { told += ready.readable; });
  loop.wait(0ms);
  EXPECT_EQ(told, 0) << "no client has connected yet";
  Client client = Client::connected_to(port_of(listener));
  loop.wait({});
  loop.wait({});
  EXPECT_EQ(told, 2) << "level-triggered: told until it is accepted";
  loop.unwatch(token);
  loop.wait(0ms);
  EXPECT_EQ(told, 2);
}

// A watcher may unwatch itself, and one whose event is in the same batch: it is not run.
TEST(EventLoop, AnUnwatchedDescriptorIsSilent) {
  EventLoop<> loop;
  std::vector<Descriptor> listeners;
  std::vector<Client> clients;
  std::vector<std::uint64_t> tokens;
  int told = 0;
  for (int i = 0; i < 2; ++i) {
    listeners.push_back(listen_on(0));
    clients.push_back(Client::connected_to(port_of(listeners.back())));
    tokens.push_back(loop.watch(listeners.back().number(), Interest::kRead,
                                [&, kept = std::make_shared<int>(1)](const Ready&) {
                                  for (const std::uint64_t token : tokens)
                                    loop.unwatch(token);
                                  told += *kept;
                                }));
  }
  loop.wait({});
  EXPECT_EQ(told, 1);
}

// An edge is told once, a level in each wait.
TEST(Epoll, TellsAnEdgeOnce) {
  for (const Trigger trigger : {Trigger::kLevel, Trigger::kEdge}) {
    Epoll epoll;
    const Descriptor listener = listen_on(0);
    epoll.add(listener.number(), 7, Interest::kRead, trigger);
    Client client = Client::connected_to(port_of(listener));
    const auto first = epoll.wait({});
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].token, 7U);
    EXPECT_EQ(epoll.wait(0ms).size(), trigger == Trigger::kLevel ? 1U : 0U);
  }
}

// A wake before the wait is kept, once.
TEST(Epoll, KeepsAWake) {
  Epoll epoll;
  epoll.wake();
  epoll.wake();
  EXPECT_TRUE(epoll.wait({}).empty());
  const TimePoint before = epoll.now();
  EXPECT_TRUE(epoll.wait(20ms).empty());
  EXPECT_GE(epoll.now() - before, 19ms) << "both wakes were one";
}

// A signal in the middle of a wait is no error.
TEST(Epoll, OutlivesASignal) {
  Epoll epoll;
  static bool seen = false;
  struct sigaction action {};
  action.sa_handler = [](int) { seen = true; };
  struct sigaction before {};
  ::sigaction(SIGALRM, &action, &before);
  itimerval soon{{0, 10'000}, {0, 10'000}};
  ::setitimer(ITIMER_REAL, &soon, nullptr);
  while (!seen) EXPECT_TRUE(epoll.wait({}).empty());
  soon = {};
  ::setitimer(ITIMER_REAL, &soon, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

// --- Sockets --------------------------------------------------------------------------

// A port that is taken is an error that names it.
TEST(Sockets, SayWhichPortIsTaken) {
  const Descriptor listener = listen_on(0);
  const std::string port = std::to_string(port_of(listener));
  try {
    static_cast<void>(listen_on(port_of(listener)));
    ADD_FAILURE() << "two may not listen on one port";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_NE(std::string(error.what()).find("port " + port), std::string::npos)
        << error.what();
  }
}

// A client sees lines, an end, and a reset; it never waits for longer than its patience.
TEST(Sockets, AClientSeesHowItEnds) {
  const Descriptor listener = listen_on(0);
  Client client = Client::connected_to(port_of(listener));
  Client server(Descriptor(::accept(listener.number(), nullptr, nullptr)));
  EXPECT_TRUE(server.send("one\ntwo\nhalf"));
  EXPECT_EQ(client.line(), "one");
  EXPECT_EQ(client.line(), "two");
  server.reset();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(client.line(), std::nullopt);
}

}  // namespace
