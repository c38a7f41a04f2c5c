// Tests of exercise 12.2. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule, and for the old value in memory, that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <core_mesh.hpp>  // in <>, so that the include path decides whose it is
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

std::unique_ptr<CoreMesh> a_mesh(std::size_t cores, std::size_t limit) {
  return std::make_unique<CoreMesh>(cores, limit);
}

// A call that does what the test says.
class Task final : public Call {
 public:
  explicit Task(
      std::function<void()> serve, std::function<void()> answered = [] {})
      : serve_(std::move(serve)), answered_(std::move(answered)) {}

  void serve() noexcept override {
    serve_();
    served = true;
  }
  void answered() noexcept override {
    done = true;
    answered_();
  }

  bool served = false;  // written by the core that serves it, read once it is done
  bool done = false;    // its home's

 private:
  std::function<void()> serve_;
  std::function<void()> answered_;
};

std::unique_ptr<Task> a_task(
    std::function<void()> serve = [] {}, std::function<void()> answered = [] {}) {
  return std::make_unique<Task>(std::move(serve), std::move(answered));
}

// Of so many threads there are more schedules than there is time for.
template <typename Body>
void explore_some(Body body) {
  interleave::Options options;
  options.schedules = 3'000;
  explore(body, options);
}

// --- Step 1: a core that sleeps is woken -----------------------------------------------------

// A core that waits for a flag is woken by the bell that is rung behind it, in any order of
// the two.
STEP_TEST(1, CoreMesh, TheBellWakes, "doorbell") {
  explore([] {
    const auto bell = std::make_unique<Bell>();
    std::atomic<bool> flag = false;
    std::jthread core([&] {
      interleave::name_thread("core");
      const auto up = [&] { return flag.load(std::memory_order_relaxed); };
      while (!up()) bell->sleep_unless(up);
    });
    flag.store(true, std::memory_order_relaxed);
    bell->ring();
  });
}

// Two that ring, and a core that waits for both: it sleeps again after the first.
STEP_TEST(1, CoreMesh, TwoRing, "doorbell") {
  explore([] {
    const auto bell = std::make_unique<Bell>();
    std::atomic<bool> one = false;
    std::atomic<bool> two = false;
    std::jthread first([&] {
      one.store(true, std::memory_order_relaxed);
      bell->ring();
    });
    std::jthread second([&] {
      two.store(true, std::memory_order_relaxed);
      bell->ring();
    });
    const auto up = [](const std::atomic<bool>& flag) {
      return flag.load(std::memory_order_relaxed);
    };
    bool seen_one = false;
    bool seen_two = false;
    while (!seen_one || !seen_two) {
      bell->sleep_unless(
          [&] { return (!seen_one && up(one)) || (!seen_two && up(two)); });
      seen_one = up(one);
      seen_two = up(two);
    }
  });
}

// A core that waits sleeps, and is woken once.
STEP_TEST(1, CoreMesh, WhoWaitsSleeps, "doorbell") {
  explore([] {
    const auto bell = std::make_unique<Bell>();
    std::atomic<bool> flag = false;
    std::jthread other([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(1317));
      flag.store(true, std::memory_order_relaxed);
      bell->ring();
    });
    const interleave::Cost cost("sleep");
    const auto up = [&] { return flag.load(std::memory_order_relaxed); };
    while (!up()) bell->sleep_unless(up);
  });
}

// Ringing for a core that is awake is a fence and a look.
STEP_TEST(1, CoreMesh, RingingForACoreThatIsAwake) {
  explore([] {
    const auto bell = std::make_unique<Bell>();
    bell->sleep_unless([] { return true; });
    const interleave::Cost cost("ring");
    bell->ring();
  });
}

// --- Step 2: served there, answered here ----------------------------------------------------

// One thread plays both cores. A call is served when the other core polls, and answered when
// its home polls after that, each once.
STEP_TEST(2, CoreMesh, ServedThereAnsweredHere, "one owner") {
  CoreMesh mesh(2, 4);
  std::string seen;
  Task task([&] { seen += "served "; }, [&] { seen += "answered "; });
  ASSERT_TRUE(mesh.submit_to(0, 1, task));
  EXPECT_EQ(seen, "") << "submit_to must not serve a call of another core";
  EXPECT_FALSE(mesh.poll(0)) << "nothing has come to core 0 yet";
  EXPECT_TRUE(mesh.poll(1)) << "a call has come to core 1";
  EXPECT_EQ(seen, "served ") << "answered() is called at home";
  EXPECT_FALSE(mesh.poll(1)) << "core 1 has served it already";
  EXPECT_TRUE(mesh.poll(0)) << "the answer has come to core 0";
  EXPECT_EQ(seen, "served answered ");
  EXPECT_FALSE(mesh.poll(0)) << "core 0 has had its answer already";
}

// Calls of a core to another are served, and answered, in their order.
STEP_TEST(2, CoreMesh, KeepsTheOrder, "job order") {
  CoreMesh mesh(2, 9);
  std::string seen;
  std::vector<std::unique_ptr<Task>> tasks;
  for (int round = 0; round < 3; ++round) {
    for (const char name : {'a', 'b', 'c'}) {
      tasks.push_back(a_task([&seen, name] { seen += name; },
                             [&seen, name] { seen += static_cast<char>(name - 32); }));
      ASSERT_TRUE(mesh.submit_to(0, 1, *tasks.back()));
    }
    mesh.poll(1);
    mesh.poll(0);
  }
  EXPECT_EQ(seen, "abcABCabcABCabcABC");
}

// A core's call to itself is served and answered before submit_to returns.
STEP_TEST(2, CoreMesh, ToItself, "one owner") {
  CoreMesh mesh(2, 1);
  for (int i = 0; i < 3; ++i) {
    Task task([] {});
    ASSERT_TRUE(mesh.submit_to(1, 1, task));
    ASSERT_TRUE(task.served && task.done) << "call " << i;
  }
  EXPECT_FALSE(mesh.poll(1)) << "nothing of it may be left";
}

// Every core asks every other: each call is served by the core that was asked, and answered
// at its home.
STEP_TEST(2, CoreMesh, EachPairHasItsRing, "one owner") {
  CoreMesh mesh(3, 1);
  std::size_t polling = 0;
  std::vector<std::unique_ptr<Task>> tasks;
  for (std::size_t from = 0; from < 3; ++from) {
    for (std::size_t to = 0; to < 3; ++to) {
      if (from == to) continue;
      tasks.push_back(a_task([&polling, to] { EXPECT_EQ(polling, to); },
                             [&polling, from] { EXPECT_EQ(polling, from); }));
      ASSERT_TRUE(mesh.submit_to(from, to, *tasks.back()));
    }
  }
  for (int round = 0; round < 2; ++round) {
    for (polling = 0; polling < 3; ++polling) mesh.poll(polling);
  }
  for (const auto& task : tasks) EXPECT_TRUE(task->served && task->done);
}

// A call that is served may submit another.
STEP_TEST(2, CoreMesh, ServingMaySubmit, "one owner") {
  CoreMesh mesh(3, 1);
  const auto inner = a_task();
  Task outer([&] { ASSERT_TRUE(mesh.submit_to(1, 2, *inner)); });
  ASSERT_TRUE(mesh.submit_to(0, 1, outer));
  mesh.poll(1);
  mesh.poll(2);
  EXPECT_TRUE(inner->served);
  mesh.poll(1);
  mesh.poll(0);
  EXPECT_TRUE(inner->done && outer.done);
}

// A core whose ring is filled as fast as it is emptied gets on to the next ring: poll ends.
STEP_TEST(2, CoreMesh, NoRingKeepsACoreToItself, "skew") {
  CoreMesh mesh(2, 2);
  constexpr int kMost = 1'000;
  int served = 0;
  // Played by the same thread: as soon as core 1 has answered, core 0 asks again.
  std::vector<std::unique_ptr<Task>> tasks;
  const std::function<void()> next = [&] {
    if (++served >= kMost) return;
    mesh.poll(0);
    tasks.push_back(a_task(next));
    ASSERT_TRUE(mesh.submit_to(0, 1, *tasks.back()));
  };
  tasks.push_back(a_task(next));
  ASSERT_TRUE(mesh.submit_to(0, 1, *tasks.back()));
  mesh.poll(1);
  EXPECT_LT(served, kMost) << "poll served one ring without end";
  while (served < kMost) mesh.poll(1);
  mesh.poll(0);
}

// An answer finds its core asleep, or just about to sleep, and so does a call. Each sees what
// the other wrote before.
STEP_TEST(2, CoreMesh, WakesACoreThatSleeps, "doorbell") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    int question = 0;
    int answer = 0;
    bool served = false;
    const auto task = a_task([&] {
      answer = question + 1;
      served = true;
    });
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->serve_until(1, [&] { return served; });
    });
    interleave::name_thread("core 0");
    question = 6;
    check(mesh->submit_to(0, 1, *task), "submit_to is true before this core has left");
    mesh->serve_until(0, [&] { return task->done; });
    check(answer == 7, "the answer must come with all that was written before it");
  });
}

// Calls to two cores that sleep, sent together: both are woken.
STEP_TEST(2, CoreMesh, TwoSleep, "doorbell") {
  explore_some([] {
    const auto mesh = a_mesh(3, 1);
    const auto served = std::make_unique<bool[]>(3);
    std::vector<std::jthread> cores;
    for (std::size_t core = 1; core < 3; ++core) {
      cores.emplace_back([&, core] {
        interleave::name_thread("core " + std::to_string(core));
        mesh->serve_until(core, [&] { return served[core]; });
      });
    }
    interleave::name_thread("core 0");
    const auto one = a_task([&] { served[1] = true; });
    const auto two = a_task([&] { served[2] = true; });
    check(mesh->submit_to(0, 1, *one), "submit_to is true before this core has left");
    check(mesh->submit_to(0, 2, *two), "submit_to is true before this core has left");
    mesh->serve_until(0, [&] { return one->done && two->done; });
  });
}

// Once it is on its way back a call is its home's, which may end it.
STEP_TEST(2, CoreMesh, ItsHomeMayEndIt, "lifetime") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    bool served = false;
    bool done = false;
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->serve_until(1, [&] { return served; });
    });
    interleave::name_thread("core 0");
    std::unique_ptr<Task> task;
    task = a_task([&served] { served = true; },
                  [&task, &done] {
                    done = true;
                    // Out of its own hands, since it is what runs here.
                    const std::unique_ptr<Task> ends = std::move(task);
                  });
    check(mesh->submit_to(0, 1, *task), "submit_to is true before this core has left");
    mesh->serve_until(0, [&] { return done; });
  });
}

// A core that waits for an answer sleeps.
STEP_TEST(2, CoreMesh, WhoAsksSleeps, "busy waiting") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    bool served = false;
    const auto task = a_task([&] { served = true; });
    std::jthread core1([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(1317));
      mesh->serve_until(1, [&] { return served; });
    });
    check(mesh->submit_to(0, 1, *task), "submit_to is true before this core has left");
    const interleave::Cost cost("wait for an answer");
    mesh->serve_until(0, [&] { return task->done; });
  });
}

// A call costs its slot in a ring; the bell is left to the next poll.
STEP_TEST(2, CoreMesh, CostOfACall) {
  explore([] {
    const auto mesh = a_mesh(2, 8);
    std::vector<std::unique_ptr<Task>> tasks;
    for (int i = 0; i < 8; ++i) tasks.push_back(a_task());
    const interleave::Cost cost("submit_to", 8);
    for (const auto& task : tasks) {
      check(mesh->submit_to(0, 1, *task), "submit_to is true before this core has left");
    }
  });
}

// --- Step 3: no core leaves while a call is on its way -----------------------------------------

// A core that has calls under way leaves when they are answered.
STEP_TEST(3, CoreMesh, LeaveWaitsForItsAnswers, "shutdown") {
  explore([] {
    const auto mesh = a_mesh(2, 2);
    const auto task = a_task();
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->leave(1);
    });
    interleave::name_thread("core 0");
    check(mesh->submit_to(0, 1, *task), "submit_to is true before this core has left");
    mesh->leave(0);
    check(task->done, "leave returned before this core's call was answered");
  });
}

// Both have calls under way when they leave, and end them right after.
STEP_TEST(3, CoreMesh, BothLeaveWithCallsUnderWay, "shutdown") {
  explore_some([] {
    const auto mesh = a_mesh(2, 2);
    const auto run = [&](std::size_t self) {
      const auto task = a_task();
      check(mesh->submit_to(self, 1 - self, *task),
            "submit_to is true before a core has left");
      mesh->leave(self);
      check(task->done, "leave returned before this core's call was answered");
    };
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      run(1);
    });
    interleave::name_thread("core 0");
    run(0);
  });
}

// One core leaves at once; it serves those that are still there.
STEP_TEST(3, CoreMesh, LeaveServesTheOthers, "shutdown") {
  explore_some([] {
    const auto mesh = a_mesh(3, 1);
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->leave(1);
    });
    std::jthread core2([&] {
      interleave::name_thread("core 2");
      mesh->leave(2);
    });
    interleave::name_thread("core 0");
    const auto one = a_task();
    const auto two = a_task();
    check(mesh->submit_to(0, 1, *one), "submit_to is true before this core has left");
    check(mesh->submit_to(0, 2, *two), "submit_to is true before this core has left");
    mesh->leave(0);
    check(one->done && two->done, "a core that leaves must serve those that are there");
  });
}

// All that each core did before it left has happened for those that return from leave.
STEP_TEST(3, CoreMesh, LeaveIsAMeeting, "doorbell") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    const auto done = std::make_unique<int[]>(2);
    const auto run = [&](std::size_t self) {
      done[self] = 1;
      mesh->leave(self);
      check(done[0] + done[1] == 2,
            "leave must come after all that the others did before");
    };
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      run(1);
    });
    interleave::name_thread("core 0");
    run(0);
  });
}

// A core that has left submits nothing, and leaves the call as it is; not even when it serves
// a call while it waits for the others.
STEP_TEST(3, CoreMesh, NothingAfterLeaving, "shutdown") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    const auto late = a_task();
    const auto asks_back = a_task([&] {
      // Core 1 has left, or has not: a call that it takes it brings to its end.
      static_cast<void>(mesh->submit_to(1, 0, *late));
    });
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->leave(1);
      const auto refused = a_task();
      check(!mesh->submit_to(1, 0, *refused), "submit_to after leave must be false");
      check(!mesh->submit_to(1, 1, *refused), "submit_to after leave must be false");
      check(!refused->served && !refused->done, "a refused call must not be touched");
      check(late->served == late->done, "a call that was taken must be answered");
    });
    interleave::name_thread("core 0");
    check(mesh->submit_to(0, 1, *asks_back),
          "submit_to is true before this core has left");
    mesh->leave(0);
  });
}

// A core that waits for the others to leave sleeps.
STEP_TEST(3, CoreMesh, WhoLeavesSleeps, "busy waiting") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    std::jthread core1([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(1317));
      mesh->leave(1);
    });
    const interleave::Cost cost("leave");
    mesh->leave(0);
  });
}

// --- Step 4: room for all that is under way ----------------------------------------------------

// A core never has more calls under way to another core than the limit, and each is answered.
STEP_TEST(4, CoreMesh, NoMoreThanTheLimit, "backpressure") {
  explore_some([] {
    const auto mesh = a_mesh(2, 2);
    int served = 0;  // by core 1
    int answered = 0;
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->serve_until(1, [&] { return served == 4; });
    });
    interleave::name_thread("core 0");
    std::vector<std::unique_ptr<Task>> tasks;
    for (int i = 1; i <= 4; ++i) {
      tasks.push_back(a_task([&] { ++served; }, [&] { ++answered; }));
      check(mesh->submit_to(0, 1, *tasks.back()),
            "submit_to is true before a core has left");
      check(i - answered <= 2, "more calls are under way than the limit allows");
    }
    mesh->serve_until(0, [&] { return answered == 4; });
  });
}

// Two cores, each of which asks the other more than there is room for. Both serve while they
// wait, and both come to an end.
STEP_TEST(4, CoreMesh, FullInBothDirections, "circular wait for room") {
  explore_some([] {
    const auto mesh = a_mesh(2, 1);
    constexpr int kCalls = 3;
    const auto run = [&](std::size_t self) {
      int answered = 0;
      std::vector<std::unique_ptr<Task>> tasks;
      for (int i = 0; i < kCalls; ++i) {
        tasks.push_back(a_task([] {}, [&] { ++answered; }));
        check(mesh->submit_to(self, 1 - self, *tasks.back()),
              "submit_to is true before this core has left");
      }
      mesh->serve_until(self, [&] { return answered == kCalls; });
    };
    // The last of the other's calls may come after this core's last answer.
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      run(1);
      mesh->leave(1);
    });
    interleave::name_thread("core 0");
    run(0);
    mesh->leave(0);
  });
}

// When a call is answered its room is free: answered() may submit the next one.
STEP_TEST(4, CoreMesh, AnsweredMaySubmit, "circular wait for room") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    int served = 0;
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->serve_until(1, [&] { return served == 2; });
    });
    interleave::name_thread("core 0");
    const auto second = a_task([&] { ++served; });
    const auto first = a_task([&] { ++served; },
                              [&] {
                                check(mesh->submit_to(0, 1, *second),
                                      "submit_to is true before this core has left");
                              });
    check(mesh->submit_to(0, 1, *first), "submit_to is true before this core has left");
    mesh->serve_until(0, [&] { return second->done; });
  });
}

// A core that waits for room sleeps, and is woken by the answer that makes it.
STEP_TEST(4, CoreMesh, WhoWaitsForRoomSleeps, "busy waiting") {
  explore([] {
    const auto mesh = a_mesh(2, 1);
    int served = 0;
    std::jthread core1([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(1317));
      mesh->serve_until(1, [&] { return served == 2; });
    });
    const auto first = a_task([&] { ++served; });
    const auto second = a_task([&] { ++served; });
    check(mesh->submit_to(0, 1, *first), "submit_to is true before this core has left");
    {
      const interleave::Cost cost("wait for room");
      check(mesh->submit_to(0, 1, *second),
            "submit_to is true before this core has left");
    }
    mesh->serve_until(0, [&] { return second->done; });
  });
}

// A call to one core does not wait for room at another.
STEP_TEST(4, CoreMesh, EachPairHasItsRoom, "circular wait for room") {
  explore([] {
    const auto mesh = a_mesh(3, 1);
    const auto to_one = a_task();
    const auto to_two = a_task();
    check(mesh->submit_to(0, 1, *to_one), "submit_to is true before this core has left");
    check(mesh->submit_to(0, 2, *to_two), "submit_to is true before this core has left");
    for (const std::size_t core : {1u, 2u, 0u}) mesh->poll(core);
    check(to_one->done && to_two->done, "both calls must be answered");
  });
}

// While a core waits for room another core's call may use it up: it waits on.
STEP_TEST(4, CoreMesh, RoomIsTakenMeanwhile, "check then act") {
  explore_some([] {
    const auto mesh = a_mesh(2, 1);
    int under_way = 0;  // core 0's calls to core 1
    int answered = 0;
    std::vector<std::unique_ptr<Task>> tasks;
    const auto submit = [&](std::unique_ptr<Task> task) {
      tasks.push_back(std::move(task));
      check(mesh->submit_to(0, 1, *tasks.back()),
            "submit_to is true before a core has left");
      check(++under_way <= 1, "more calls are under way than the limit allows");
    };
    const auto over = [&] {
      --under_way;
      ++answered;
    };
    std::jthread core1([&] {
      interleave::name_thread("core 1");
      mesh->leave(1);
    });
    interleave::name_thread("core 0");
    submit(a_task([] {},
                  [&] {
                    over();
                    submit(a_task([] {}, over));
                  }));
    submit(a_task([] {}, over));
    mesh->serve_until(0, [&] { return answered == 3; });
    mesh->leave(0);
  });
}

}  // namespace
