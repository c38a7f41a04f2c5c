// Property: a picture says what a trace holds, in the program's own names and lines.
//
// The traces are made by hand; their return addresses are real ones of this file.
#include "interleave/report/report.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "interleave/report/naming.hpp"
#include "interleave/report/source_text.hpp"
#include "interleave/report/states.hpp"
#include "interleave/report/symbols.hpp"

namespace interleave {
namespace {

// The address its caller returns to: a place in this file that symbols must find.
__attribute__((noinline)) ProgramCounter here() {
  return reinterpret_cast<ProgramCounter>(__builtin_return_address(0));
}

struct Account {
  __attribute__((noinline)) ProgramCounter lock() {
    const ProgramCounter pc = here();
    asm volatile("");  // no tail call, which would return to the caller of this
    return pc;
  }
};

constexpr std::uint32_t kLineOfTheCall = __LINE__ - 6;

int ready_flag = 0;

Step step(Trace& trace, ThreadId thread, OperationKind kind, Address object,
          ProgramCounter pc) {
  Step made;
  made.number = static_cast<std::uint32_t>(trace.steps.size() + 1);
  made.operation.thread = thread;
  made.operation.kind = kind;
  made.operation.object = object;
  made.operation.pc = pc;
  made.stack = {pc};
  return made;
}

Trace two_threads() {
  Trace trace;
  trace.threads.resize(2);
  trace.threads[0].name = "leader";
  trace.threads[1].name = "worker 1";
  return trace;
}

Finding found() {
  Finding finding;
  finding.test = "Ledger.Transfers";
  finding.schedule = 3;
  finding.schedules = 1000;
  finding.replay_command = "autograder/course replay 2.2-abc";
  return finding;
}

TEST(Symbols, FindTheLineAndTheFunctionOfAReturnAddress) {
  Symbols symbols;
  Account account;
  const ProgramCounter pc = account.lock();
  const auto& frames = symbols.frames(pc);
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames[0].function, "Account::lock");
  EXPECT_EQ(file_name(frames[0].file), "report_test.cpp");
  EXPECT_TRUE(std::filesystem::exists(frames[0].file)) << frames[0].file;
  EXPECT_EQ(frames[0].line, kLineOfTheCall);
  EXPECT_FALSE(frames[0].foreign());
}

TEST(Symbols, NameGlobalVariables) {
  const Symbols symbols;
  const auto name = symbols.variable_at(reinterpret_cast<Address>(&ready_flag));
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(*name, "interleave::ready_flag");
}

TEST(Symbols, ShortenNames) {
  EXPECT_EQ(short_name("JobQueue<int>::push(int)"), "JobQueue::push");
  EXPECT_EQ(short_name("void a::f<std::vector<int> >(int) const"), "a::f");
  EXPECT_EQ(short_name("main::{lambda()#1}::operator()() const"), "lambda");
}

TEST(SourceText, NamesTheObjectOfAnOperation) {
  const auto lock = OperationKind::kLock;
  EXPECT_EQ(object_in("std::unique_lock lock(mutex_);", lock), "mutex_");
  EXPECT_EQ(object_in("std::lock_guard<std::mutex> guard{a[i].mutex};", lock),
            "a[i].mutex");
  EXPECT_EQ(object_in("std::scoped_lock both(from.mutex, to.mutex);", lock),
            "from.mutex");
  EXPECT_EQ(object_in("if (x) accounts_[a]->mutex.lock();", lock), "accounts_[a]->mutex");
  EXPECT_EQ(object_in("not_empty_.notify_one();", OperationKind::kNotifyOne),
            "not_empty_");
  EXPECT_EQ(object_in("auto* n = head_->next.load(std::memory_order_acquire);",
                      OperationKind::kAtomicLoad),
            "head_->next");
  EXPECT_EQ(object_in("++count_;", OperationKind::kAtomicUpdate), "count_");
  EXPECT_EQ(object_in("const int old = sum;", OperationKind::kPlainRead), "sum");
  EXPECT_EQ(object_in("check(sum == 2);", OperationKind::kPlainRead), "sum");
  EXPECT_EQ(object_in("total += 2;", OperationKind::kPlainWrite), "total");
  EXPECT_EQ(object_in("}", lock), "");
  EXPECT_EQ(receiver_of_call("both_run.arrive_and_wait();", "arrive_and_wait"),
            "both_run");
  EXPECT_EQ(receiver_of_call("int x = pool->results[i].get();", "get"),
            "pool->results[i]");
  EXPECT_EQ(receiver_of_call("get();", "get"), "");
}

// The column is where the compiler says that the call is: at its "(", its name or its operator.
TEST(SourceText, TellsTheObjectsOfOneLineApart) {
  const auto store = OperationKind::kAtomicStore;
  const std::string stores = "x.store(1); y.store(2); z = 3;";
  EXPECT_EQ(object_in(stores, store, {.column = stores.find("(1")}), "x");
  EXPECT_EQ(object_in(stores, store, {.column = stores.find("(2")}), "y");
  EXPECT_EQ(object_in(stores, store, {.column = stores.find("= 3")}), "z");
  EXPECT_EQ(object_in(stores, store), "x") << "no column";
  const std::string loads = "const int a = x, b = nodes[0].next;";
  EXPECT_EQ(object_in(loads, OperationKind::kAtomicLoad, {.column = loads.find("x,")}),
            "x");
  EXPECT_EQ(object_in(loads, OperationKind::kAtomicLoad, {.column = loads.find("next")}),
            "nodes[0].next");
  const std::string locks = "std::scoped_lock both(from.mutex, at(to, 1).mutex);";
  EXPECT_EQ(object_in(locks, OperationKind::kLock, {.lock = 1}), "at(to, 1).mutex");
  EXPECT_EQ(argument_of_call("locks.emplace_back(account.mutex);", "emplace_back"),
            "account.mutex");
  EXPECT_EQ(indexed_in("return first[i] < second[j];", 19), "second");
}

TEST(Origin, KnowsWhatIsTheLibrarysOwn) {
  const auto inside = [](const char* through) {
    return Origin{{}, through}.inside_library();
  };
  EXPECT_TRUE(inside("latch::arrive_and_wait"));
  EXPECT_TRUE(inside("__basic_future::wait"));
  EXPECT_TRUE(inside("__atomic_base::wait"));
  EXPECT_TRUE(inside("call_once"));
  EXPECT_FALSE(inside("atomic::store"));
  EXPECT_FALSE(inside("unique_lock::unique_lock"));
  EXPECT_FALSE(inside("std::condition_variable::wait"));
  EXPECT_FALSE(inside(""));
  EXPECT_TRUE((Origin{{}, "AtomicRoot::load", true}.inside_library()))
      << "a lesson's class that an exercise builds upon";
}

// What the exercise calls of its lesson is one row, in the exercise's line.
TEST(Origin, ALessonsClassIsALibraryToItsExercise) {
  const Frame lesson{"AtomicRoot::load", "/course/lessons/03-x/atomic_root.hpp", 45};
  const Frame exercise{"Store::read", "/course/exercises/03-x/store/store.hpp", 50};
  EXPECT_TRUE(lesson.of_lesson());
  EXPECT_FALSE(lesson.foreign()) << "a lesson's own test shows the lesson's lines";
  EXPECT_FALSE(exercise.of_lesson());
}

TEST(Report, ADeadlockShowsWhoHoldsAndWaits) {
  Trace trace = two_threads();
  const Address first = 0x11000;
  const Address second = 0x12000;
  const ProgramCounter pc = here();
  trace.steps.push_back(step(trace, 0, OperationKind::kLock, first, pc));
  trace.steps.push_back(step(trace, 1, OperationKind::kLock, second, pc));
  trace.steps.push_back(step(trace, 1, OperationKind::kLock, first, pc));
  trace.steps.back().waits_for = 0;
  trace.steps.push_back(step(trace, 0, OperationKind::kLock, second, pc));
  trace.steps.back().waits_for = 1;
  trace.threads[0].holds = {first};
  trace.threads[1].holds = {second};

  Failure failure;
  failure.kind = FailureKind::kDeadlock;
  failure.cycle = {0, 1};
  Waiting leader;
  leader.thread = 0;
  leader.operation = trace.steps[3].operation;
  leader.holder = 1;
  Waiting worker;
  worker.thread = 1;
  worker.operation = trace.steps[2].operation;
  worker.holder = 0;
  failure.waiting = {leader, worker};

  const Report report = make_report(failure, trace, found());
  EXPECT_EQ(report.concept_name, "lock order");
  EXPECT_EQ(report.headline, "deadlock after 4 steps, in schedule 3 of 1,000");
  EXPECT_NE(
      report.picture.find("leader holds mutex 1 and waits for mutex 2, held by worker 1"),
      std::string::npos)
      << report.picture;
  EXPECT_NE(report.picture.find("  3"), std::string::npos);
  EXPECT_NE(report.picture.find("report_test.cpp:"), std::string::npos);
  EXPECT_NE(report.picture.find("autograder/course replay 2.2-abc"), std::string::npos);
  EXPECT_NE(report.json.find("\"kind\":\"deadlock\""), std::string::npos);
  EXPECT_EQ(report.json.find('\n'), std::string::npos);
}

// A write, a relaxed store of the flag; a load that sees it, a read.
Trace unordered_publication() {
  Trace trace = two_threads();
  const Address data = 0x11000;
  const Address flag = 0x12000;
  const ProgramCounter pc = here();
  trace.steps.push_back(step(trace, 0, OperationKind::kPlainWrite, data, pc));
  trace.steps.push_back(step(trace, 0, OperationKind::kAtomicStore, flag, pc));
  trace.steps.back().operation.order = MemoryOrder::kRelaxed;
  trace.steps.push_back(step(trace, 1, OperationKind::kAtomicLoad, flag, pc));
  trace.steps.back().operation.order = MemoryOrder::kAcquire;
  trace.steps.back().reads = true;
  trace.steps.back().reads_from = 2;
  trace.steps.push_back(step(trace, 1, OperationKind::kPlainRead, data, pc));
  return trace;
}

Failure race_between(const Trace& trace, std::size_t earlier, std::size_t later) {
  Failure failure;
  failure.kind = FailureKind::kRace;
  for (const std::size_t index : {earlier, later}) {
    const Step& step = trace.steps[index];
    Access access;
    access.thread = step.operation.thread;
    access.step = step.number;
    access.address = step.operation.object;
    access.write = step.operation.kind == OperationKind::kPlainWrite;
    failure.accesses.push_back(access);
  }
  return failure;
}

TEST(Report, ARaceBehindARelaxedStoreNamesTheMissingRelease) {
  const Trace trace = unordered_publication();
  const Report report = make_report(race_between(trace, 0, 3), trace, found());
  EXPECT_EQ(report.concept_name, "release without acquire");
  EXPECT_NE(report.picture.find("the store must be a release"), std::string::npos)
      << report.picture;
  EXPECT_NE(report.picture.find("step 3 read step 2"), std::string::npos)
      << report.picture;
}

TEST(Report, ARaceWithoutAnyEdgeNamesTheLocksHeld) {
  Trace trace = two_threads();
  const ProgramCounter pc = here();
  trace.steps.push_back(step(trace, 0, OperationKind::kLock, 0x13000, pc));
  trace.steps.push_back(step(trace, 0, OperationKind::kPlainWrite, 0x11000, pc));
  trace.steps.push_back(step(trace, 1, OperationKind::kPlainWrite, 0x11000, pc));
  const Report report = make_report(race_between(trace, 1, 2), trace, found());
  EXPECT_EQ(report.concept_name, "data race");
  EXPECT_NE(report.picture.find("leader held mutex 1, worker 1 held no lock"),
            std::string::npos)
      << report.picture;
}

TEST(Report, ARaceWithTheEndOfMemorySaysThatItIsFreed) {
  Trace trace = two_threads();
  const ProgramCounter pc = here();
  trace.steps.push_back(step(trace, 1, OperationKind::kPlainRead, 0x11000, pc));
  trace.steps.push_back(step(trace, 0, OperationKind::kRelease, 0x11000, pc));
  Failure failure = race_between(trace, 0, 1);
  failure.accesses[0].write = false;
  failure.message = "worker 1 reads and leader writes the same memory";
  const Report report = make_report(failure, trace, found());
  EXPECT_NE(report.picture.find(
                "leader frees memory that worker 1 reads, and nothing orders the two"),
            std::string::npos)
      << report.picture;
  EXPECT_EQ(report.picture.find("the same memory"), std::string::npos) << report.picture;
}

TEST(Report, ALongTraceKeepsItsNumbersApartFromItsWords) {
  Trace trace = two_threads();
  const ProgramCounter pc = here();
  for (int i = 0; i < 12'345; ++i) {
    trace.steps.push_back(step(trace, 0, OperationKind::kAtomicStore, 0x11000, pc));
  }
  Failure failure;
  failure.kind = FailureKind::kException;
  const Report report = make_report(failure, trace, found());
  for (const std::string& text : {report.picture, report.brief}) {
    EXPECT_NE(text.find("12345  "), std::string::npos) << text;
  }
}

TEST(Report, ALostWakeUpNamesTheNotifyThatCameTooEarly) {
  Trace trace = two_threads();
  const ProgramCounter pc = here();
  trace.steps.push_back(step(trace, 1, OperationKind::kNotifyOne, 0x11000, pc));
  trace.steps.push_back(step(trace, 0, OperationKind::kConditionWait, 0x11000, pc));
  Failure failure;
  failure.kind = FailureKind::kLostWakeUp;
  Waiting waiting;
  waiting.thread = 0;
  waiting.operation = trace.steps[1].operation;
  waiting.last_notify = 1;
  waiting.wait_step = 2;
  failure.waiting = {waiting};
  const Report report = make_report(failure, trace, found());
  EXPECT_EQ(report.concept_name, "lost wake-up");
  EXPECT_NE(report.picture.find("its last notify was step 1, before the wait in step 2"),
            std::string::npos)
      << report.picture;
}

TEST(Report, AnAccessBeforeALockThatIsWaitedForIsNotShown) {
  const ProgramCounter pc = here();
  Trace trace;
  trace.threads.resize(2);
  trace.steps.push_back(step(trace, 1, OperationKind::kPlainWrite, 0x12000, pc));
  trace.steps.push_back(step(trace, 0, OperationKind::kLock, 0x11000, pc));
  Failure failure;
  failure.kind = FailureKind::kDeadlock;
  Waiting waiting;
  waiting.thread = 1;
  waiting.operation = trace.steps[1].operation;
  waiting.operation.thread = 1;
  waiting.holder = 0;
  waiting.wait_step = 1;
  failure.waiting = {waiting};
  const std::string picture = make_report(failure, trace, found()).picture;
  EXPECT_NE(picture.find("lock"), std::string::npos) << picture;
  EXPECT_EQ(picture.find("write"), std::string::npos) << picture;
}

TEST(Report, NoAccessThatNobodySpeaksOfIsThePointOfNoReturn) {
  const ProgramCounter pc = here();
  Trace trace = two_threads();
  const auto add = [&](std::uint32_t decisions, OperationKind kind) {
    trace.steps.push_back(step(trace, 1, kind, 0x11000, pc));
    trace.steps.back().decisions = decisions;
  };
  add(1, OperationKind::kUnlock);
  add(2, OperationKind::kPlainWrite);
  add(3, OperationKind::kLock);
  Failure failure;
  failure.kind = FailureKind::kCheck;
  failure.file = "queue_test.cpp";
  failure.line = 12;
  Finding finding = found();
  finding.inflection = {.known = true, .all = true, .decisions = 2, .schedules = 5};
  const std::string picture = make_report(failure, trace, finding).picture;
  const std::size_t mark = picture.find("--- from here on");
  ASSERT_NE(mark, std::string::npos) << picture;
  EXPECT_NE(picture.rfind(" lock ", mark), std::string::npos) << picture;
  EXPECT_EQ(picture.find("write"), std::string::npos) << picture;
}

TEST(Report, AnOldValueIsPointedOut) {
  Trace trace = unordered_publication();
  trace.steps[2].reads_from = kNoStep;
  trace.steps[2].newest_store = 2;
  Failure failure;
  failure.kind = FailureKind::kCheck;
  failure.message = "expected 1";
  failure.file = "queue_test.cpp";
  failure.line = 12;
  const Report report = make_report(failure, trace, found());
  EXPECT_EQ(report.concept_name, "") << "only the test knows what a check is about";
  EXPECT_EQ(report.file, "queue_test.cpp");
  EXPECT_EQ(report.line, 12u);
  EXPECT_NE(report.picture.find("old: step 1 stored a newer one"), std::string::npos)
      << report.picture;
}

TEST(Report, ALongTraceLosesItsMiddleAndSaysSo) {
  Trace trace = two_threads();
  const ProgramCounter pc = here();
  for (int i = 0; i < 200; ++i) {
    trace.steps.push_back(step(trace, 0, OperationKind::kAtomicStore, 0x11000, pc));
  }
  Failure failure;
  failure.kind = FailureKind::kException;
  const Report report = make_report(failure, trace, found());
  EXPECT_NE(report.picture.find("150 steps left out"), std::string::npos)
      << report.picture;
  EXPECT_NE(report.picture.find("200   store"), std::string::npos) << report.picture;
}

TEST(Report, AShortenedTraceSaysHowManyStepsItLacks) {
  Trace trace = two_threads();
  const ProgramCounter pc = here();
  for (int i = 0; i < 5000; ++i) {
    trace.steps.push_back(step(trace, 0, OperationKind::kAtomicStore, 0x11000, pc));
  }
  shorten(trace);
  Failure failure;
  failure.kind = FailureKind::kLivelock;
  failure.endless = true;
  Finding replayed = found();
  replayed.replayed = true;
  const Report report = make_report(failure, trace, replayed);
  // Of 5,000 the picture has 50 rows, the record 500, one and 1,500.
  EXPECT_NE(report.picture.find("4950 steps left out"), std::string::npos)
      << report.picture;
  EXPECT_NE(report.json.find("\"left_out\":2999"), std::string::npos);
}

TEST(Report, ACleanRecordHasNoPicture) {
  const std::string json = clean_record(found());
  EXPECT_NE(json.find("\"kind\":\"clean\""), std::string::npos);
  EXPECT_NE(json.find("\"picture\":\"\""), std::string::npos);
}

}  // namespace
}  // namespace interleave
