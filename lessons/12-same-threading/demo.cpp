// Lesson 12's experiments: one for each claim about systems of single-threaded shards.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../../solutions/12-same-threading/core_mesh.hpp"
#include "../02-shared-state/shared_state.hpp"
#include "course/atomic_counts.hpp"
#include "course/busywork.hpp"
#include "interleave/interleave.hpp"
#include "pair_ring.hpp"
#include "pinning.hpp"
#include "same_threading.hpp"
#include "shard_of.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

// The middle one of several runs.
template <typename Run>
double typical(Run run) {
  std::array<double, 5> all{};
  for (double& one : all) one = run();
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

// Random numbers that are the same in each run.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(2 * seed + 1) {}

  // From 0 up to, and without, `end`.
  std::size_t below(std::size_t end) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>((state_ >> 33) % end);
  }

 private:
  std::uint64_t state_;
};

// As many shards as there are cores; two where there is one, which then take turns.
std::size_t some_shards() { return std::max(2u, course::usable_cores()); }

void say_where_shards_run(course::Table& table, std::size_t shards) {
  const SameThreading<int> system(shards);
  std::string words = "  " + std::to_string(shards) + " shards, " +
                      std::to_string(system.pinned()) +
                      " of them pinned to a core of its own.";
  if (course::usable_cores() < 2) {
    words +=
        "\n  One core here: shards take turns, and what a second core gains or costs " +
        std::string("cannot be shown.");
  }
  table.verbatim(words);
}

// Runs work(0), work(1), … on a thread each, pinned where that is allowed; they begin together.
// Returns the seconds from the first that begins to the last that ends.
template <typename Work>
double seconds_together(std::size_t threads, Work work) {
  const std::vector<unsigned> cores = cores_allowed();
  std::latch ready(static_cast<std::ptrdiff_t>(threads));
  std::vector<Clock::time_point> began(threads);
  {
    std::vector<std::jthread> all;
    for (std::size_t self = 0; self < threads; ++self) {
      all.emplace_back([&, self] {
        if (!cores.empty()) static_cast<void>(pin_to(cores[self % cores.size()]));
        ready.arrive_and_wait();
        began[self] = Clock::now();
        work(self);
      });
    }
  }
  return seconds_since(*std::min_element(began.begin(), began.end()));
}

// --- S1: N single-threaded systems, one per core ------------------------------------------

constexpr std::size_t items_a_thread = 500;

// Lesson 2's totals, without the lock: one thread has them.
class Totals {
 public:
  void add(const std::string& item, std::int64_t amount) { totals_[item] += amount; }
  [[nodiscard]] std::int64_t sum() const {
    std::int64_t sum = 0;
    for (const auto& entry : totals_) sum += entry.second;
    return sum;
  }

 private:
  std::map<std::string, std::int64_t> totals_;
};

using Items = std::vector<std::string>;

// The items of each of `shards` shards, as many for each.
std::vector<Items> items_of_shards(std::size_t shards) {
  std::vector<Items> all(shards);
  for (std::size_t full = 0, number = 0; full < shards; ++number) {
    std::string item = "item " + std::to_string(number);
    Items& items = all[shard_by_jump(item, shards)];
    if (items.size() == items_a_thread) continue;
    items.push_back(std::move(item));
    full += items.size() == items_a_thread ? 1 : 0;
  }
  return all;
}

// The jobs of one thread: each adds 1 to an item, in `own` of 100 cases one of its own shard.
class Jobs {
 public:
  Jobs(const std::vector<Items>& items, std::size_t self, int own)
      : items_(items), self_(self), own_(own), random_(self) {}

  struct Job {
    std::size_t shard;
    const std::string* item;
  };
  Job next() {
    std::size_t shard = self_;
    if (items_.size() > 1 && random_.below(100) >= static_cast<std::size_t>(own_)) {
      shard = (self_ + 1 + random_.below(items_.size() - 1)) % items_.size();
    }
    return {shard, &items_[shard][random_.below(items_[shard].size())]};
  }

 private:
  const std::vector<Items>& items_;
  std::size_t self_;
  int own_;
  Random random_;
};

int jobs_of_a_thread() { return course::quick() ? 1'000 : 200'000; }

// Jobs per second of `threads` threads with lesson 2's table.
double shared_speed(std::size_t threads, int own) {
  const std::vector<Items> items = items_of_shards(threads);
  SharedTotals totals;
  const double seconds = seconds_together(threads, [&](std::size_t self) {
    Jobs jobs(items, self, own);
    for (int i = 0; i < jobs_of_a_thread(); ++i) totals.add(*jobs.next().item, 1);
  });
  std::int64_t sum = 0;
  for (const Items& some : items) {
    for (const std::string& item : some) sum += totals.total(item);
  }
  const auto jobs = static_cast<std::int64_t>(threads) * jobs_of_a_thread();
  expect(sum == jobs, "a job was lost");
  return static_cast<double>(jobs) / seconds;
}

// Does some jobs, posts what belongs to others, and posts itself for the rest, so that the
// shard serves others in between.
void do_jobs(SameThreading<Totals>& system, std::size_t self, Totals& own, Jobs& jobs,
             int left, std::latch& done) {
  for (int i = 0; i < 100; ++i) {
    const Jobs::Job job = jobs.next();
    if (job.shard == self) {
      own.add(*job.item, 1);
    } else {
      system.post(job.shard, [item = job.item](Totals& totals) { totals.add(*item, 1); });
    }
  }
  if (left == 100) return done.count_down();
  system.post(self, [&system, self, &jobs, left, &done](Totals& totals) {
    do_jobs(system, self, totals, jobs, left - 100, done);
  });
}

// Jobs per second of the reference, with as many shards as threads.
double shards_speed(std::size_t shards, int own) {
  const std::vector<Items> items = items_of_shards(shards);
  std::vector<Jobs> jobs;
  for (std::size_t self = 0; self < shards; ++self) jobs.emplace_back(items, self, own);
  SameThreading<Totals> system(shards);
  std::latch done(static_cast<std::ptrdiff_t>(shards));
  const auto start = Clock::now();
  for (std::size_t self = 0; self < shards; ++self) {
    system.post(self, [&, self](Totals& totals) {
      do_jobs(system, self, totals, jobs[self], jobs_of_a_thread(), done);
    });
  }
  done.wait();
  std::int64_t sum = 0;
  for (std::size_t self = 0; self < shards; ++self) {
    sum += system.ask(self, [](Totals& totals) { return totals.sum(); }).get();
  }
  const double seconds = seconds_since(start);
  const auto all = static_cast<std::int64_t>(shards) * jobs_of_a_thread();
  expect(sum == all, "a job was lost");
  return static_cast<double>(all) / seconds;
}

// A job on its way to another core, and back.
class Asked final : public Call {
 public:
  void serve() noexcept override { totals->add(*item, 1); }
  void answered() noexcept override { free->push_back(this); }

  Totals* totals = nullptr;  // the other core's
  const std::string* item = nullptr;
  std::vector<Asked*>* free = nullptr;  // its home's
};

// Jobs per second of exercise 12.2's mesh, as the course solves it.
double mesh_speed(std::size_t shards, int own) {
  constexpr std::size_t kLimit = 64;
  const std::vector<Items> items = items_of_shards(shards);
  CoreMesh mesh(shards, kLimit);
  std::vector<std::unique_ptr<Totals>> totals;
  for (std::size_t self = 0; self < shards; ++self) {
    totals.push_back(std::make_unique<Totals>());
  }
  const double seconds = seconds_together(shards, [&](std::size_t self) {
    std::vector<Asked> calls(kLimit);
    std::vector<Asked*> free;
    for (Asked& call : calls) free.push_back(&call);
    Jobs jobs(items, self, own);
    for (int i = 0; i < jobs_of_a_thread(); ++i) {
      const Jobs::Job job = jobs.next();
      if (job.shard == self) {
        totals[self]->add(*job.item, 1);
      } else {
        mesh.serve_until(self, [&] { return !free.empty(); });
        Asked& call = *free.back();
        free.pop_back();
        call.totals = totals[job.shard].get();
        call.item = job.item;
        call.free = &free;
        expect(mesh.submit_to(self, job.shard, call), "the mesh refused a call");
      }
      if (i % 16 == 0) mesh.poll(self);
    }
    mesh.leave(self);
  });
  std::int64_t sum = 0;
  for (const auto& one : totals) sum += one->sum();
  const auto all = static_cast<std::int64_t>(shards) * jobs_of_a_thread();
  expect(sum == all, "a job was lost");
  return static_cast<double>(all) / seconds;
}

MEASURED("S1", "One shared table, and a system for each core: jobs per second", table) {
  course::count_owners_atomically();
  table.columns(
      {"threads", "one table", "shards", "shards / table", "shards / one shard"});
  double single = 0;
  for (std::size_t threads = 1; threads <= some_shards(); threads *= 2) {
    const double shared = typical([&] { return shared_speed(threads, 100); });
    const double shards = typical([&] { return shards_speed(threads, 100); });
    if (threads == 1) single = shards;
    table.row({std::to_string(threads), course::number(shared), course::number(shards),
               course::number(shards / shared), course::number(shards / single)});
  }
  say_where_shards_run(table, some_shards());
  table.look_at(
      "the last two columns: each shard adds its own speed, the table is one for all");
}

MEASURED("S1b", "The same by the share of keys that are a thread's own", table) {
  course::count_owners_atomically();
  const std::size_t threads = some_shards();
  table.columns({"own keys", "one table", "shards, posts", "shards, rings",
                 "posts / table", "rings / table"});
  for (const int own : {100, 99, 90, 50, 0}) {
    const double shared = typical([&] { return shared_speed(threads, own); });
    const double posts = typical([&] { return shards_speed(threads, own); });
    const double rings = typical([&] { return mesh_speed(threads, own); });
    table.row({std::to_string(own) + " %", course::number(shared), course::number(posts),
               course::number(rings), course::number(posts / shared),
               course::number(rings / shared)});
  }
  say_where_shards_run(table, threads);
  table.look_at(
      "the rows where a ratio is below 1: there the messages cost more than the lock");
}

// --- S2: no memory that two threads touch --------------------------------------------------

// How many results there are, and which.
std::string which_of(const interleave::Outcomes& outcomes) {
  std::string which;
  for (const auto& entry : outcomes.seen)
    which += (which.empty() ? "" : " or ") + entry.first;
  return which;
}

std::string everything(const interleave::Outcomes& outcomes) {
  return outcomes.exhaustive ? "yes" : "not shown";
}

interleave::Options thoroughly() {
  interleave::Options options;
  options.schedules = course::quick() ? 500 : 20'000;
  options.seconds = 8;
  return options;
}

//> region touched
// A shard's memory: it notes the threads that touch it, from the one that builds it to the one
// that destroys it. There is no lock.
struct Touched {
  Touched() { touch(); }
  ~Touched() {
    touch();
    if (report != nullptr) *report = by.size();
  }
  void touch() { by.insert(std::this_thread::get_id()); }

  std::set<std::thread::id> by;
  std::size_t* report = nullptr;  // where it says at its end how many they were
};
//<

// Two requests to each of two shards, from two threads.
std::string touched_in_shards() {
  const auto threads = std::make_unique<std::size_t[]>(2);
  {
    SameThreading<Touched> system(2);
    const auto visit_both = [&] {
      for (std::size_t shard = 0; shard < 2; ++shard) {
        system.post(shard, [report = &threads[shard]](Touched& memory) {
          memory.touch();
          memory.report = report;
        });
      }
    };
    std::jthread other(visit_both);
    visit_both();
  }
  return std::to_string(threads[0]) + " and " + std::to_string(threads[1]);
}

// The same memory for two threads, with a lock before it.
std::string touched_in_one_table() {
  const auto threads = std::make_unique<std::size_t>(0);
  {
    std::mutex mutex;
    const auto memory = std::make_unique<Touched>();
    memory->report = threads.get();
    const auto visit = [&] {
      const std::scoped_lock lock(mutex);
      memory->touch();
    };
    std::jthread one(visit);
    std::jthread two(visit);
  }
  return std::to_string(*threads);
}

EXPLORED("S2", "From the owner's first line to its last: the threads that touch a memory",
         table) {
  table.columns({"the memory of", "threads", "locks before it", "is that everything?"});
  const auto shards = interleave::outcomes(touched_in_shards, thoroughly());
  table.row({"each of two shards", which_of(shards), "none", everything(shards)});
  const auto one = interleave::outcomes(touched_in_one_table, thoroughly());
  table.row(
      {"one table, by two workers and its owner", which_of(one), "one", everything(one)});
  table.look_at(
      "the first row: one thread, and no lock. Had a second thread touched it in any of "
      "the schedules that were run, the explorer would have reported a race");
}

// --- Messages without locks: what stops two cores, and what leaves one asleep ----------------

enum class WhileFull { waits, serves };

// Two cores, a ring of one slot for each direction, and two messages each way.
std::string both_send(WhileFull rule) {
  struct Both {
    std::array<PairRing<const int>, 2> to{PairRing<const int>(1), PairRing<const int>(1)};
  };
  const auto rings = std::make_unique<Both>();
  const auto message = std::make_unique<int>(1);
  const auto core = [&](std::size_t self) {
    int received = 0;
    const auto serve = [&] { received += rings->to[self].try_pop() != nullptr ? 1 : 0; };
    for (int sent = 0; sent < 2;) {
      if (rings->to[1 - self].try_push(message.get())) {
        ++sent;
      } else if (rule == WhileFull::serves) {
        serve();
      }
    }
    while (received < 2) serve();
  };
  std::jthread other([&] { core(1); });
  core(0);
  other.join();
  return "both end";
}

EXPLORED("S2b", "Two cores send each other more than the rings hold", table) {
  table.columns({"a core whose ring is full", "what is reached", "is that everything?"});
  for (const WhileFull rule : {WhileFull::waits, WhileFull::serves}) {
    const auto found =
        interleave::outcomes([rule] { return both_send(rule); }, thoroughly());
    table.row({rule == WhileFull::waits ? "waits for room"
                                        : "serves what came, and looks again",
               which_of(found), everything(found)});
  }
  table.look_at(
      "the first row: each waits for the other to make room, and looks for ever");
}

// A core says that it sleeps and looks for a message; another sends one and looks for a
// sleeper. `fence` is between the two of each.
std::string woken(std::memory_order fence) {
  struct Both {
    std::atomic<int> asleep = 0;
    std::atomic<bool> message = false;
  };
  const auto both = std::make_unique<Both>();
  std::jthread core([&] {
    both->asleep.store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(fence);
    if (!both->message.load(std::memory_order_relaxed)) {
      both->asleep.wait(1, std::memory_order_relaxed);
    }
  });
  both->message.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(fence);
  if (both->asleep.load(std::memory_order_relaxed) == 1) {
    both->asleep.store(0, std::memory_order_relaxed);
    both->asleep.notify_one();
  }
  core.join();
  return "awake";
}

EXPLORED("S2c", "The doorbell: write one thing, fence, look at the other", table) {
  table.columns({"the two fences", "what is reached", "is that everything?"});
  struct Case {
    const char* name;
    std::memory_order order;
  };
  for (const Case& one : {Case{"none", std::memory_order_relaxed},
                          Case{"acquire and release", std::memory_order_acq_rel},
                          Case{"seq_cst", std::memory_order_seq_cst}}) {
    const auto found =
        interleave::outcomes([order = one.order] { return woken(order); }, thoroughly());
    table.row({one.name, which_of(found), everything(found)});
  }
  table.look_at(
      "the second row: the core sleeps beside its message, as in lesson 2's P5b");
}

// --- S4: key to shard --------------------------------------------------------------------------

constexpr std::size_t all_keys = 10'000;

// What share of the requests is for one key, in percent; `parts`: that key is kept in parts,
// one in each shard, and its requests go to them in turn.
std::vector<std::vector<std::size_t>> dealt(std::size_t shards, std::size_t requests,
                                            std::size_t hot, bool parts) {
  std::vector<std::vector<std::size_t>> keys(shards);
  Random random(7);
  for (std::size_t i = 0; i < requests; ++i) {
    const bool is_hot = random.below(100) < hot;
    const std::size_t key = is_hot ? 0 : 1 + random.below(all_keys - 1);
    const std::size_t shard = is_hot && parts ? i % shards : shard_by_jump(key, shards);
    keys[shard].push_back(key);
  }
  return keys;
}

using Counts = std::map<std::size_t, std::uint64_t>;

// Requests per second, each some work and a change in its shard's memory.
double served_per_second(const std::vector<std::vector<std::size_t>>& keys) {
  SameThreading<Counts> system(keys.size());
  std::vector<std::future<std::size_t>> all;
  const auto start = Clock::now();
  for (std::size_t shard = 0; shard < keys.size(); ++shard) {
    all.push_back(system.ask(shard, [&some = keys[shard]](Counts& counts) {
      for (const std::size_t key : some) {
        counts[key] += course::busywork(key + 1, 500) != 0 ? 1 : 0;
      }
      return some.size();
    }));
  }
  std::size_t served = 0;
  for (auto& one : all) served += one.get();
  return static_cast<double>(served) / seconds_since(start);
}

MEASURED("S4", "What one key costs that gets a large share of all requests", table) {
  course::count_owners_atomically();
  const std::size_t shards = some_shards();
  const std::size_t requests = course::quick() ? 1'000 : 200'000;
  const double single =
      typical([&] { return served_per_second(dealt(1, requests, 0, false)); });
  table.columns(
      {"one key gets", "busiest shard has", "requests/s", "times one shard", "at best"});
  struct Case {
    const char* name;
    std::size_t hot;
    bool parts;
  };
  for (const Case& one :
       {Case{"no more than others", 0, false}, Case{"half of all", 50, false},
        Case{"nine of ten", 90, false}, Case{"half, kept in parts", 50, true}}) {
    const auto keys = dealt(shards, requests, one.hot, one.parts);
    std::size_t most = 0;
    for (const auto& some : keys) most = std::max(most, some.size());
    const double busiest = static_cast<double>(most) / static_cast<double>(requests);
    const double speed = typical([&] { return served_per_second(keys); });
    const double cores = course::usable_cores();
    table.row({one.name, course::number(100 * busiest) + " %", course::number(speed),
               course::number(speed / single),
               course::number(std::min(cores, 1 / busiest))});
  }
  say_where_shards_run(table, shards);
  table.look_at(
      "the last two columns: the busiest shard works, the others wait for requests that "
      "are not theirs");
}

MEASURED("S4b", "A shard is added: how many of 100,000 keys get another owner", table) {
  constexpr std::size_t kKeys = 100'000;
  table.columns({"shards", "by the remainder", "by the jump", "1 / shards after"});
  for (const std::size_t before : {1u, 2u, 4u, 8u, 16u}) {
    std::size_t by_remainder = 0;
    std::size_t by_jump = 0;
    for (std::size_t key = 0; key < kKeys; ++key) {
      by_remainder +=
          shard_by_remainder(key, before) != shard_by_remainder(key, before + 1);
      by_jump += shard_by_jump(key, before) != shard_by_jump(key, before + 1);
    }
    const auto share = [](std::size_t keys) {
      return course::number(100.0 * static_cast<double>(keys) / kKeys) + " %";
    };
    table.row({std::to_string(before) + " to " + std::to_string(before + 1),
               share(by_remainder), share(by_jump),
               course::number(100.0 / static_cast<double>(before + 1)) + " %"});
  }
  table.look_at(
      "the columns in the middle: by the remainder, adding a shard moves nearly all");
}

enum class Move { owner_first, value_first, old_owner_forwards };

// Key 0 and its value, 7, move from shard 0 to shard 1 while another thread asks for it.
std::string seen_while_moving(Move move) {
  using Memory = std::optional<int>;  // the value of the one key
  struct Common {
    std::atomic<std::size_t> owner = 0;
    std::promise<std::string> seen;
  };
  const auto common = std::make_unique<Common>();
  SameThreading<Memory> system(2);
  system.post(0, [](Memory& value) { value = 7; });
  std::future<std::string> seen = common->seen.get_future();
  const auto tell = [&](const Memory& value) {
    common->seen.set_value(value ? std::to_string(*value) : "nothing");
  };
  std::jthread reader([&] {
    system.post(common->owner, [&, move](Memory& value) {
      // What it no longer has, its old owner hands on, behind the value that it sent there.
      if (move == Move::old_owner_forwards && !value) {
        system.post(1, [&](Memory& moved) { tell(moved); });
      } else {
        tell(value);
      }
    });
  });
  const auto send_value = [&system](Memory& value) {
    system.post(1, [sent = *value](Memory& there) { there = sent; });
    value.reset();
  };
  if (move == Move::owner_first) common->owner = 1;
  system.ask(0, send_value).get();
  common->owner = 1;
  return seen.get();
}

EXPLORED("S4c", "A key moves to another shard, and a request comes meanwhile", table) {
  table.columns({"how it moves", "what the request sees", "is that everything?"});
  struct Case {
    const char* name;
    Move move;
  };
  for (const Case& one :
       {Case{"first the owner's name, then the value", Move::owner_first},
        Case{"first the value, then the owner's name", Move::value_first},
        Case{"the old owner hands on what it no longer has", Move::old_owner_forwards}}) {
    const auto found = interleave::outcomes(
        [move = one.move] { return seen_while_moving(move); }, thoroughly());
    table.row({one.name, which_of(found), everything(found)});
  }
  table.look_at(
      "the last row: an inbox keeps its order, and what is handed on comes second");
}

// --- A9: what a core keeps in its cache ----------------------------------------------------------

struct Entry {
  alignas(64) std::atomic<std::uint64_t> value = 0;
};

// Nanoseconds that a change takes on each of `threads` cores: of entries that are its thread's
// own, or of any. The instructions are the same: a load and a store. Where threads share
// entries a change may be lost; it is the time that is looked at.
double ns_a_change(std::size_t entries, std::size_t threads, bool own) {
  const std::size_t changes = course::quick() ? 1'000 : 1'000'000;
  std::vector<Entry> table(entries);
  const std::size_t share = entries / threads;
  const auto change_some = [&](std::size_t self, std::size_t times) {
    Random random(self);
    const std::size_t begin = own ? self * share : 0;
    const std::size_t count = own ? share : share * threads;
    for (std::size_t i = 0; i < times; ++i) {
      std::atomic<std::uint64_t>& value = table[begin + random.below(count)].value;
      value.store(value.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  };
  // Once before, so that all is in a cache that fits into one.
  std::atomic<std::uint64_t> nanoseconds = 0;
  seconds_together(threads, [&](std::size_t self) {
    change_some(self, std::min(changes, entries));
    const auto start = Clock::now();
    change_some(self, changes);
    nanoseconds.fetch_add(static_cast<std::uint64_t>(1e9 * seconds_since(start)));
  });
  return static_cast<double>(nanoseconds) / static_cast<double>(changes * threads);
}

MEASURED("A9", "Keys that stay with their core, and keys that any core changes", table) {
  const std::size_t threads = some_shards();
  table.columns(
      {"table", "own keys: ns a change", "any key: ns a change", "times as long"});
  for (const std::size_t kib : {16u, 256u, 1024u, 4096u, 16384u}) {
    const std::size_t entries = kib * 1024 / sizeof(Entry);
    const double own = typical([&] { return ns_a_change(entries, threads, true); });
    const double any = typical([&] { return ns_a_change(entries, threads, false); });
    table.row({std::to_string(kib) + " KiB", course::number(own), course::number(any),
               course::number(any / own)});
  }
  say_where_shards_run(table, threads);
  table.look_at(
      "the last column: no lock in either, only lines that the other core has written");
}

}  // namespace
