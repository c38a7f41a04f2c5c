// SQLite's C library behind three small classes.
//
//   Connection ---------> Statement -------------> Rows ----------> bytes, number
//   a way to the file     SQL, parsed once         one run of it    of the present row
//
//   sqlite::Connection connection("state.db");
//   sqlite::Statement ages(connection, "SELECT name FROM people WHERE age = ?1");
//   for (sqlite::Rows rows = ages.run(std::uint64_t{42}); rows.next();) rows.bytes(0);
//
// Threads     A Connection with its Statements and Rows: one thread at a time. Opened so
//             that SQLite takes no lock around them (SQLITE_OPEN_NOMUTEX).
// Lifetime    A Connection outlives its Statements, a Statement its Rows.
// Values      std::string is bytes, any bytes (a BLOB). std::uint64_t is a number below
//             2^63. They replace ?1, ?2, … and are never read as SQL.
// Errors      StoreError: the file, what SQLite says, what ran, the remedy.
//
// Left out    Text, fractions and NULL as values; running one statement while another of
//             the same text still has rows.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

#include "store.hpp"

namespace sqlite {

// What helps against an error, by SQLite's extended code for it.
inline std::string remedy_for(int code) {
  if (code == SQLITE_BUSY_SNAPSHOT) {
    return "this transaction read before another one wrote, so waiting does not help: "
           "roll back and start again";
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another connection is writing, longer than this one waits: let it end its "
             "transaction, then try again";
    case SQLITE_FULL:
      return "make room for it, then try again";
    case SQLITE_TOOBIG:
      return "keep less under one key";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "the folder must exist, and you must be allowed to write to it";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return "name another file, or restore this one from a copy";
    case SQLITE_IOERR:
      return "look at the disk: reading or writing it failed";
    case SQLITE_ERROR:
      return "look at the statement: SQLite cannot make sense of it, or not now";
    case SQLITE_RANGE:
      return "give it one value for each of ?1, ?2, …";
    default:
      return "see https://www.sqlite.org/rescode.html, code " + std::to_string(code);
  }
}

// Before anything else uses the library: without its count of all memory, for which every
// thread takes one lock at each allocation.
inline const bool library_is_set_up = [] {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
         sqlite3_initialize() == SQLITE_OK;
}();

class Connection {
 public:
  // Opens `file`; makes an empty database if there is none.
  explicit Connection(const std::filesystem::path& file) : file_(file.string()) {
    constexpr int kFlags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(file_.c_str(), &handle_, kFlags, nullptr);
    if (code == SQLITE_OK) {
      sqlite3_extended_result_codes(handle_, 1);
      return;
    }
    const StoreError error = error_for(code);
    sqlite3_close(handle_);
    throw error;
  }
  ~Connection() { sqlite3_close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs SQL that takes no values: CREATE, BEGIN, COMMIT, most PRAGMAs, … What rows it
  // gives are not looked at.
  void run(const std::string& sql) {
    running_ = sql.c_str();
    check(sqlite3_exec(handle_, running_, nullptr, nullptr, nullptr));
    running_ = nullptr;
  }

  // Has what is called afterwards wait up to `longest` for another connection's lock.
  // Without it a statement that meets a lock fails at once.
  void wait_for_others(std::chrono::milliseconds longest) {
    check(sqlite3_busy_timeout(handle_, static_cast<int>(longest.count())));
    longest_wait_ = longest;
  }

  // Makes the file's journal a write-ahead log, which it stays, for every connection.
  //
  // SQLite reads the file first, and does not wait where a reader becomes a writer: two of
  // those would wait for each other. So `run` fails at once when several connections open
  // a new file. Here a try that failed holds no lock any more, and can be repeated.
  void use_write_ahead_log() {
    const auto end = std::chrono::steady_clock::now() + longest_wait_;
    running_ = "PRAGMA journal_mode = WAL";
    std::string mode;
    int code = sqlite3_exec(handle_, running_, keep_answer, &mode, nullptr);
    while ((code & 0xff) == SQLITE_BUSY && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      code = sqlite3_exec(handle_, running_, keep_answer, &mode, nullptr);
    }
    check(code);
    running_ = nullptr;
    if (mode == "wal") return;
    throw StoreError(file_ + ": its journal stays \"" + mode +
                     "\", and cannot be a write-ahead log here; name a file on a disk of "
                     "this machine");
  }

  // The rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] int changed_rows() const { return sqlite3_changes(handle_); }

  // Between BEGIN and the COMMIT or ROLLBACK that ends it. After some errors SQLite has
  // rolled back by itself.
  [[nodiscard]] bool in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
  }

 private:
  friend class Statement;
  friend class Rows;

  void check(int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    const StoreError error = error_for(code);
    running_ = nullptr;
    throw error;
  }

  [[nodiscard]] StoreError error_for(int code) const {
    std::string words = file_ + ": " + sqlite3_errmsg(handle_);
    if (running_ != nullptr) words += ", in `" + std::string(running_) + "`";
    return StoreError(words + "; " + remedy_for(code));
  }

  // For sqlite3_exec: keeps a row's first column in the string `to`.
  static int keep_answer(void* to, int, char** columns, char**) {
    *static_cast<std::string*>(to) = columns[0];
    return SQLITE_OK;
  }

  // Written by the one thread that uses the connection.
  std::string file_;
  sqlite3* handle_ = nullptr;
  std::chrono::milliseconds longest_wait_{0};
  const char* running_ = nullptr;  // the SQL that runs now, for messages
};

// One run of a statement. Its end makes the statement ready for the next.
class Rows {
 public:
  ~Rows() {
    sqlite3_reset(statement_);
    connection_.running_ = nullptr;
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  // Moves to the next row, first to the first; false if there is none.
  [[nodiscard]] bool next() {
    const int code = sqlite3_step(statement_);
    connection_.check(code);
    return code == SQLITE_ROW;
  }

  // The present row's column, counted from 0.
  [[nodiscard]] std::string bytes(int column) const {
    const void* start = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return {static_cast<const char*>(start), static_cast<std::size_t>(size)};
  }
  [[nodiscard]] std::uint64_t number(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
  }

 private:
  friend class Statement;
  Rows(Connection& connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}

  Connection& connection_;
  sqlite3_stmt* statement_;
};

class Statement {
 public:
  // Parses `sql` and plans how to run it, which takes longer than most runs.
  Statement(Connection& connection, const std::string& sql) : connection_(connection) {
    connection_.running_ = sql.c_str();
    connection_.check(sqlite3_prepare_v3(connection_.handle_, sql.c_str(), -1,
                                         SQLITE_PREPARE_PERSISTENT, &statement_,
                                         nullptr));
    connection_.running_ = nullptr;
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Begins to run with `values` for ?1, ?2, …
  template <typename... Values>
  [[nodiscard]] Rows run(const Values&... values) {
    connection_.running_ = sqlite3_sql(statement_);
    int place = 0;
    (connection_.check(bind(++place, values)), ...);
    return {connection_, statement_};
  }

  // Runs to the end with `values`; what rows it gives are not looked at.
  template <typename... Values>
  void execute(const Values&... values) {
    Rows rows = run(values...);
    while (rows.next()) {
    }
  }

 private:
  int bind(int place, const std::string& bytes) {
    return sqlite3_bind_blob64(statement_, place, bytes.data(), bytes.size(),
                               SQLITE_TRANSIENT);
  }
  int bind(int place, std::uint64_t number) {
    return sqlite3_bind_int64(statement_, place, static_cast<std::int64_t>(number));
  }

  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace sqlite
