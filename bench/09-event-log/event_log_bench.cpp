// Lesson 9's benchmarks: durable commands a second, by 1 and by 8 writers. Each writer commits a
// command of 64 bytes, waits until it is on the disk, and commits the next one.
//
// All promise the same: what was confirmed outlives a power cut, because fdatasync or fsync has
// returned for it. Exercise 9.1's journal; SQLite with a write-ahead log and synchronous=FULL, a
// transaction for each command, once on one connection that the writers share under a lock, once
// on a connection for each; RocksDB and LevelDB with synced writes, keyed by number. Each on a
// new file on the disk of temporary files. RocksDB and LevelDB make groups of what waits, as the
// journal does; SQLite makes none.
//
// They take turns of 50 ms, since a disk's speed changes with what else is done on it. The last
// two plots are the journal beside the fastest peer, and the fdatasyncs and fsyncs of
// each for a thousand commands, counted where the program calls the system.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../../lessons/04-stateless-workers/sqlite.hpp"
#include "../../lessons/04-stateless-workers/temporary_folder.hpp"
#include "../../solutions/09-event-log/journal.hpp"
#include "faulty_disk.hpp"

#if COURSE_HAS_LEVELDB
#include <leveldb/c.h>
#endif
#if COURSE_HAS_ROCKSDB
#include <rocksdb/c.h>
#endif

namespace {

constexpr std::size_t size = 64;

// --- What is measured -------------------------------------------------------------------

// Keeps commands on a disk.
struct Keeper {
  virtual ~Keeper() = default;
  // Returns once `command` is on the disk. Any thread; `writer` is the caller's number.
  virtual void commit(unsigned writer, const std::string& command) = 0;
};

class JournalKeeper final : public Keeper {
 public:
  explicit JournalKeeper(unsigned) {}
  void commit(unsigned, const std::string& command) override {
    journal_.commit(journal_.append(command));
  }

 private:
  const TemporaryFolder folder_;
  Journal journal_{folder_.file("journal"), [](std::uint64_t, std::string_view) {}};
};

// A connection that returns from a transaction once that is on the disk.
struct SyncedConnection {
  explicit SyncedConnection(const std::filesystem::path& file) : connection(file) {
    connection.wait_for_others(std::chrono::minutes(1));
    connection.use_write_ahead_log();
    connection.run("PRAGMA synchronous = FULL");
    connection.run(
        "CREATE TABLE IF NOT EXISTS log (number INTEGER PRIMARY KEY, command BLOB)");
  }
  sqlite::Connection connection;
};
// One of those, and what inserts a command.
struct SqliteWriter {
  explicit SqliteWriter(const std::filesystem::path& file) : synced(file) {}
  SyncedConnection synced;
  sqlite::Statement insert{synced.connection, "INSERT INTO log (command) VALUES (?1)"};
};

class SqliteUnderALock final : public Keeper {
 public:
  explicit SqliteUnderALock(unsigned) {}
  void commit(unsigned, const std::string& command) override {
    const std::scoped_lock lock(mutex_);
    writer_.insert.execute(command);
  }

 private:
  const TemporaryFolder folder_;
  std::mutex mutex_;
  SqliteWriter writer_{folder_.file("state.db")};
};

class SqliteForEach final : public Keeper {
 public:
  explicit SqliteForEach(unsigned writers) {
    for (unsigned i = 0; i < writers; ++i) {
      writers_.push_back(std::make_unique<SqliteWriter>(folder_.file("state.db")));
    }
  }
  void commit(unsigned writer, const std::string& command) override {
    writers_[writer]->insert.execute(command);
  }

 private:
  const TemporaryFolder folder_;
  std::vector<std::unique_ptr<SqliteWriter>> writers_;
};

// Throws what a C library says, if it says something.
[[maybe_unused]] void throw_if_said(const char* what, const char* error) {
  if (error != nullptr) throw std::runtime_error(std::string(what) + ": " + error);
}

// Eight bytes that sort as the numbers do.
[[maybe_unused]] std::string key_of(std::uint64_t number) {
  std::string key(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    key[7 - i] = static_cast<char>(number >> 8 * i & 0xff);
  }
  return key;
}

#if COURSE_HAS_LEVELDB
class LevelDbKeeper final : public Keeper {
 public:
  explicit LevelDbKeeper(unsigned) {
    leveldb_options_set_create_if_missing(options_, 1);
    char* error = nullptr;
    database_ = leveldb_open(options_, folder_.file("leveldb").c_str(), &error);
    throw_if_said("LevelDB", error);
    leveldb_writeoptions_set_sync(synced_, 1);
  }
  ~LevelDbKeeper() override {
    leveldb_close(database_);
    leveldb_writeoptions_destroy(synced_);
    leveldb_options_destroy(options_);
  }
  void commit(unsigned, const std::string& command) override {
    const std::string key = key_of(number_.fetch_add(1));
    char* error = nullptr;
    leveldb_put(database_, synced_, key.data(), key.size(), command.data(),
                command.size(), &error);
    throw_if_said("LevelDB", error);
  }

 private:
  const TemporaryFolder folder_;
  leveldb_options_t* options_ = leveldb_options_create();
  leveldb_writeoptions_t* synced_ = leveldb_writeoptions_create();
  leveldb_t* database_ = nullptr;
  std::atomic<std::uint64_t> number_ = 1;
};
#endif

#if COURSE_HAS_ROCKSDB
class RocksDbKeeper final : public Keeper {
 public:
  explicit RocksDbKeeper(unsigned) {
    rocksdb_options_set_create_if_missing(options_, 1);
    char* error = nullptr;
    database_ = rocksdb_open(options_, folder_.file("rocksdb").c_str(), &error);
    throw_if_said("RocksDB", error);
    rocksdb_writeoptions_set_sync(synced_, 1);
  }
  ~RocksDbKeeper() override {
    rocksdb_close(database_);
    rocksdb_writeoptions_destroy(synced_);
    rocksdb_options_destroy(options_);
  }
  void commit(unsigned, const std::string& command) override {
    const std::string key = key_of(number_.fetch_add(1));
    char* error = nullptr;
    rocksdb_put(database_, synced_, key.data(), key.size(), command.data(),
                command.size(), &error);
    throw_if_said("RocksDB", error);
  }

 private:
  const TemporaryFolder folder_;
  rocksdb_options_t* options_ = rocksdb_options_create();
  rocksdb_writeoptions_t* synced_ = rocksdb_writeoptions_create();
  rocksdb_t* database_ = nullptr;
  std::atomic<std::uint64_t> number_ = 1;
};
#endif

// --- How it is measured -----------------------------------------------------------------

struct Run {
  double commands = 0;
  double seconds = 0;
  double syncs = 0;

  [[nodiscard]] double rate() const { return commands / seconds; }
};

// A disk that works, and counts. Never destroyed: the peers have threads of their own.
struct CountingDisk {
  CountingDisk() {
    disk.keeps_calls = false;
    disk.fails = [this](FaultyDisk::Call call) {
      if (call != FaultyDisk::Call::kWrite) syncs.fetch_add(1, std::memory_order_relaxed);
      return 0;
    };
  }
  std::atomic<std::int64_t> syncs = 0;
  FaultyDisk disk;
};
CountingDisk& counting_disk() {
  static CountingDisk* const disk = new CountingDisk;
  return *disk;
}

// Writers that commit to one keeper, and wait in between.
class Writers {
 public:
  Writers(std::unique_ptr<Keeper> keeper, unsigned writers)
      : keeper_(std::move(keeper)), meet_(writers + 1) {
    for (unsigned writer = 0; writer < writers; ++writer) {
      threads_.emplace_back([this, writer] { run(writer); });
    }
  }
  ~Writers() {
    more_ = false;
    meet_.arrive_and_wait();
  }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  // Adds rounds to `total` until 50 ms have passed.
  void run_some(Run& total) {
    const std::int64_t syncs_before = counting_disk().syncs.load();
    const auto start = std::chrono::steady_clock::now();
    std::chrono::duration<double> elapsed{};
    do {
      meet_.arrive_and_wait();  // begin
      meet_.arrive_and_wait();  // all have ended
      total.commands += round_of_one * static_cast<double>(threads_.size());
      elapsed = std::chrono::steady_clock::now() - start;
    } while (elapsed < std::chrono::milliseconds(50));
    total.seconds += elapsed.count();
    total.syncs += static_cast<double>(counting_disk().syncs.load() - syncs_before);
  }

 private:
  // Commands that each writer commits in one round.
  static constexpr unsigned round_of_one = 8;

  void run(unsigned writer) {
    const std::string command(size, static_cast<char>('a' + writer));
    for (;;) {
      meet_.arrive_and_wait();
      if (!more_) return;
      for (unsigned i = 0; i < round_of_one; ++i) keeper_->commit(writer, command);
      meet_.arrive_and_wait();
    }
  }

  const std::unique_ptr<Keeper> keeper_;
  std::barrier<> meet_;
  bool more_ = true;  // written while all writers wait at the barrier
  std::vector<std::jthread> threads_;
};

using Make = std::function<std::unique_ptr<Keeper>(unsigned writers)>;

// What is measured here, by series.
std::map<std::string, Make>& keepers() {
  static std::map<std::string, Make> all;
  return all;
}

// A run of every series. They take turns: a disk has quick and slow moments.
using Session = std::map<std::string, Run>;

Session measure(unsigned count) {
  std::vector<std::pair<std::string, std::unique_ptr<Writers>>> writers;
  for (const auto& [series, make] : keepers()) {
    writers.emplace_back(series, std::make_unique<Writers>(make(count), count));
  }
  Session session;
  for (std::size_t turn = 0; turn < 16; ++turn) {
    for (std::size_t i = 0; i < writers.size(); ++i) {
      auto& [series, its] = writers[(turn + i) % writers.size()];
      its->run_some(session[series]);
    }
  }
  return session;
}

// The session of repetition `n`; measured when it is first asked for.
const Session& session(std::int64_t writers, std::size_t n) {
  static std::map<std::int64_t, std::deque<Session>> all;
  auto& sessions = all[writers];
  while (sessions.size() <= n)
    sessions.push_back(measure(static_cast<unsigned>(writers)));
  return sessions[n];
}

// --- What is shown ----------------------------------------------------------------------

const std::string durable = "Durable commands";

// Registers a number that follows from a session. Iterated once: the session has its own clock.
void add(const std::string& name, const std::string& unit,
         const std::function<double(const Session&)>& number) {
  const auto repetitions = std::make_shared<std::map<std::int64_t, std::size_t>>();
  const auto run = [=](benchmark::State& state) {
    for (auto _ : state) benchmark::ClobberMemory();
    const std::int64_t writers = state.range(0);
    state.counters["items_per_second"] =
        number(session(writers, (*repetitions)[writers]++));
    state.SetLabel(unit);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->ArgName("writers")
      ->Arg(1)
      ->Arg(8)
      ->Iterations(1);
}

void add_missing(const std::string& name) {
  benchmark::RegisterBenchmark(
      name.c_str(),
      [](benchmark::State& state) { state.SkipWithError("not installed here"); })
      ->ArgName("writers")
      ->Arg(1)
      ->Arg(8);
}

template <typename Keeper>
void keep_in(const std::string& series) {
  keepers()[series] = [](unsigned writers) { return std::make_unique<Keeper>(writers); };
}

const bool registered = [] {
  const std::string ours = "journal";
  keep_in<JournalKeeper>(ours);
  keep_in<SqliteUnderALock>("SQLite, one connection");
  keep_in<SqliteForEach>("SQLite, one for each");
#if COURSE_HAS_ROCKSDB
  keep_in<RocksDbKeeper>("RocksDB");
#endif
#if COURSE_HAS_LEVELDB
  keep_in<LevelDbKeeper>("LevelDB");
#endif
  const std::vector<std::string> all = {ours, "SQLite, one connection",
                                        "SQLite, one for each", "RocksDB", "LevelDB"};
  const auto add_each = [&all](const std::string& plot, const std::string& unit,
                               const std::function<double(const Run&)>& number) {
    for (const std::string& series : all) {
      const std::string name = plot + "/" + series;
      if (!keepers().contains(series)) {
        add_missing(name);
        continue;
      }
      add(name, unit, [=](const Session& runs) { return number(runs.at(series)); });
    }
  };
  add_each(durable, "commands per second", [](const Run& run) { return run.rate(); });
  add(durable + ", beside the best peer/" + ours, "times the best peer",
      [=](const Session& runs) {
        double best = 0;
        for (const auto& [series, run] : runs) {
          if (series != ours) best = std::max(best, run.rate());
        }
        return runs.at(ours).rate() / best;
      });
  add_each(durable + ": syncs", "syncs per 1,000 commands",
           [](const Run& run) { return 1e3 * run.syncs / run.commands; });
  return true;
}();

}  // namespace
