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
  //> step 1(file, patience, durability): open the file, then set the three
  auto connection = std::make_unique<sqlite::Connection>(file);
  // First of all: to change the journal needs a lock too.
  connection->wait_for_others(patience);
  connection->use_write_ahead_log();
  connection->run(durability == Durability::kPower ? "PRAGMA synchronous = FULL"
                                                   : "PRAGMA synchronous = NORMAL");
  return connection;
  //<
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
    //> step 2(key): run a prepared SELECT; a key without a row is version 0
    sqlite::Rows rows = select_.run(key);
    if (!rows.next()) return {};
    return {rows.bytes(0), rows.number(1)};
    //<
  }

  [[nodiscard]] bool compare_and_set(const std::string& key, std::uint64_t seen,
                                     const std::string& value) override {
    //> step 2(key, seen, value): one statement a call: INSERT for version 0, else UPDATE
    if (seen == 0) {
      insert_.execute(key, value);
    } else {
      update_.execute(key, value, seen);
    }
    return connection_->changed_rows() == 1;
    //<
  }

  // Does `changes` in their order, if each of them finds its version when its turn comes
  // (a key may come twice); otherwise none, and false. No reader ever sees some of
  // them without the others.
  [[nodiscard]] bool compare_and_set_all(const std::vector<Replacement>& changes) {
    //> step 3(changes): one transaction; whatever happens, it is not left open
    Transaction transaction(*connection_);
    for (const Replacement& change : changes) {
      if (!compare_and_set(change.key, change.seen, change.value)) return false;
    }
    transaction.commit();
    return true;
    //<
  }

 private:
  //> hide
  // Rolls back at its end unless it was committed, also when an exception passes. A
  // ROLLBACK with a transaction open does not fail, so the destructor does not throw.
  class Transaction {
   public:
    // IMMEDIATE: waits for other writers here, where nothing has been read yet. Later it
    // would be too late to wait: what was read may be old.
    explicit Transaction(sqlite::Connection& connection) : connection_(connection) {
      connection_.run("BEGIN IMMEDIATE");
    }
    ~Transaction() {
      if (connection_.in_transaction()) connection_.run("ROLLBACK");
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit() { connection_.run("COMMIT"); }

   private:
    sqlite::Connection& connection_;
  };

  //<
  // Written by the session's thread.
  std::unique_ptr<sqlite::Connection> connection_;
  //> hide
  // Prepared once: to parse a statement takes longer than to run it.
  sqlite::Statement select_{*connection_,
                            "SELECT value, version FROM state WHERE key = ?1"};
  sqlite::Statement insert_{*connection_,
                            "INSERT INTO state (key, value, version) VALUES (?1, ?2, 1) "
                            "ON CONFLICT DO NOTHING"};
  sqlite::Statement update_{*connection_,
                            "UPDATE state SET value = ?2, version = version + 1 "
                            "WHERE key = ?1 AND version = ?3"};
  //<
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
    //> step 1(): a session with a connection of its own
    return std::make_unique<SqliteSession>(open());
    //<
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
