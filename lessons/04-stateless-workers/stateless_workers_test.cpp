// Tests of the reference and of the stores. Each opens with its property.
#include "stateless_workers.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "../../solutions/04-stateless-workers/sqlite_store.hpp"
#include "course/room_for_threads.hpp"
#include "interleave/interleave.hpp"
#include "memory_store.hpp"
#include "temporary_folder.hpp"

#if __has_include(<hiredis/hiredis.h>)
#include "redis_server.hpp"
#include "redis_store.hpp"
#endif

namespace {

// Whether an allocation of the calling thread fails: see operator new below.
thread_local bool out_of_memory = false;

}  // namespace

// Not inlined: seeing malloc in one and free in the other, g++ would warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const block = out_of_memory ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

namespace {

using interleave::check;
using interleave::explore;

// --- The workers ----------------------------------------------------------------------

std::string with_one_more(const std::string& value) { return value + "x"; }

// Two workers change one key at the same time: no change is lost.
TEST(StatelessWorkers, LoseNoChange) {
  explore([] {
    MemoryStore store;
    {
      StatelessWorkers workers(store, 2);
      const auto one = workers.submit("key", with_one_more);
      const auto two = workers.submit("key", with_one_more);
    }
    const Versioned state = store.connect()->read("key");
    check(state.value == "xx", "both changes must be there");
    check(state.version == 2, "each change must be one version");
  });
}

// A compare_and_set that is refused leaves nothing behind for a key that is not there.
TEST(MemoryStore, ARefusedChangeAllocatesNothing) {
  explore([] {
    MemoryStore store;
    const auto session = store.connect();
    const std::string key = "key";
    const std::string value = "value";
    const interleave::Cost cost("refused change");
    check(!session->compare_and_set(key, 7, value), "there is no version 7 to replace");
    check(cost.counts().allocations == 0, "a refused change must allocate nothing");
  });
}

// If a thread cannot be started, the constructor ends those that were, and throws.
TEST(StatelessWorkers, EndIfOneCannotBeStarted) {
  if (!course::RoomForFewThreads::can_be_tested) GTEST_SKIP() << "not in this build";
  MemoryStore store;
  const course::RoomForFewThreads room;
  EXPECT_THROW(StatelessWorkers(store, 64), std::system_error);
}

// A job that lost its race, and cannot be queued again for want of memory, fails; its worker
// does the next one.
TEST(StatelessWorkers, OutliveAQueueWithoutMemory) {
  MemoryStore store;
  StatelessWorkers workers(store, 1);
  const auto rival = store.connect();
  // Each try loses its race. The deque needs memory for one push in some.
  std::future<Versioned> refused = workers.submit("key", [&](const std::string& value) {
    out_of_memory = false;
    EXPECT_TRUE(rival->compare_and_set("key", rival->read("key").version, "rival"));
    out_of_memory = true;
    return value;
  });
  EXPECT_THROW(refused.get(), std::bad_alloc);
  const Versioned next = workers
                             .submit("other",
                                     [](const std::string&) {
                                       out_of_memory = false;
                                       return std::string("done");
                                     })
                             .get();
  EXPECT_EQ(next.value, "done");
}

// The future says what was written, and as which version.
TEST(StatelessWorkers, SayWhatTheyWrote) {
  explore([] {
    MemoryStore store;
    StatelessWorkers workers(store, 1);
    const Versioned first = workers.submit("key", with_one_more).get();
    const Versioned second = workers.submit("key", with_one_more).get();
    check(first.value == "x" && first.version == 1, "the first job writes version 1");
    check(second.value == "xx" && second.version == 2, "the second reads what it wrote");
  });
}

// A change that throws writes nothing; its future throws, and the worker continues.
TEST(StatelessWorkers, OutliveAThrowingChange) {
  explore([] {
    MemoryStore store;
    StatelessWorkers workers(store, 1);
    // Shared: see thrown_by in worker_pool_test.cpp.
    const std::shared_future<Versioned> bad = workers.submit(
        "key",
        [](const std::string&) -> std::string { throw std::runtime_error("no paper"); });
    bool thrown = false;
    try {
      bad.get();
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    check(thrown, "the future must throw what the change threw");
    check(workers.submit("key", with_one_more).get().version == 1,
          "the change that threw must have written nothing");
  });
}

// Workers that come later continue where those before them ended: nothing was kept in them.
TEST(StatelessWorkers, CanBeReplaced) {
  explore([] {
    MemoryStore store;
    for (int generation = 0; generation < 2; ++generation) {
      StatelessWorkers workers(store, 1);
      static_cast<void>(workers.submit("key", with_one_more));
    }
    check(store.connect()->read("key").value == "xx", "both generations must be seen");
  });
}

// --- Temporary folders ----------------------------------------------------------------

// A folder ends with its object; that of a process which was killed, with the next object.
TEST(TemporaryFolder, LeavesNothingBehind) {
  const TemporaryFolder here;
  std::filesystem::path of_this_process;
  {
    const TemporaryFolder inner(here.file(""));
    of_this_process = inner.file("");
    std::ofstream(inner.file("text")) << "text";
  }
  EXPECT_FALSE(std::filesystem::exists(of_this_process));

  const pid_t child = fork();
  if (child == 0) {
    const TemporaryFolder inner(here.file(""));
    std::ofstream(inner.file("text")) << "text";
    _exit(0);  // as if killed: no destructor runs
  }
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(std::filesystem::is_empty(here.file(""))) << "the child left its folder";
  const TemporaryFolder next(here.file(""));
  std::size_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(here.file(""))) {
    folders += entry.is_directory();
  }
  EXPECT_EQ(folders, 1U) << "only the one that is in use may be left";
}

// As of a process in another container: no process here has its number.
TEST(TemporaryFolder, LeavesAloneWhatIsLocked) {
  const TemporaryFolder here;
  const std::string of_another = here.file("course-999999999-abcdef").string();
  std::filesystem::create_directory(of_another);
  const int lock = open(of_another.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  const TemporaryFolder beside(here.file(""));
  EXPECT_TRUE(std::filesystem::exists(of_another));
  close(lock);
  const TemporaryFolder next(here.file(""));
  EXPECT_FALSE(std::filesystem::exists(of_another)) << "no process has it any more";
}

// --- The contract, kept by every store ------------------------------------------------

void expect_the_contract(Store& store) {
  const auto one = store.connect();
  const auto two = store.connect();
  const std::string key("a 'key'\0 of any bytes\n", 22);
  const std::string value("\0\xff\"%s\r\n", 7);
  EXPECT_EQ(one->read(key).version, 0U);
  EXPECT_EQ(one->read(key).value, "");
  EXPECT_FALSE(one->compare_and_set(key, 1, value)) << "there is no version 1 yet";
  EXPECT_TRUE(one->compare_and_set(key, 0, value));
  EXPECT_FALSE(two->compare_and_set(key, 0, "late")) << "another was faster";
  EXPECT_EQ(two->read(key).value, value);
  EXPECT_EQ(two->read(key).version, 1U);
  EXPECT_TRUE(two->compare_and_set(key, 1, ""));
  EXPECT_EQ(one->read(key).value, "");
  EXPECT_EQ(one->read(key).version, 2U);
  EXPECT_EQ(one->read(key.substr(0, 8)).version, 0U) << "another key";
}

// Four threads replace one value a number of times: each replacement is seen by the next.
void expect_no_lost_update(Store& store) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 25;
  {
    StatelessWorkers workers(store, kThreads);
    for (int change = 0; change < kChanges; ++change) {
      static_cast<void>(workers.submit("shared", with_one_more));
    }
  }
  const Versioned state = store.connect()->read("shared");
  EXPECT_EQ(state.value, std::string(kChanges, 'x'));
  EXPECT_EQ(state.version, std::uint64_t{kChanges});
}

TEST(MemoryStore, KeepsTheContract) {
  MemoryStore store;
  expect_the_contract(store);
  expect_no_lost_update(store);
}

TEST(SqliteStore, KeepsTheContract) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  SqliteStore store(folder.file("state.db"));
  expect_the_contract(store);
  expect_no_lost_update(store);
}

#if __has_include(<hiredis/hiredis.h>)
TEST(RedisStore, KeepsTheContract) {
  if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
  const RedisServer server;
  RedisStore store(server.port());
  expect_the_contract(store);
  expect_no_lost_update(store);
}

// Without a server, a StoreError that names the port.
TEST(RedisStore, SaysWhereNoServerAnswered) {
  RedisStore store(1);  // a port that only root may listen on
  try {
    static_cast<void>(store.connect());
    ADD_FAILURE() << "there is no server at port 1";
  } catch (const StoreError& error) {
    EXPECT_NE(std::string(error.what()).find("port 1"), std::string::npos)
        << error.what();
  }
}

// A server ends with its owner.
TEST(RedisServer, EndsWithItsOwner) {
  if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
  std::uint16_t port = 0;
  {
    const RedisServer server;
    port = server.port();
  }
  EXPECT_THROW(static_cast<void>(RedisStore(port).connect()), StoreError);
}
#endif

}  // namespace
