// A store in a file: the same contract as in memory, kept by SQLite.
//
//   worker 1 -- Session -- connection --+
//   worker 2 -- Session -- connection --+--> state.db   table state: key, value, version
//   worker 3 -- Session -- connection --+    state.db-wal, -shm: what was written last
//
// Threads     SqliteStore: any thread. SqliteSession: one thread at a time.
// Progress    Readers hardly ever wait: only for recovery, the last close and exclusive
//             mode. Writers wait for each other, up to `patience`.
//
// Invariants
//   I1  A connection belongs to one session, and so to one thread.
//   I2  compare_and_set is one statement: SQLite looks at the version and replaces the
//       value under one lock.
//   I3  A key or a value is never part of a statement's text.
//   I4  No call returns or throws inside a transaction.
//
// Durability  What compare_and_set returned true for outlives this process, however it
//             ends. With Durability::kPower it outlives a power failure too.
//
// Left out    Deleting keys, checkpoints at a time of our choosing, a pool of connections.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "course/todo.hpp"
#include "sqlite.hpp"
#include "store.hpp"

// What a value outlives: the process, or a power failure as well. The second waits for the
// disk at each change.
enum class Durability { kProcess, kPower };

// A new connection to `file`, fit to live beside others: it waits up to `patience` for their
// locks; the journal is a write-ahead log (WAL), so that readers and a writer hardly ever
// wait for each other; PRAGMA synchronous is FULL for Durability::kPower, else NORMAL.
[[nodiscard]] inline std::unique_ptr<sqlite::Connection> connection_to(
    const std::filesystem::path& file, std::chrono::milliseconds patience,
    Durability durability) {
  // TODO 1: open the file, then set the three
  course::todo(1, file, patience, durability);
}

// One replacement of several that belong together; see compare_and_set.
struct Replacement {
  std::string key;
  std::uint64_t seen;
  std::string value;
};

class SqliteSession final : public Session {
 public:
  // Takes over a connection that no other thread uses, to a file that has the table.
  explicit SqliteSession(std::unique_ptr<sqlite::Connection> connection)
      : connection_(std::move(connection)) {}

  [[nodiscard]] Versioned read(const std::string& key) override {
    // TODO 2: run a prepared SELECT; a key without a row is version 0
    course::todo(2, key);
  }

  [[nodiscard]] bool compare_and_set(const std::string& key, std::uint64_t seen,
                                     const std::string& value) override {
    // TODO 2: one statement a call: INSERT for version 0, else UPDATE
    course::todo(2, key, seen, value);
  }

  // Does `changes` in their order, if each of them finds its version when its turn comes
  // (a key may come twice); otherwise none, and false. No reader ever sees some of
  // them without the others.
  [[nodiscard]] bool compare_and_set_all(const std::vector<Replacement>& changes) {
    // TODO 3: one transaction; whatever happens, it is not left open
    course::todo(3, changes);
  }

 private:
  // Written by the session's thread.
  std::unique_ptr<sqlite::Connection> connection_;
};

class SqliteStore final : public Store {
 public:
  // Keeps the state in `file`, which is made if there is none. A call waits up to
  // `patience` for another connection's lock, then throws.
  explicit SqliteStore(std::filesystem::path file,
                       std::chrono::milliseconds patience = std::chrono::seconds(5),
                       Durability durability = Durability::kProcess)
      : file_(std::move(file)), patience_(patience), durability_(durability) {
    open()->run(
        "CREATE TABLE IF NOT EXISTS state (key BLOB PRIMARY KEY, value BLOB NOT NULL, "
        "version INTEGER NOT NULL) WITHOUT ROWID");
  }

  [[nodiscard]] std::unique_ptr<Session> connect() override { return open_session(); }

  // The same, for callers of compare_and_set_all.
  [[nodiscard]] std::unique_ptr<SqliteSession> open_session() {
    // TODO 1: a session with a connection of its own
    course::todo(1);
  }

 private:
  [[nodiscard]] std::unique_ptr<sqlite::Connection> open() const {
    return connection_to(file_, patience_, durability_);
  }

  // Written at construction only.
  const std::filesystem::path file_;
  const std::chrono::milliseconds patience_;
  const Durability durability_;
};
