// Property: the litmus table comes out exactly for real C++ bodies, too: std::thread and
// std::atomic as this compiler compiles them, hooked and explored to the end.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace {

using interleave::Memory;
using interleave::Result;

constexpr auto rlx = std::memory_order_relaxed;
constexpr auto acq = std::memory_order_acquire;
constexpr auto rel = std::memory_order_release;
constexpr auto sc = std::memory_order_seq_cst;

struct Shared {
  std::atomic<int> x{0};
  std::atomic<int> y{0};
  std::atomic<int> z{0};
};
using Part = void (*)(Shared&);

// A litmus program: each part is a thread.
struct Litmus {
  const char* name;
  std::uint64_t sequential;
  std::uint64_t rc11;
  std::vector<Part> parts;

  friend void PrintTo(const Litmus& litmus, std::ostream* out) { *out << litmus.name; }
};

void body(const Litmus& litmus) {
  Shared shared;
  std::vector<std::thread> threads;
  for (const Part part : litmus.parts) threads.emplace_back(part, std::ref(shared));
  for (std::thread& thread : threads) thread.join();
}

class ExploredLitmus : public testing::TestWithParam<Litmus> {
 protected:
  static void expect(const char* strategy, Memory memory, std::uint64_t executions) {
    const Result result = interleave::find_failure(
        [] { body(GetParam()); },
        {.schedules = 2'000'000, .seconds = 60, .strategy = strategy, .memory = memory});
    EXPECT_EQ(result.kind, "clean") << result.picture;
    EXPECT_TRUE(result.exhaustive) << result.coverage;
    EXPECT_EQ(result.executions, executions) << strategy << ": " << result.coverage;
  }
};

TEST_P(ExploredLitmus, Sequential) {
  expect("reduced", Memory::kSequential, GetParam().sequential);
}
TEST_P(ExploredLitmus, Rc11) { expect("reduced", Memory::kRc11, GetParam().rc11); }

// Every order of every operation, thread starts and ends included: two threads only.
TEST_P(ExploredLitmus, Rc11WithoutReduction) {
  if (GetParam().parts.size() > 2) GTEST_SKIP() << "the orders of three are too many";
  expect("exhaustive", Memory::kRc11, GetParam().rc11);
}

const std::vector<Litmus> kTable = {
    {"SB",
     3,
     4,
     {[](Shared& s) {
        s.x.store(1, rel);
        (void)s.y.load(acq);
      },
      [](Shared& s) {
        s.y.store(1, rel);
        (void)s.x.load(acq);
      }}},
    {"MP",
     3,
     3,
     {[](Shared& s) {
        s.x.store(1, rel);
        s.y.store(1, rel);
      },
      [](Shared& s) {
        (void)s.y.load(acq);
        (void)s.x.load(acq);
      }}},
    {"LB",
     3,
     3,
     {[](Shared& s) {
        (void)s.y.load(acq);
        s.x.store(1, rel);
      },
      [](Shared& s) {
        (void)s.x.load(acq);
        s.y.store(1, rel);
      }}},
    {"CoRR",
     6,
     6,
     {[](Shared& s) {
        s.x.store(1, rel);
        s.x.store(2, rel);
      },
      [](Shared& s) {
        (void)s.x.load(acq);
        (void)s.x.load(acq);
      }}},
    {"2_2W",
     3,
     4,
     {[](Shared& s) {
        s.x.store(1, rel);
        s.y.store(2, rel);
      },
      [](Shared& s) {
        s.y.store(1, rel);
        s.x.store(2, rel);
      }}},
    {"S",
     3,
     4,
     {[](Shared& s) {
        s.x.store(2, rlx);
        s.y.store(1, rlx);
      },
      [](Shared& s) {
        (void)s.y.load(rlx);
        s.x.store(1, rlx);
      }}},
    {"ISA2",
     7,
     7,
     {[](Shared& s) {
        s.x.store(1, rlx);
        s.y.store(1, rel);
      },
      [](Shared& s) {
        (void)s.y.load(acq);
        s.z.store(1, rel);
      },
      [](Shared& s) {
        (void)s.z.load(acq);
        (void)s.x.load(rlx);
      }}},
    {"IRIW",
     15,
     16,
     {[](Shared& s) { s.x.store(1, sc); }, [](Shared& s) { s.y.store(1, sc); },
      [](Shared& s) {
        (void)s.x.load(acq);
        (void)s.y.load(sc);
      },
      [](Shared& s) {
        (void)s.y.load(acq);
        (void)s.x.load(sc);
      }}},
    {"SB_sc",
     3,
     3,
     {[](Shared& s) {
        s.x = 1;
        (void)s.y.load();
      },
      [](Shared& s) {
        s.y = 1;
        (void)s.x.load();
      }}},
    {"SB_fences",
     3,
     3,
     {[](Shared& s) {
        s.x.store(1, rlx);
        std::atomic_thread_fence(sc);
        (void)s.y.load(rlx);
      },
      [](Shared& s) {
        s.y.store(1, rlx);
        std::atomic_thread_fence(sc);
        (void)s.x.load(rlx);
      }}},
    {"MP_fences",
     3,
     3,
     {[](Shared& s) {
        s.x.store(1, rlx);
        std::atomic_thread_fence(rel);
        s.y.store(1, rlx);
      },
      [](Shared& s) {
        (void)s.y.load(rlx);
        std::atomic_thread_fence(acq);
        (void)s.x.load(rlx);
      }}},
    {"MP_rlx",
     3,
     4,
     {[](Shared& s) {
        s.x.store(1, rlx);
        s.y.store(1, rlx);
      },
      [](Shared& s) {
        (void)s.y.load(rlx);
        (void)s.x.load(rlx);
      }}},
    {"RS",
     9,
     9,
     {[](Shared& s) {
        s.x.store(1, rlx);
        s.y.store(1, rel);
      },
      [](Shared& s) { s.y.fetch_add(1, rlx); },
      [](Shared& s) {
        (void)s.y.load(acq);
        (void)s.x.load(rlx);
      }}},
    {"three_adds",
     6,
     6,
     {[](Shared& s) { s.x.fetch_add(1, rlx); }, [](Shared& s) { s.x.fetch_add(1, rlx); },
      [](Shared& s) { s.x.fetch_add(1, rlx); }}},
    {"two_compares",
     2,
     2,
     {[](Shared& s) {
        int zero = 0;
        s.x.compare_exchange_strong(zero, 1, rlx);
      },
      [](Shared& s) {
        int zero = 0;
        s.x.compare_exchange_strong(zero, 2, rlx);
      }}},
    {"Z6_U",
     18,
     24,
     {[](Shared& s) {
        s.x.store(1, sc);
        s.y.store(1, rel);
      },
      [](Shared& s) {
        s.y.fetch_add(1, sc);
        (void)s.y.load(rlx);
      },
      [](Shared& s) {
        s.y.store(3, sc);
        (void)s.x.load(sc);
      }}},
};

INSTANTIATE_TEST_SUITE_P(Table, ExploredLitmus, testing::ValuesIn(kTable),
                         [](const auto& litmus) {
                           return std::string(litmus.param.name);
                         });

}  // namespace
