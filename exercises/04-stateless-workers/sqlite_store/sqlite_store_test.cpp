// Tests of exercise 4.2. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it. It can switch threads wherever SQLite
// takes a lock or sleeps; what SQLite does between is one step.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sqlite_store.hpp>  // in <>, so that the include path decides whose it is
#include <string>
#include <thread>
#include <vector>

#include "course/records.hpp"
#include "course/step_test.hpp"
#include "interleave/interleave.hpp"
#include "sqlite.hpp"
#include "store.hpp"
#include "temporary_folder.hpp"

namespace {

using interleave::check;
using namespace std::chrono_literals;

// --- What the tests need --------------------------------------------------------------

// SQLite keeps a few things from its first use on. The explorer would take them for state
// that the body hides between its runs.
void use_sqlite_once(const std::filesystem::path& file) {
  sqlite::Connection connection(file);
  connection.run("PRAGMA journal_mode = WAL; CREATE TABLE once (number INTEGER)");
  connection.run("INSERT INTO once VALUES (1)");
  sqlite::Statement numbers(connection, "SELECT number FROM once");
  numbers.execute();
}

// Explores `body`, which gets the path of a file that does not exist yet.
void explore_with_file(const std::function<void(const std::filesystem::path&)>& body,
                       interleave::Location where = interleave::Location::current()) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  use_sqlite_once(folder.file("first.db"));
  interleave::Options options;
  options.where = where;
  options.schedules = 1000;  // enough to switch once at each place where one can
  interleave::explore([&] { body(folder.fresh_file("state.db")); }, options);
}

// The connections that SQLite opened since this object was made, oldest first, whichever
// code asked for them. Those that were closed again must not be used.
class Opened {
 public:
  Opened() {
    handles().clear();
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(note));
  }
  ~Opened() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(note)); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  [[nodiscard]] std::size_t count() const { return handles().size(); }
  [[nodiscard]] sqlite3* newest() const { return handles().back(); }

  // Whether the newest connection has a statement that is prepared.
  [[nodiscard]] bool has_statements() const {
    return sqlite3_next_stmt(newest(), nullptr) != nullptr;
  }

  // Lets the newest connection's file grow to so many pages of 4 kB: the disk is full then.
  void allow_pages(int pages) const {
    setting("max_page_count = " + std::to_string(pages));
  }

  // What the newest connection answers to `PRAGMA name`.
  std::string setting(const std::string& name) const {
    std::string answer;
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0];
      return 0;
    };
    sqlite3_exec(newest(), ("PRAGMA " + name).c_str(), keep, &answer, nullptr);
    return answer;
  }

 private:
  static std::vector<sqlite3*>& handles() {
    static std::vector<sqlite3*> all;
    return all;
  }
  static int note(sqlite3* handle, char**, const void*) {
    handles().push_back(handle);
    return SQLITE_OK;
  }
};

// What the StoreError says that `call` throws; empty if it throws none.
std::string error_of(const std::function<void()>& call) {
  try {
    call();
    return "";
  } catch (const StoreError& error) {
    return error.what();
  }
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

// Whether `session` can replace version `seen` of `key`; the reason if it throws.
testing::AssertionResult can_write(Session& session, const std::string& key,
                                   std::uint64_t seen) {
  bool done = false;
  const std::string error =
      error_of([&] { done = session.compare_and_set(key, seen, "theirs"); });
  if (done) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << (error.empty() ? "another was faster" : error) << "\n";
}

// Appends an x to the value under `key`, however often it takes.
void append_x(Session& session, const std::string& key) {
  for (bool done = false; !done;) {
    const Versioned seen = session.read(key);
    done = session.compare_and_set(key, seen.version, seen.value + "x");
  }
}

class SqliteStoreTest : public testing::Test {
 protected:
  const TemporaryFolder folder_{TemporaryFolder::in_memory()};
  const std::filesystem::path file_ = folder_.file("state.db");
};

// The file's journal is a write-ahead log, for every connection to it.
STEP_TEST_F(1, SqliteStoreTest, TheJournalIsAWriteAheadLog, "locked database") {
  const SqliteStore store(file_);
  sqlite::Connection other(file_);
  sqlite::Statement journal(other, "PRAGMA journal_mode");
  sqlite::Rows rows = journal.run();
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.bytes(0), "wal");
}

// Every connection waits as long as the store was told.
STEP_TEST_F(1, SqliteStoreTest, SetsUpEveryConnection, "locked database") {
  const Opened opened;
  SqliteStore store(file_, 1234ms);
  const auto session = store.connect();
  EXPECT_EQ(opened.setting("busy_timeout"), "1234") << "milliseconds, by wait_for_others";
  SqliteStore patient(file_, 4321ms, Durability::kPower);
  const auto patient_session = patient.connect();
  EXPECT_EQ(opened.setting("busy_timeout"), "4321") << "milliseconds, by wait_for_others";
}

// Every connection is as durable as the store was told.
STEP_TEST_F(1, SqliteStoreTest, EveryConnectionIsAsDurable, "durability") {
  const Opened opened;
  SqliteStore store(file_, 1234ms);
  const auto session = store.connect();
  EXPECT_EQ(opened.setting("synchronous"), "1") << "Durability::kProcess is NORMAL, 1";
  SqliteStore careful(file_, 1234ms, Durability::kPower);
  const auto careful_session = careful.connect();
  EXPECT_EQ(opened.setting("synchronous"), "2") << "Durability::kPower is FULL, 2";
}

// A file that another connection holds is waited for, also while it is opened.
STEP_TEST_F(1, SqliteStoreTest, WaitsWhileItOpens, "locked database") {
  explore_with_file([](const std::filesystem::path& file) {
    sqlite::Connection other(file);
    other.run("BEGIN EXCLUSIVE; CREATE TABLE theirs (number INTEGER)");
    const std::jthread holder([&] {
      std::this_thread::sleep_for(1ms);
      other.run("COMMIT");
    });
    const std::string said = error_of([&] { const SqliteStore store(file, 60s); });
    check(said.empty(), "it may wait for a minute, but it says at once: " + said);
  });
}

// The same where a writer lets others read. SQLite then reads, sees that it has
// to change the journal, and says at once that the file is locked.
STEP_TEST_F(1, SqliteStoreTest, WaitsWhileItChangesTheJournal, "locked database") {
  explore_with_file([](const std::filesystem::path& file) {
    sqlite::Connection other(file);
    other.wait_for_others(60s);  // its COMMIT needs the readers' end
    other.run("BEGIN IMMEDIATE");
    const std::jthread holder([&] {
      std::this_thread::sleep_for(1ms);
      other.run("COMMIT");
    });
    const std::string said = error_of([&] { const SqliteStore store(file, 60s); });
    check(said.empty(), "it may wait for a minute, but it says at once: " + said);
  });
}

// Two workers open a file that is not there yet, each with a store of its own: both may.
STEP_TEST_F(1, SqliteStoreTest, TwoMayMakeTheFile, "locked database") {
  explore_with_file([](const std::filesystem::path& file) {
    std::string said1;
    std::string said2;
    {
      const auto open = [&file] { const SqliteStore store(file, 60s); };
      const std::jthread worker1([&] { said1 = error_of(open); });
      const std::jthread worker2([&] { said2 = error_of(open); });
    }
    check(said1.empty(), "the file may be made by several, but one says: " + said1);
    check(said2.empty(), "the file may be made by several, but one says: " + said2);
  });
}

// Two sessions never use the same connection.
STEP_TEST_F(1, SqliteStoreTest, EachSessionHasAConnectionOfItsOwn, "shared connection") {
  SqliteStore store(file_);
  const Opened opened;
  const auto one = store.connect();
  const auto two = store.connect();
  EXPECT_GE(opened.count(), 2U) << "two calls of connect must open two connections";
}

// What cannot be opened is a StoreError that names the file.
STEP_TEST_F(1, SqliteStoreTest, SaysWhichFileItCannotOpen, "exception safety") {
  const auto nowhere = folder_.file("no such folder") / "state.db";
  const std::string missing = error_of([&] { const SqliteStore store(nowhere); });
  EXPECT_TRUE(contains(missing, nowhere.string())) << "it says: " << missing;
  EXPECT_TRUE(contains(missing, "the folder must exist")) << "it says: " << missing;

  std::ofstream(file_) << std::string(1000, '?');
  const std::string garbage = error_of([&] { const SqliteStore store(file_); });
  EXPECT_TRUE(contains(garbage, file_.string())) << "it says: " << garbage;
  EXPECT_TRUE(contains(garbage, "not a database")) << "it says: " << garbage;
}

// What one session wrote, every session reads, with its version.
STEP_TEST_F(2, SqliteStoreTest, ReadsWhatWasWritten, "stale state") {
  SqliteStore store(file_);
  const auto one = store.connect();
  const auto two = store.connect();
  EXPECT_EQ(one->read("key").version, 0U) << "a key that was never written";
  EXPECT_EQ(one->read("key").value, "");
  EXPECT_TRUE(one->compare_and_set("key", 0, "first"))
      << "a key without a row is version 0";
  EXPECT_EQ(two->read("key").value, "first");
  EXPECT_EQ(two->read("key").version, 1U);
  EXPECT_TRUE(two->compare_and_set("key", 1, "second"));
  EXPECT_EQ(one->read("key").value, "second");
  EXPECT_EQ(one->read("key").version, 2U);
  EXPECT_EQ(one->read("other key").version, 0U);
}

// A version that is not the present one changes nothing.
STEP_TEST_F(2, SqliteStoreTest, RefusesAStaleVersion, "blind write") {
  SqliteStore store(file_);
  const auto session = store.connect();
  EXPECT_FALSE(session->compare_and_set("key", 1, "x")) << "there is no version 1 yet";
  EXPECT_EQ(session->read("key").version, 0U) << "a refused value must not be there";
  ASSERT_TRUE(session->compare_and_set("key", 0, "first"))
      << "a key without a row is version 0";
  ASSERT_TRUE(session->compare_and_set("key", 1, "second"));
  EXPECT_FALSE(session->compare_and_set("key", 0, "x")) << "the key is there already";
  EXPECT_FALSE(session->compare_and_set("key", 1, "x")) << "the present version is 2";
  EXPECT_FALSE(session->compare_and_set("key", 3, "x")) << "the present version is 2";
  EXPECT_EQ(session->read("key").value, "second");
  EXPECT_EQ(session->read("key").version, 2U);
}

// Keys and values are bytes. None of them is ever read as SQL.
STEP_TEST_F(2, SqliteStoreTest, KeysAndValuesAreBytes, "hostile key") {
  SqliteStore store(file_);
  const auto session = store.connect();
  const std::vector<std::string> hostile{"",
                                         "O'Brien",
                                         "'",
                                         "\"",
                                         "x'; DROP TABLE state; --",
                                         "x' OR '1' = '1",
                                         "%",
                                         "?1",
                                         "a\\",
                                         "two\nlines",
                                         std::string("zero\0byte", 9),
                                         "\xff\xfe not UTF-8",
                                         std::string(100'000, 'k')};
  for (const std::string& key : hostile) {
    EXPECT_TRUE(session->compare_and_set(key, 0, "first of " + key))
        << "a key without a row is version 0: " << key;
    EXPECT_TRUE(session->compare_and_set(key, 1, key)) << key;
  }
  for (const std::string& key : hostile) {
    EXPECT_EQ(session->read(key).value, key);
    EXPECT_EQ(session->read(key).version, 2U) << key;
  }
  EXPECT_EQ(session->read("zero").version, 0U) << "a key does not end at a zero byte";
}

// Everything is still there when the file is opened again.
STEP_TEST_F(4, SqliteStoreTest, OutlivesItsStore, "durability") {
  {
    SqliteStore store(file_);
    ASSERT_TRUE(store.connect()->compare_and_set("key", 0, "value"))
        << "a key without a row is version 0";
  }
  SqliteStore store(file_);
  EXPECT_EQ(store.connect()->read("key").value, "value");
  EXPECT_EQ(store.connect()->read("key").version, 1U);
}

// A session's statements are prepared once, not for each call.
STEP_TEST_F(5, SqliteStoreTest, KeepsItsStatements, "re-reading") {
  SqliteStore store(file_);
  const Opened opened;
  const auto session = store.connect();
  ASSERT_TRUE(session->compare_and_set("key", 0, "value"))
      << "a key without a row is version 0";
  ASSERT_EQ(session->read("key").value, "value");
  EXPECT_TRUE(opened.has_statements())
      << "after a call no prepared statement is left: the next call has to parse again";
}

// Of two workers that replace the same version, exactly one succeeds.
STEP_TEST_F(2, SqliteStoreTest, OneOfTwoWins, "blind write") {
  explore_with_file([](const std::filesystem::path& file) {
    SqliteStore store(file);
    bool won1 = false;
    bool won2 = false;
    {
      const auto session1 = store.connect();
      const auto session2 = store.connect();
      const std::jthread worker1(
          [&] { won1 = session1->compare_and_set("key", 0, "one"); });
      const std::jthread worker2(
          [&] { won2 = session2->compare_and_set("key", 0, "two"); });
    }
    check(won1 != won2, "exactly one of the two may have replaced version 0");
    check(store.connect()->read("key").value == (won1 ? "one" : "two"),
          "the value must be the winner's");
  });
}

// Two workers update one key, each on its own session: no update is lost.
STEP_TEST_F(2, SqliteStoreTest, LosesNoUpdate, "blind write") {
  explore_with_file([](const std::filesystem::path& file) {
    SqliteStore store(file);
    check(store.connect()->compare_and_set("key", 0, ""), "no other session writes");
    {
      const auto session1 = store.connect();
      const auto session2 = store.connect();
      const std::jthread worker1([&] { append_x(*session1, "key"); });
      const std::jthread worker2([&] { append_x(*session2, "key"); });
    }
    check(store.connect()->read("key").value == "xx", "both updates must be there");
    check(store.connect()->read("key").version == 3, "and each must be one version");
  });
}

// Sessions in different threads do not disturb each other.
STEP_TEST_F(2, SqliteStoreTest, SessionsWorkSideBySide, "shared connection") {
  explore_with_file([](const std::filesystem::path& file) {
    SqliteStore store(file);
    const auto work = [&store](const std::string& key) {
      const auto session = store.connect();
      append_x(*session, key);
      check(session->read(key).value == "x", "each worker must read what it wrote");
    };
    const std::jthread worker1([&] { work("one"); });
    const std::jthread worker2([&] { work("two"); });
  });
}

// While another connection writes, a reader gets the last committed value, at once.
STEP_TEST_F(2, SqliteStoreTest, ReadersDoNotWaitForAWriter, "locked database") {
  SqliteStore store(file_, 0ms);
  const auto session = store.connect();
  ASSERT_TRUE(session->compare_and_set("key", 0, "before"))
      << "a key without a row is version 0";
  sqlite::Connection writer(file_);
  writer.run("BEGIN IMMEDIATE; UPDATE state SET version = 7, value = x'00'");
  EXPECT_EQ(session->read("key").value, "before");
  EXPECT_EQ(session->read("key").version, 1U);
  writer.run("COMMIT");
  EXPECT_EQ(session->read("key").version, 7U);
}

// A writer that meets another one waits for its end, and then succeeds.
STEP_TEST_F(2, SqliteStoreTest, WritersWaitForEachOther, "locked database") {
  explore_with_file([](const std::filesystem::path& file) {
    SqliteStore store(file, 60s);
    const auto session = store.connect();
    sqlite::Connection other(file);
    other.run("BEGIN IMMEDIATE");
    const std::jthread writer([&] {
      std::this_thread::sleep_for(1ms);
      other.run("COMMIT");
    });
    check(session->compare_and_set("key", 0, "value"), "no other session wrote this key");
  });
}

// Patience has an end: then a StoreError says which file is locked, and what to do. The
// session can be used again.
STEP_TEST_F(4, SqliteStoreTest, SaysThatTheDatabaseIsLocked, "locked database") {
  SqliteStore store(file_, 1ms);
  const auto session = store.connect();
  sqlite::Connection other(file_);
  other.run("BEGIN IMMEDIATE");
  const std::string said =
      error_of([&] { static_cast<void>(session->compare_and_set("key", 0, "value")); });
  EXPECT_TRUE(contains(said, file_.string())) << "it says: " << said;
  EXPECT_TRUE(contains(said, "locked")) << "it says: " << said;
  EXPECT_TRUE(contains(said, "try again")) << "it says: " << said;
  other.run("COMMIT");
  EXPECT_EQ(session->read("key").version, 0U)
      << "the call that threw must change nothing";
  EXPECT_TRUE(session->compare_and_set("key", 0, "value"));
}

// On a full disk a write throws and changes nothing. What was written before is there, and
// with room again the session works on.
STEP_TEST_F(4, SqliteStoreTest, AFullDiskLosesNothing, "durability") {
  SqliteStore store(file_);
  const Opened opened;
  const auto session = store.connect();
  opened.allow_pages(20);
  std::string said;
  int written = 0;
  while (said.empty() && written < 100) {
    bool done = false;
    said = error_of([&] {
      done = session->compare_and_set(std::to_string(written), 0, std::string(4000, 'v'));
    });
    ASSERT_TRUE(done || !said.empty())
        << "false means that another session was faster, and none writes here";
    written += done;
  }
  EXPECT_GT(written, 0);
  EXPECT_LT(written, 100) << "20 pages of 4 kB cannot hold 100 values of 4 kB";
  EXPECT_TRUE(contains(said, file_.string())) << "it says: " << said;
  EXPECT_TRUE(contains(said, "full")) << "it says: " << said;
  EXPECT_TRUE(contains(said, "make room")) << "it says: " << said;
  for (int key = 0; key < written; ++key) {
    EXPECT_EQ(store.connect()->read(std::to_string(key)).value, std::string(4000, 'v'));
  }
  EXPECT_EQ(session->read(std::to_string(written)).version, 0U)
      << "the call that threw must change nothing";
  opened.allow_pages(1000);
  EXPECT_TRUE(session->compare_and_set(std::to_string(written), 0, "now there is room"));
}

// --- A process that is killed ---------------------------------------------------------

// What version `version` of a key holds in the test below.
std::string value_of(std::uint64_t version) {
  return std::string(1000, 'v') + std::to_string(version);
}

// Counts versions up in `file`, and tells each one to `acknowledge` once it is written.
// Never returns.
[[noreturn]] void write_until_killed(const std::filesystem::path& file, int acknowledge) {
  try {
    SqliteStore store(file);
    const auto session = store.connect();
    std::uint64_t version = session->read("key").version;
    while (session->compare_and_set("key", version, value_of(version + 1))) {
      ++version;
      if (write(acknowledge, &version, sizeof version) != sizeof version) break;
    }
  } catch (const StoreError&) {
  }
  _exit(1);
}

// Has a child write to `file`, kills it after `count` acknowledgements, and returns the
// last version that it acknowledged.
std::uint64_t kill_while_writing(const std::filesystem::path& file, unsigned count) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return 0;
  const pid_t writer = fork();
  if (writer == 0) {
    close(ends[0]);
    write_until_killed(file, ends[1]);
  }
  close(ends[1]);
  std::uint64_t last = 0;
  std::uint64_t version = 0;
  for (unsigned seen = 0; read(ends[0], &version, sizeof version) == sizeof version;) {
    last = version;
    if (++seen == count) kill(writer, SIGKILL);
  }
  close(ends[0]);
  while (waitpid(writer, nullptr, 0) < 0 && errno == EINTR) {
  }
  return last;
}

// A process is killed at a random moment, again and again. What it had reported as written
// is there; what it was writing is there as a whole or not at all.
STEP_TEST_F(4, SqliteStoreTest, AKilledProcessLosesNothing, "durability") {
  ASSERT_TRUE(SqliteStore(file_).connect()->compare_and_set("key", 0, value_of(1)));
  std::mt19937_64 random(course::seed());
  for (int round = 0; round < 10; ++round) {
    const auto acknowledged =
        kill_while_writing(file_, static_cast<unsigned>(1 + random() % 50));
    ASSERT_GT(acknowledged, 0U) << "the child wrote nothing";
    SqliteStore store(file_);
    const Versioned state = store.connect()->read("key");
    ASSERT_GE(state.version, acknowledged) << "an acknowledged write is lost";
    ASSERT_LE(state.version, acknowledged + 1)
        << "only one write can have been under way";
    ASSERT_EQ(state.value, value_of(state.version)) << "half a write is there";
  }
}

// All replacements happen, if every version is the present one.
STEP_TEST_F(3, SqliteStoreTest, ReplacesAll, "transaction") {
  SqliteStore store(file_);
  const auto session = store.open_session();
  EXPECT_TRUE(session->compare_and_set_all({{"a", 0, "1"}, {"b", 0, "2"}}));
  EXPECT_TRUE(
      session->compare_and_set_all({{"b", 1, "3"}, {"a", 1, "4"}, {"c", 0, "5"}}));
  EXPECT_TRUE(session->compare_and_set_all({}));
  EXPECT_EQ(session->read("a").value, "4");
  EXPECT_EQ(session->read("b").value, "3");
  EXPECT_EQ(session->read("c").value, "5");
  EXPECT_EQ(session->read("a").version, 2U);
}

// A key may come twice: the second replacement finds the version that the first one made.
STEP_TEST_F(3, SqliteStoreTest, AKeyMayComeTwice, "transaction") {
  SqliteStore store(file_);
  const auto session = store.open_session();
  EXPECT_TRUE(session->compare_and_set_all({{"a", 0, "1"}, {"a", 1, "2"}}));
  EXPECT_EQ(session->read("a").value, "2");
  EXPECT_EQ(session->read("a").version, 2U);
  EXPECT_FALSE(session->compare_and_set_all({{"b", 0, "1"}, {"b", 0, "2"}}))
      << "the second finds version 1, not 0";
  EXPECT_EQ(session->read("b").version, 0U) << "then none of them may happen";
}

// Where another one writes for longer than the store has patience, a StoreError says so, not
// `false`; and the session can be used again.
STEP_TEST_F(3, SqliteStoreTest, SaysThatItCannotBegin, "locked database") {
  SqliteStore store(file_, 1ms);
  const auto session = store.open_session();
  sqlite::Connection other(file_);
  other.run("BEGIN IMMEDIATE");
  bool done = false;
  const std::string said = error_of([&] {
    done = session->compare_and_set_all({{"a", 0, "1"}});
  });
  EXPECT_FALSE(done);
  EXPECT_TRUE(contains(said, "locked"))
      << "another connection writes: that is an error, and no version is stale; it says: "
      << said;
  other.run("COMMIT");
  EXPECT_TRUE(session->compare_and_set_all({{"a", 0, "1"}}))
      << "the session must be usable after an error";
}

// It waits for as long as the store has patience, and not again and again. Only the
// explorer's clock can tell: on it, nothing takes time but waiting.
STEP_TEST_F(3, SqliteStoreTest, WaitsAsLongAsItWasTold, "locked database") {
  explore_with_file([](const std::filesystem::path& file) {
    SqliteStore store(file, 200ms);
    const auto session = store.open_session();
    sqlite::Connection other(file);
    other.run("BEGIN IMMEDIATE");
    const auto start = std::chrono::steady_clock::now();
    const std::string said = error_of([&] {
      static_cast<void>(session->compare_and_set_all({{"a", 0, "1"}}));
    });
    const auto waited = std::chrono::steady_clock::now() - start;
    check(!said.empty(), "another connection writes for ever: that is an error");
    check(!interleave::explores_schedules() || waited < 400ms,
          "its patience is 200 ms, and it waited for more than 400");
  });
}

// None happens, if one version is stale, wherever it stands; others can still write.
STEP_TEST_F(3, SqliteStoreTest, ReplacesNoneIfOneIsStale, "transaction") {
  SqliteStore store(file_, 0ms);
  const auto session = store.open_session();
  const auto other = store.open_session();
  EXPECT_FALSE(session->compare_and_set_all({{"a", 0, "1"}, {"b", 7, "2"}}));
  EXPECT_EQ(session->read("a").version, 0U) << "a was replaced without b";
  EXPECT_TRUE(can_write(*other, "a", 0)) << "is the session's transaction still open?";
  EXPECT_FALSE(session->compare_and_set_all({{"b", 7, "2"}, {"a", 1, "1"}}));
  EXPECT_EQ(session->read("a").value, "theirs");
}

// After an error in the middle none has happened; others can still write, and so can the
// session itself.
STEP_TEST_F(3, SqliteStoreTest, AnErrorInTheMiddleChangesNothing, "transaction") {
  SqliteStore store(file_, 0ms);
  const auto other = store.open_session();
  const Opened opened;
  const auto session = store.open_session();
  sqlite3_limit(opened.newest(), SQLITE_LIMIT_LENGTH, 1000);
  const std::string too_big(2000, 'v');
  const std::string said = error_of([&] {
    static_cast<void>(session->compare_and_set_all({{"a", 0, "1"}, {"b", 0, too_big}}));
  });
  EXPECT_TRUE(contains(said, file_.string())) << "it says: " << said;
  EXPECT_TRUE(contains(said, "too big")) << "it says: " << said;
  EXPECT_EQ(other->read("a").version, 0U) << "a was replaced without b";
  EXPECT_TRUE(can_write(*other, "a", 0)) << "is the session's transaction still open?";
  EXPECT_TRUE(session->compare_and_set_all({{"a", 1, "2"}, {"b", 0, "2"}}))
      << "the session must be usable after an error";
}

// The same where SQLite has rolled back by itself, as it does when the disk is full. The
// error that arrives is the disk's.
STEP_TEST_F(3, SqliteStoreTest, AFullDiskInTheMiddleChangesNothing, "transaction") {
  SqliteStore store(file_, 0ms);
  const auto other = store.open_session();
  const Opened opened;
  const auto session = store.open_session();
  opened.allow_pages(20);
  std::vector<Replacement> changes;
  for (int key = 0; key < 100; ++key) {
    changes.push_back({std::to_string(key), 0, std::string(4000, 'v')});
  }
  const std::string said =
      error_of([&] { static_cast<void>(session->compare_and_set_all(changes)); });
  EXPECT_TRUE(contains(said, "full"))
      << "it must say that the disk is full, but it says: " << said;
  EXPECT_EQ(other->read("0").version, 0U) << "some were replaced without the others";
  EXPECT_TRUE(can_write(*other, "0", 0)) << "is the session's transaction still open?";
  EXPECT_TRUE(session->compare_and_set_all({{"0", 1, "2"}, {"1", 0, "2"}}))
      << "the session must be usable after an error";
}

// Two workers move the same coin between two accounts. Every reader sees one coin.
STEP_TEST_F(3, SqliteStoreTest, NoReaderSeesHalf, "transaction") {
  explore_with_file([](const std::filesystem::path& file) {
    SqliteStore store(file);
    check(store.open_session()->compare_and_set_all({{"a", 0, "o"}, {"b", 0, ""}}),
          "no other session writes");
    const auto session = store.open_session();
    const std::jthread worker([&] {
      check(session->compare_and_set_all({{"a", 1, ""}, {"b", 1, "o"}}),
            "no other session writes");
    });
    sqlite::Connection onlooker(file);
    sqlite::Statement accounts(onlooker, "SELECT value FROM state");
    std::string coins;
    for (sqlite::Rows rows = accounts.run(); rows.next();) coins += rows.bytes(0);
    check(coins == "o", "there must be one coin at every moment");
  });
}

// Two workers replace the same two keys, named in opposite orders: one of them succeeds,
// and neither waits for ever.
STEP_TEST_F(3, SqliteStoreTest, OppositeOrdersDoNotStopEachOther, "transaction") {
  explore_with_file([](const std::filesystem::path& file) {
    SqliteStore store(file);
    bool won1 = false;
    bool won2 = false;
    {
      const auto session1 = store.open_session();
      const auto session2 = store.open_session();
      const std::jthread worker1([&] {
        won1 = session1->compare_and_set_all({{"a", 0, "one"}, {"b", 0, "one"}});
      });
      const std::jthread worker2([&] {
        won2 = session2->compare_and_set_all({{"b", 0, "two"}, {"a", 0, "two"}});
      });
    }
    check(won1 != won2, "exactly one of the two may have replaced both");
    const auto session = store.connect();
    check(session->read("a").value == session->read("b").value,
          "both values must be the winner's");
  });
}

}  // namespace
