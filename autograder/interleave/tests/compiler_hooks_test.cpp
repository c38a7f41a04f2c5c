// Property: whatever a supported compiler makes of the program's source, its accesses are
// seen: what races is found, what is ordered stays clean.
//
// Compilers differ in what they call. What only some emit is called by name too, so that
// each hook is tested with every compiler.
#include <gtest/gtest.h>
#include <sanitizer/tsan_interface.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <string>
#include <thread>

#include "interleave/interleave.hpp"

extern "C" {
void* __tsan_memcpy(void* to, const void* from, std::size_t size);
void* __tsan_memmove(void* to, const void* from, std::size_t size);
void* __tsan_memset(void* to, int value, std::size_t size);
}

namespace interleave {
namespace {

// Too large for a few plain reads and writes.
struct Page {
  std::array<char, 400> bytes{};
};

using Access = std::function<void(Page&)>;

// Two threads access one page; between them lies the edge of `ready`, or nothing.
std::string found(const Access& first, const Access& second, bool ordered) {
  return find_failure([&] {
           Page page;
           std::atomic<bool> ready{false};
           std::jthread other([&] {
             first(page);
             ready.store(true, std::memory_order_release);
             ready.notify_one();
           });
           if (ordered) ready.wait(false, std::memory_order_acquire);
           second(page);
         })
      .kind;
}

void races_unless_ordered(const Access& first, const Access& second) {
  EXPECT_EQ(found(first, second, false), "data race");
  EXPECT_EQ(found(first, second, true), "clean");
}

void read_one(Page& page) { check(page.bytes[300] != '?'); }

TEST(CompilerHooks, SeeAStructThatIsAssigned) {
  races_unless_ordered([](Page& page) { page = Page{}; }, read_one);
  races_unless_ordered(
      [](Page& page) {
        Page mine;
        mine.bytes[2] = 'x';
        page = mine;
      },
      read_one);
}

TEST(CompilerHooks, SeeCallsOfTheCLibrary) {
  const volatile std::size_t size = 400;
  races_unless_ordered([&](Page& page) { std::memset(page.bytes.data(), 'x', size); },
                       read_one);
  races_unless_ordered(
      [&](Page& page) { std::memmove(&page.bytes[1], page.bytes.data(), size - 1); },
      read_one);
}

TEST(CompilerHooks, SeeWhatNewerClangsCall) {
  races_unless_ordered([](Page& page) { __tsan_memset(&page, 1, sizeof page); },
                       read_one);
  races_unless_ordered(
      [](Page& page) {
        const Page mine;
        __tsan_memcpy(&page, &mine, sizeof page);
      },
      read_one);
  races_unless_ordered(
      [](Page& page) {
        Page mine;
        __tsan_memmove(&mine, &page, sizeof page);  // reads it: two reads do not race
      },
      [](Page& page) { page.bytes[300] = 'x'; });
}

TEST(CompilerHooks, DoWhatTheyStandFor) {
  const auto body = [] {
    std::array<char, 8> text{"abcdefg"};
    check(__tsan_memmove(&text[1], text.data(), 6) == &text[1]);
    check(std::string(text.data()) == "aabcdef");
    check(__tsan_memset(text.data(), 'z', 2) == text.data());
    std::array<char, 8> copy{};
    check(__tsan_memcpy(copy.data(), text.data(), sizeof text) == copy.data());
    check(std::string(copy.data()) == "zzbcdef");
  };
  EXPECT_EQ(find_failure(body).kind, "clean");
  body();
}

// -- Sixteen bytes ----------------------------------------------------------------------

__extension__ using Wide = unsigned __int128;

TEST(CompilerHooks, PerformUpdatesOfSixteenBytes) {
  const Result result = find_failure([] {
    Wide total = 0;
    const auto add = [&] {
      __atomic_fetch_add(&total, Wide{1} << 64, __ATOMIC_RELAXED);
      __atomic_fetch_sub(&total, Wide{1}, __ATOMIC_RELAXED);
      __atomic_fetch_or(&total, Wide{0}, __ATOMIC_RELAXED);
      __atomic_fetch_xor(&total, Wide{0}, __ATOMIC_RELAXED);
      __atomic_fetch_and(&total, ~Wide{0}, __ATOMIC_RELAXED);
    };
    std::thread other(add);
    add();
    other.join();
    check(total == (Wide{2} << 64) - 2);
    __atomic_fetch_nand(&total, Wide{0}, __ATOMIC_RELAXED);
    check(total == ~Wide{0});
  });
  EXPECT_EQ(result.kind, "clean") << result.picture;
}

// -- Locks that the program describes ---------------------------------------------------

// Gives back with an order that is too weak, as libstdc++'s atomic shared_ptr does.
class WeakLock {
 public:
  explicit WeakLock(bool described) : described_(described) {}

  bool try_lock() {
    if (described_) __tsan_mutex_pre_lock(&taken_, __tsan_mutex_try_lock);
    const bool took = !taken_.exchange(true, std::memory_order_acquire);
    const unsigned failed = took ? 0 : __tsan_mutex_try_lock_failed;
    if (described_) __tsan_mutex_post_lock(&taken_, __tsan_mutex_try_lock | failed, 0);
    return took;
  }
  void unlock() {
    if (described_) __tsan_mutex_pre_unlock(&taken_, 0);
    taken_.store(false, std::memory_order_relaxed);
    if (described_) __tsan_mutex_post_unlock(&taken_, 0);
  }

 private:
  bool described_;
  std::atomic<bool> taken_{false};
};

std::string counted_under(bool described) {
  return find_failure([&] {
           WeakLock lock(described);
           int count = 0;
           const auto add = [&] {
             while (!lock.try_lock()) std::this_thread::yield();
             ++count;
             lock.unlock();
           };
           std::thread other(add);
           add();
           other.join();
           check(count == 2);
         })
      .kind;
}

TEST(CompilerHooks, ALockThatIsDescribedOrders) {
  EXPECT_EQ(counted_under(true), "clean");
  EXPECT_EQ(counted_under(false), "data race");
}

TEST(CompilerHooks, ALockThatWasNotTakenOrdersNothing) {
  const Result result = find_failure([] {
    WeakLock lock(true);
    int shared = 0;
    std::thread other([&] {
      if (!lock.try_lock()) return;
      shared = 1;
      lock.unlock();
    });
    static_cast<void>(lock.try_lock());
    shared = 2;
    other.join();
  });
  EXPECT_EQ(result.kind, "data race");
}

// Neither shared nor lost at a switch: errno, and what the C++ runtime knows of exceptions.
TEST(CompilerHooks, ALibrarysThreadLocalVariablesAreEachThreadsOwn) {
  const Result result = find_failure(
      [] {
        const auto keep = [](int number) {
          errno = number;
          try {
            throw number;
          } catch (int) {
            std::this_thread::yield();
            check(std::current_exception() != nullptr);
          }
          std::this_thread::yield();
          check(errno == number && std::current_exception() == nullptr);
        };
        std::thread other([&] { keep(1); });
        keep(2);
        other.join();
      },
      {.schedules = 200});
  EXPECT_TRUE(result.clean()) << result.picture;
}

TEST(CompilerHooks, AnOrderWithoutAnOperationGivesNoVerdict) {
  const Result result = find_failure([] {
    int object = 0;
    __tsan_release(&object);
  });
  EXPECT_EQ(result.kind, "unsupported");
}

}  // namespace
}  // namespace interleave
