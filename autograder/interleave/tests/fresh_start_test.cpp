// Property: each schedule that counts begins where the first one began, whatever the schedules
// before it left behind; and nothing but a failure, or a body that keeps state, costs a process.
//
// Each body here loses an addition in some schedule that is not the first, but only as long as a
// state outside it is what it was before the exploration. A schedule that begins from anything
// else cannot fail.
#include <errno.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "interleave/interleave.hpp"
#include "interleave/tests/other_process.hpp"

namespace interleave {
namespace {

std::string this_test() {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  return std::string(test.test_suite_name()) + "." + test.name();
}

// Whether this process was started by replays_elsewhere.
bool is_replay() { return std::getenv("INTERLEAVE_REPLAY") != nullptr; }

void replays_elsewhere(const std::string& test, const std::string& token) {
  ASSERT_FALSE(token.empty());
  for (int i = 0; i < 3; ++i) {
    const std::string again = output_of(THIS_PROGRAM, test, token);
    EXPECT_EQ(field(again, "kind"), "check") << again;
    EXPECT_TRUE(says(again, "\"same_steps\":true")) << again;
  }
}

// `is_fresh` says whether the state is what it was before the exploration, and changes it.
template <typename IsFresh>
void loses_an_addition_if(IsFresh& is_fresh) {
  std::atomic<int> sum{0};
  std::thread worker([&] { sum = sum + 1; });
  const bool fresh = is_fresh();
  if (fresh) sum = sum + 1;
  worker.join();
  check(sum == 2 || !fresh, "an addition was lost");
}

template <typename IsFresh>
void is_found(IsFresh is_fresh) {
  const Result result = find_failure([&] { loses_an_addition_if(is_fresh); });
  EXPECT_EQ(result.kind, "check") << result.message << '\n' << result.coverage;
  EXPECT_EQ(result.message, "an addition was lost");
  if (is_replay()) return;
  EXPECT_TRUE(says(result.coverage, "process of its own")) << result.coverage;
  replays_elsewhere(this_test(), result.token);
}

// -- Variables --------------------------------------------------------------------------

int runs_of_program = 0;

TEST(FreshStart, AProgramsVariable) {
  is_found([] { return runs_of_program++ == 0; });
}

TEST(FreshStart, AStaticVariableOfAFunction) {
  is_found([] {
    static bool fresh = std::getenv("INTERLEAVE_NEVER_SET") == nullptr;
    return std::exchange(fresh, false);
  });
}

std::atomic<int> begun{0};

TEST(FreshStart, AnAtomicVariable) {
  is_found([] { return begun.fetch_add(1) == 0; });
}

TEST(FreshStart, WhatALibraryKeeps) {
  std::srand(7);
  const int first = std::rand();
  std::srand(7);
  is_found([first] { return std::rand() == first; });
}

TEST(FreshStart, WhereALibraryStoppedReading) {
  char words[] = "one two three";
  ASSERT_STREQ(std::strtok(words, " "), "one");
  is_found([] {
    const char* const word = std::strtok(nullptr, " ");
    return word != nullptr && std::strcmp(word, "two") == 0;
  });
}

TEST(FreshStart, AThreadsOwnVariableOfALibrary) {
  is_found([] { return std::exchange(errno, ERANGE) == 0; });
}

thread_local int of_each_thread = 0;

TEST(FreshStart, TheExploringThreadsOwnVariable) {
  int* const of_this_thread = &of_each_thread;
  is_found([of_this_thread] { return (*of_this_thread)++ == 0; });
}

// -- The caller's stack -----------------------------------------------------------------

TEST(FreshStart, ALocalVariable) {
  int runs = 0;
  is_found([&] { return runs++ == 0; });
}

TEST(FreshStart, WhatTheBodyItselfHolds) {
  is_found([runs = 0]() mutable { return runs++ == 0; });
}

TEST(FreshStart, ALocalStringThatTheLibraryWrites) {
  std::string log = "log:";
  is_found([&] {
    log.append(1, '!');
    return log == "log:!";
  });
}

// -- The heap ---------------------------------------------------------------------------

TEST(FreshStart, AnObjectOnTheHeap) {
  const auto runs = std::make_unique<int>(0);
  is_found([&] { return (*runs)++ == 0; });
}

TEST(FreshStart, AContainerThatTheLibraryLinks) {
  const auto numbers = std::make_unique<std::set<int>>();
  is_found([&] { return numbers->insert(1).second; });
}

TEST(FreshStart, WhatIsCopiedAndFilled) {
  const auto text = std::make_unique<std::vector<char>>(64, 'a');
  const std::vector<char> others(64, 'b');
  volatile std::size_t size = 32;
  is_found([&] {
    const bool fresh = (*text)[1] == 'a' && (*text)[40] == 'a';
    std::memcpy(text->data(), others.data(), size);
    std::memset(text->data() + size, 'c', size);
    return fresh;
  });
}

TEST(FreshStart, WhatIsReadFromADescriptor) {
  const auto text = std::make_unique<std::vector<char>>(8, 'a');
  is_found([&] {
    const bool fresh = text->front() == 'a';
    int ends[2];
    check(pipe(ends) == 0);
    check(write(ends[1], "b", 1) == 1);
    check(read(ends[0], text->data(), text->size()) == 1);
    close(ends[0]);
    close(ends[1]);
    return fresh;
  });
}

TEST(FreshStart, ABlockThatTheBodyFrees) {
  int* left = new int(7);
  is_found([&] {
    const bool fresh = left != nullptr && *left == 7;
    delete std::exchange(left, nullptr);
    return fresh;
  });
}

TEST(FreshStart, ABlockThatAnEarlierBodyLeft) {
  static std::unique_ptr<int> left;
  const auto leave = [] {
    if (left == nullptr) left = std::make_unique<int>(7);
  };
  Options another;  // so that the test's explorations are counted anew, for the token
  another.test = "another";
  if (is_replay()) {
    leave();
  } else {
    EXPECT_TRUE(find_failure(leave, another).clean());
  }
  is_found([] {
    const bool fresh = left != nullptr && *left == 7;
    if (left != nullptr) *left = 8;
    left.reset();
    return fresh;
  });
}

// The C library asks the kernel for each block of such a size.
TEST(FreshStart, ALargeBlock) {
  std::vector<char> text(std::size_t{2} << 20U, 'a');
  is_found([&] { return std::exchange(text[1'000'000], 'b') == 'a'; });
}

TEST(FreshStart, WhatANewBlockHolds) {
  is_found([] {
    const std::unique_ptr<volatile char, void (*)(volatile char*)> block(
        static_cast<volatile char*>(std::malloc(3000)),
        [](volatile char* it) { std::free(const_cast<char*>(it)); });
    const bool fresh = block.get()[2000] == 0;
    block.get()[2000] = 'x';
    return fresh;
  });
}

// -- Threads ----------------------------------------------------------------------------

// More than any exploration before: the explorer makes each of them once.
TEST(FreshStart, ManyThreads) {
  int runs = 0;
  is_found([&] {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i) threads.emplace_back([] {});
    return runs++ == 0;
  });
}

// -- What the kernel keeps for the process ----------------------------------------------

TEST(FreshStart, WhatASignalDoes) {
  is_found([] { return signal(SIGUSR1, [](int) {}) == SIG_DFL; });
}

TEST(FreshStart, WhatANewFileMayBeUsedFor) {
  const mode_t before = umask(022);
  is_found([] {
    int ends[2];  // open while the copy is made
    check(pipe(ends) == 0);
    const bool fresh = umask(077) == 022;
    close(ends[0]);
    close(ends[1]);
    return fresh;
  });
  umask(before);
}

// -- Assertions of GoogleTest -----------------------------------------------------------

// Run in another process, since it fails. The assertion is told once in each.
TEST(Apart, DISABLED_AnAssertionThatFailsNowAndThen) {
  explore([] {
    std::atomic<int> sum{0};
    std::thread worker([&] { sum = sum + 1; });
    sum = sum + 1;
    worker.join();
    EXPECT_EQ(sum, 2);
  });
}

TEST(FreshStart, AnAssertionOfGoogleTest) {
  const std::string test =
      "Apart.DISABLED_AnAssertionThatFailsNowAndThen --gtest_also_run_disabled_tests";
  const std::string found = output_of(THIS_PROGRAM, test);
  EXPECT_EQ(field(found, "kind"), "check") << found;
  EXPECT_FALSE(says(found, "process of its own")) << found;
  replays_elsewhere(test, field(found, "token"));
}

// -- No process at all ------------------------------------------------------------------

// Faults of pages in child processes that have ended: none can run without one.
long faults_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_minflt;
}

bool is_without_children() {
  return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

TEST(FreshStart, ACleanBodyCostsNoProcess) {
  const long before = faults_of_children();
  const Result result = find_failure([] {
    std::atomic<int> sum{0};
    std::thread worker([&] { ++sum; });
    ++sum;
    worker.join();
    check(is_without_children(), "this process has a child");
  });
  EXPECT_TRUE(result.clean()) << result.message;
  EXPECT_TRUE(result.exhaustive) << result.coverage;
  EXPECT_EQ(faults_of_children(), before);
}

TEST(FreshStart, NorDoesWhatItLeavesInVariables) {
  static std::string last;
  const long before = faults_of_children();
  const Result result = find_failure([] {
    std::thread worker([] { last = "a text that does not fit into the string itself"; });
    worker.join();
  });
  EXPECT_TRUE(result.clean()) << result.message;
  EXPECT_EQ(faults_of_children(), before);
}

// What the explorer itself allocates lies elsewhere: what is put back must not be its own.
TEST(FreshStart, TheHeapStaysAsItIs) {
  std::size_t at_first = 0;
  std::size_t at_last = 0;
  const Result result = find_failure([&] {
    at_last = mallinfo2().uordblks;
    if (at_first == 0) at_first = at_last;
    name_thread("a name that does not fit into the string itself");
    std::thread worker([] {});
    worker.join();
  });
  EXPECT_TRUE(result.clean()) << result.message;
  EXPECT_EQ(at_last, at_first);
}

// What the standard library sets up for the first stream of a process is no state of the body's.
// In another process, which has had none.
TEST(Apart, DISABLED_TheFirstStreamWrites) {
  explore([] {
    std::atomic<int> sum{0};
    std::thread worker([&] { ++sum; });
    std::ofstream file("/dev/null");
    file << sum.load() << ' ' << 1.5 << '\n';
    worker.join();
  });
}

TEST(Apart, DISABLED_TheFirstStreamReads) {
  explore([] {
    std::atomic<int> sum{0};
    std::thread worker([&] { ++sum; });
    std::ifstream file("/dev/null");
    std::string word;
    int number = 0;
    file >> word >> number;
    worker.join();
  });
}

TEST(FreshStart, TheFirstStreamIsNoState) {
  for (const char* test : {"TheFirstStreamWrites", "TheFirstStreamReads"}) {
    const std::string output =
        output_of(THIS_PROGRAM, std::string("Apart.DISABLED_") + test +
                                    " --gtest_also_run_disabled_tests");
    EXPECT_TRUE(says(output, "\"exhaustive\":true")) << output;
    EXPECT_FALSE(says(output, "process of its own")) << output;
  }
}

// -- What is not put back ---------------------------------------------------------------

// From here on this program has memory and threads that only a process of its own can keep as
// they were: it is made before the first schedule.

TEST(FreshStart, MemoryThatTheProgramMapped) {
  void* const page = mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  int& runs = *static_cast<int*>(page);
  is_found([&] { return runs++ == 0; });
  munmap(page, sizeof(int));
}

TEST(FreshStart, ABlockOfAnotherThread) {
  std::unique_ptr<int> runs;
  std::thread([&] { runs = std::make_unique<int>(0); }).join();
  is_found([&] { return (*runs)++ == 0; });
}

TEST(FreshStart, AnExplorationByAnotherThread) {
  std::string test = this_test();
  Result result;
  std::thread([&] {
    int runs = 0;
    const auto is_fresh = [&] { return runs++ == 0; };
    result = find_failure([&] { loses_an_addition_if(is_fresh); });
  }).join();
  EXPECT_EQ(result.kind, "check") << result.message << '\n' << result.coverage;
  if (!is_replay()) replays_elsewhere(test, result.token);
}

}  // namespace
}  // namespace interleave
