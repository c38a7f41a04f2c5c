// Lesson 4's experiments: one for each claim about workers that keep nothing.
#include "course/demo.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../../solutions/04-stateless-workers/optimistic_update.hpp"
#include "../../solutions/04-stateless-workers/sqlite_store.hpp"
#include "cut_store.hpp"
#include "memory_store.hpp"
#include "stateless_workers.hpp"
#include "temporary_folder.hpp"

#if __has_include(<hiredis/hiredis.h>)
#include "redis_server.hpp"
#include "redis_store.hpp"
#endif

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// --- The stores -----------------------------------------------------------------------

// A Redis server for as long as the demo runs, or why there is none.
class Redis {
 public:
  Redis() {
#if __has_include(<hiredis/hiredis.h>)
    if (RedisServer::is_installed()) {
      server_ = std::make_unique<RedisServer>();
    } else {
      missing_ = "not here: redis-server is not installed";
    }
#else
    missing_ = "not here: built without hiredis";
#endif
  }

  // Empty if there is one.
  [[nodiscard]] const std::string& missing() const { return missing_; }

  [[nodiscard]] std::unique_ptr<Store> store() const {
#if __has_include(<hiredis/hiredis.h>)
    if (server_ != nullptr) return std::make_unique<RedisStore>(server_->port());
#endif
    return nullptr;
  }

 private:
#if __has_include(<hiredis/hiredis.h>)
  std::unique_ptr<RedisServer> server_;
#endif
  std::string missing_;
};

// A store with a name; or only the name, and why the store is not here.
struct Place {
  std::string name;
  std::unique_ptr<Store> store;
  std::string missing = {};
};

std::vector<Place> all_places(const TemporaryFolder& folder, const Redis& redis) {
  std::vector<Place> places;
  places.push_back({"shared memory", std::make_unique<MemoryStore>()});
  places.push_back(
      {"SQLite, a file", std::make_unique<SqliteStore>(folder.file("state.db"))});
  places.push_back({"Redis, a server", redis.store(), redis.missing()});
  return places;
}

// Says why in the first cell after the name; the others stay empty.
void missing_row(course::Table& table, const Place& place, std::size_t cells) {
  std::vector<std::string> row(cells, "-");
  row[0] = place.name + " (" + place.missing + ")";
  table.row(row);
}

// --- The jobs -------------------------------------------------------------------------

// Adds an amount to one of a number of accounts.
struct Payment {
  std::string account;
  std::int64_t amount;
};

std::string paid(const std::string& balance, std::int64_t amount) {
  return std::to_string((balance.empty() ? 0 : std::stoll(balance)) + amount);
}

// A stream of payments that is the same each time.
std::vector<Payment> stream_of(int payments, int accounts) {
  std::vector<Payment> stream;
  std::uint64_t random = 1;
  for (int i = 0; i < payments; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const auto account = (random >> 33) % static_cast<std::uint64_t>(accounts);
    stream.push_back({"account " + std::to_string(account), i % 100});
  }
  return stream;
}

std::int64_t sum_of(const std::vector<Payment>& stream) {
  std::int64_t sum = 0;
  for (const Payment& payment : stream) sum += payment.amount;
  return sum;
}

std::int64_t sum_in(Store& store, int accounts) {
  const auto session = store.connect();
  std::int64_t sum = 0;
  for (int account = 0; account < accounts; ++account) {
    const std::string balance = session->read("account " + std::to_string(account)).value;
    if (!balance.empty()) sum += std::stoll(balance);
  }
  return sum;
}

void must_be(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

// --- P11: the same worker over three stores -------------------------------------------

// Hands the stream to workers of one generation; returns their conflicts.
std::uint64_t pay_all(Store& store, const std::vector<Payment>& stream, unsigned count) {
  StatelessWorkers workers(store, count);
  std::vector<std::future<Versioned>> written;
  for (const Payment& payment : stream) {
    written.push_back(workers.submit(payment.account,
                                     [amount = payment.amount](const std::string& value) {
                                       return paid(value, amount);
                                     }));
  }
  for (auto& future : written) future.get();
  return workers.conflicts();
}

MEASURED("P11", "The same workers, which keep nothing, over three stores", table) {
  const TemporaryFolder folder;
  const Redis redis;
  constexpr int kAccounts = 4;
  const auto stream = stream_of(course::quick() ? 200 : 10'000, kAccounts);
  table.columns(
      {"the state is in", "jobs done", "started over", "paid in", "found there"});
  for (const Place& place : all_places(folder, redis)) {
    if (place.store == nullptr) {
      missing_row(table, place, 5);
      continue;
    }
    // Two generations: what the second knows, it can only know from the store.
    const auto middle = stream.begin() + static_cast<std::ptrdiff_t>(stream.size() / 2);
    const std::uint64_t conflicts = pay_all(*place.store, {stream.begin(), middle}, 2) +
                                    pay_all(*place.store, {middle, stream.end()}, 3);
    const std::int64_t found = sum_in(*place.store, kAccounts);
    must_be(found == sum_of(stream), place.name + " lost a payment");
    table.row({place.name, course::count(static_cast<std::int64_t>(stream.size())),
               course::count(static_cast<std::int64_t>(conflicts)),
               course::count(sum_of(stream)), course::count(found)});
  }
  table.look_at(
      "the last two columns: two workers did the first half of the jobs and were ended, "
      "three others did the rest, and nothing is missing");
}

// --- P11b: the answer is lost ---------------------------------------------------------

//> region with_a_key
// The balance, and the number of the last payment that is in it: "4950 100". A payment whose
// number is there already is declined.
std::optional<std::string> paid_once(const std::string& value, const Payment& payment,
                                     std::size_t number) {
  std::istringstream words(value);
  std::int64_t balance = 0;
  std::size_t last = 0;
  words >> balance >> last;
  if (number <= last) return std::nullopt;
  return std::to_string(balance + payment.amount) + ' ' + std::to_string(number);
}
//<

// Makes one update until an answer arrives; returns how many were lost on the way.
template <typename Change>
int insist(Session& session, const std::string& account, Change change) {
  for (int lost = 0;; ++lost) {
    try {
      optimistic_update(session, account, change);
      return lost;
    } catch (const StoreError&) {
    }
  }
}

MEASURED("P11b",
         "The connection is cut after the write was done: one answer in ten is lost",
         table) {
  const TemporaryFolder folder;
  const Redis redis;
  const auto stream = stream_of(course::quick() ? 200 : 10'000, 1);
  table.columns({"the state is in", "answers lost", "paid in", "found, sent again",
                 "found, with a key"});
  for (const Place& place : all_places(folder, redis)) {
    if (place.store == nullptr) {
      missing_row(table, place, 5);
      continue;
    }
    CutStore cut(*place.store, 10);
    const auto again = cut.connect();
    const auto once = cut.connect();
    int lost = 0;
    for (std::size_t i = 0; i < stream.size(); ++i) {
      lost += insist(*again, "again", [&](const std::string& value) {
        return std::optional(paid(value, stream[i].amount));
      });
      insist(*once, "once", [&](const std::string& value) {
        return paid_once(value, stream[i], i + 1);
      });
    }
    const auto found = [&](const char* account) {
      return std::stoll(place.store->connect()->read(account).value);
    };
    must_be(found("once") == sum_of(stream), "a payment with a key is not there once");
    table.row({place.name, course::count(lost), course::count(sum_of(stream)),
               course::count(found("again")), course::count(found("once"))});
  }
  table.look_at(
      "the last two columns: a payment whose answer was lost is made twice, unless the "
      "store can be asked whether it is there already");
}

// --- P12 and A8: what keeping nothing costs -------------------------------------------

// How long one try takes, and how many there are.
double enough_seconds() { return course::quick() ? 0.01 : 0.2; }
int tries() { return course::quick() ? 1 : 5; }

struct Speed {
  std::uint64_t jobs = 0;
  double seconds = 0;
  std::uint64_t conflicts = 0;

  [[nodiscard]] double jobs_per_second() const {
    return static_cast<double>(jobs) / seconds;
  }
  [[nodiscard]] double conflicts_per_thousand() const {
    return 1000 * static_cast<double>(conflicts) / static_cast<double>(jobs);
  }
};

// Has `workers` threads go through the stream, from its start again at its end, until
// enough time has passed. `make_worker(n)` gives what worker n does with a payment: true if
// it was its to do.
template <typename MakeWorker>
Speed speed_of(const std::vector<Payment>& stream, unsigned workers,
               MakeWorker make_worker) {
  std::vector<std::uint64_t> done(workers);
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&, worker] {
        auto do_job = make_worker(worker);
        std::uint64_t jobs = 0;
        for (std::size_t next = 0;
             next % 16 != 0 || seconds_since(start) < enough_seconds(); ++next) {
          jobs += do_job(next, stream[next % stream.size()]);
        }
        done[worker] = jobs;
      });
    }
  }
  Speed speed;
  speed.seconds = seconds_since(start);
  for (const std::uint64_t jobs : done) speed.jobs += jobs;
  return speed;
}

// The fastest try: whatever else runs on the machine can only make one slower.
template <typename Try>
Speed fastest(Try one_try) {
  Speed best = one_try();
  for (int i = 1; i < tries(); ++i) {
    const Speed speed = one_try();
    if (speed.jobs_per_second() > best.jobs_per_second()) best = speed;
  }
  return best;
}

// Each worker keeps the balances of its share of the accounts, and nobody else needs them.
Speed speed_with_own_state(const std::vector<Payment>& stream, unsigned workers) {
  return speed_of(stream, workers, [workers](unsigned worker) {
    return [worker, workers, balances = std::unordered_map<std::string, std::string>{}](
               std::size_t, const Payment& payment) mutable -> std::uint64_t {
      if (std::hash<std::string>{}(payment.account) % workers != worker) return 0;
      std::string& balance = balances[payment.account];
      balance = paid(balance, payment.amount);
      return 1;
    };
  });
}

// A worker's counter, on a cache line of its own.
struct alignas(64) Counter {
  std::uint64_t value = 0;
};

// Each worker does every so-manieth job, whatever the account, and reads it each time.
Speed speed_over(Store& store, const std::vector<Payment>& stream, unsigned workers) {
  std::vector<Counter> conflicts(workers);
  Speed speed = speed_of(stream, workers, [&](unsigned worker) {
    return [&conflicts = conflicts[worker].value, worker, workers,
            session = store.connect()](std::size_t number,
                                       const Payment& payment) -> std::uint64_t {
      if (number % workers != worker) return 0;
      conflicts += optimistic_update(
                       *session, payment.account,
                       [&](const std::string& balance) -> std::optional<std::string> {
                         return paid(balance, payment.amount);
                       })
                       .conflicts;
      return 1;
    };
  });
  for (const Counter& some : conflicts) speed.conflicts += some.value;
  return speed;
}

MEASURED("P12", "Reading the state for each job is slow: one worker, in the last row two",
         table) {
  const TemporaryFolder folder;
  const Redis redis;
  const auto stream = stream_of(1000, 100);
  std::vector<Place> places = all_places(folder, redis);
  places.insert(places.begin() + 2, {"SQLite, flushed to the disk",
                                     std::make_unique<SqliteStore>(
                                         folder.file("flushed.db"),
                                         std::chrono::seconds(5), Durability::kPower)});
  table.columns({"the state is in", "jobs/s", "us a job", "times as long"});
  const double own =
      fastest([&] { return speed_with_own_state(stream, 1); }).jobs_per_second();
  table.row({"the worker itself", course::number(own), course::number(1e6 / own), "1"});
  const auto add_row = [&](const Place& place, const std::string& name,
                           unsigned workers) {
    if (place.store == nullptr) return missing_row(table, place, 4);
    const double speed = fastest([&] {
                           return speed_over(*place.store, stream, workers);
                         }).jobs_per_second();
    table.row({name, course::number(speed), course::number(1e6 / speed),
               course::number(own / speed)});
  };
  for (const Place& place : places) add_row(place, place.name, 1);
  const Place& server = places.back();
  add_row(server, server.name + ", two workers", 2);
  table.look_at("the last column: the job is the same, the way to the state is not");
}

MEASURED("A8",
         "A stateful worker is faster than a stateless one: all cores, the same jobs",
         table) {
  const TemporaryFolder folder;
  const Redis redis;
  const unsigned workers = std::max(2u, course::usable_cores());
  const auto many = stream_of(1000, 100);
  const auto one = stream_of(1000, 1);
  table.columns({"the state is in", "100 accounts: jobs/s", "conflicts per 1,000",
                 "1 account: jobs/s", "conflicts per 1,000"});
  const auto own = [workers](const std::vector<Payment>& stream) {
    return fastest([&] { return speed_with_own_state(stream, workers); })
        .jobs_per_second();
  };
  table.row({"the workers themselves", course::number(own(many)), "0",
             course::number(own(one)), "0"});
  for (const Place& place : all_places(folder, redis)) {
    if (place.store == nullptr) {
      missing_row(table, place, 5);
      continue;
    }
    const Speed spread = fastest([&] { return speed_over(*place.store, many, workers); });
    const Speed crowded = fastest([&] { return speed_over(*place.store, one, workers); });
    table.row({place.name, course::number(spread.jobs_per_second()),
               course::number(spread.conflicts_per_thousand()),
               course::number(crowded.jobs_per_second()),
               course::number(crowded.conflicts_per_thousand())});
  }
  table.verbatim("  " + std::to_string(workers) + " workers.");
  table.look_at(
      "the columns of conflicts: workers that own their accounts have none, and a "
      "conflict "
      "is a job that was done for nothing");
}

}  // namespace
