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
// The last two plots are the journal beside the fastest peer, and the fdatasyncs and fsyncs of
// each for a thousand commands, counted where the program calls the system.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdlib>
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

// All runs of each together, by series and number of writers: a disk has quick moments, and the
// quickest of them would say nothing.
using Key = std::pair<std::string, std::int64_t>;
std::map<Key, Run>& totals() {
  static std::map<Key, Run> all;
  return all;
}

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

// Commands that each writer commits in one round.
constexpr unsigned round_of_one = 8;

using Make = std::function<std::unique_ptr<Keeper>(unsigned writers)>;

// The writers are started before the clock, and commit a round together, again and again.
Run measure(benchmark::State& state, Keeper& keeper) {
  const auto writers = static_cast<unsigned>(state.range(0));
  std::barrier meet(writers + 1);
  bool more = true;  // written while all writers wait at the barrier
  std::vector<std::jthread> threads;
  for (unsigned writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      const std::string command(size, static_cast<char>('a' + writer));
      for (;;) {
        meet.arrive_and_wait();
        if (!more) return;
        for (unsigned i = 0; i < round_of_one; ++i) keeper.commit(writer, command);
        meet.arrive_and_wait();
      }
    });
  }
  std::int64_t rounds = 0;
  const std::int64_t syncs_before = counting_disk().syncs.load();
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    meet.arrive_and_wait();  // begin
    meet.arrive_and_wait();  // all have ended
    ++rounds;
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const std::int64_t syncs = counting_disk().syncs.load() - syncs_before;
  more = false;
  meet.arrive_and_wait();
  return {static_cast<double>(rounds) * writers * round_of_one, elapsed.count(),
          static_cast<double>(syncs)};
}

const std::string durable = "Durable commands";

void for_writers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("writers")->Arg(1)->Arg(8);
}

void add(const std::string& series, const Make& make) {
  const auto run = [=](benchmark::State& state) {
    const auto keeper = make(static_cast<unsigned>(state.range(0)));
    const Run now = measure(state, *keeper);
    state.SetItemsProcessed(static_cast<std::int64_t>(now.commands));
    state.SetLabel("commands per second");
    Run& total = totals()[{series, state.range(0)}];
    total.commands += now.commands;
    total.seconds += now.seconds;
    total.syncs += now.syncs;
  };
  benchmark::RegisterBenchmark((durable + "/" + series).c_str(), run)
      ->Apply(for_writers)
      ->UseRealTime();
}

[[maybe_unused]] void add_missing(const std::string& series) {
  const auto run = [](benchmark::State& state) {
    state.SkipWithError("not installed here");
  };
  benchmark::RegisterBenchmark((durable + "/" + series).c_str(), run)->Apply(for_writers);
}

// Registers a number that earlier runs lead to; 0 if none was made here. Iterated once: nothing
// is left to be measured.
void add_derived(const std::string& name, const std::string& unit,
                 const std::function<double(std::int64_t writers)>& number) {
  const auto run = [=](benchmark::State& state) {
    for (auto _ : state) benchmark::ClobberMemory();
    const double value = number(state.range(0));
    if (value == 0) return state.SkipWithError("not measured here");
    state.counters["items_per_second"] = value;
    state.SetLabel(unit);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->Apply(for_writers)->Iterations(1);
}

template <typename Keeper>
void add(const std::string& series) {
  add(series, [](unsigned writers) { return std::make_unique<Keeper>(writers); });
}

const bool registered = [] {
  const std::string ours = "journal";
  std::vector<std::string> peers = {"SQLite, one connection", "SQLite, one for each"};
  add<JournalKeeper>(ours);
  add<SqliteUnderALock>(peers[0]);
  add<SqliteForEach>(peers[1]);
#if COURSE_HAS_ROCKSDB
  add<RocksDbKeeper>("RocksDB");
#else
  add_missing("RocksDB");
#endif
#if COURSE_HAS_LEVELDB
  add<LevelDbKeeper>("LevelDB");
#else
  add_missing("LevelDB");
#endif
  peers.insert(peers.end(), {"RocksDB", "LevelDB"});

  add_derived(durable + ", beside the best peer/" + ours, "times the best peer",
              [=](std::int64_t writers) {
                const auto one = totals().find({ours, writers});
                double best = 0;
                for (const std::string& peer : peers) {
                  const auto other = totals().find({peer, writers});
                  if (other != totals().end())
                    best = std::max(best, other->second.rate());
                }
                return one == totals().end() || best == 0 ? 0 : one->second.rate() / best;
              });
  std::vector<std::string> all = peers;
  all.insert(all.begin(), ours);
  for (const std::string& series : all) {
    add_derived(durable + ": syncs/" + series, "syncs per 1,000 commands",
                [=](std::int64_t writers) {
                  const auto run = totals().find({series, writers});
                  return run == totals().end()
                             ? 0
                             : 1e3 * run->second.syncs / run->second.commands;
                });
  }
  return true;
}();

}  // namespace
