// Lesson 3's experiments: one for each claim about persistent structures.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <version>

#include "atomic_root.hpp"
#include "interleave/interleave.hpp"
#include "persistent_structures.hpp"

namespace {

// What the calling thread has allocated so far: see operator new below.
struct Allocated {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};
thread_local Allocated allocated;

}  // namespace

// Counts, for P10. Not inlined: seeing malloc in one and free in the other, g++ would warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocated.blocks;
  allocated.bytes += size;
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

PersistentVector<int> persistent_of(int size) {
  PersistentVector<int> vector;
  for (int value = 0; value < size; ++value) vector = vector.push_back(value);
  return vector;
}

// --- P9: what a reader sees while a writer makes the next version ---------------------

std::string seen(int first, int second) {
  const auto age = [](int value) { return value == 0 ? "old" : "new"; };
  return std::string("first ") + age(first) + ", second " + age(second);
}

// The writer changes both elements. The reader looks at one, then at the other.
std::string a_lock_for_each_look() {
  std::mutex mutex;
  std::vector<int> shared = {0, 0};
  std::jthread writer([&] {
    const std::scoped_lock lock(mutex);
    shared = {1, 1};
  });
  const auto look_at = [&](std::size_t index) {
    const std::scoped_lock lock(mutex);
    return shared[index];
  };
  const int first = look_at(0);
  return seen(first, look_at(1));
}

std::string one_lock_for_both() {
  std::mutex mutex;
  std::vector<int> shared = {0, 0};
  std::jthread writer([&] {
    const std::scoped_lock lock(mutex);
    shared = {1, 1};
  });
  const std::scoped_lock lock(mutex);
  return seen(shared[0], shared[1]);
}

using Root = AtomicRoot<PersistentVector<int>>;

std::shared_ptr<const PersistentVector<int>> version(PersistentVector<int> vector) {
  return std::make_shared<const PersistentVector<int>>(std::move(vector));
}

std::string one_version_for_both() {
  Root root(version(PersistentVector<int>().push_back(0).push_back(0)));
  std::jthread writer([&] { root.store(version(root.load()->set(0, 1).set(1, 1))); });
  const auto mine = root.load();
  return seen((*mine)[0], (*mine)[1]);
}

EXPLORED("P9", "A reader looks at two elements while a writer changes both", table) {
  interleave::Options options;
  options.schedules = course::quick() ? 300 : 20'000;
  const std::array<std::string (*)(), 3> bodies = {
      a_lock_for_each_look, one_lock_for_both, one_version_for_both};
  std::map<std::string, std::array<bool, 3>> reached;
  std::uint64_t schedules = 0;
  for (std::size_t body = 0; body < bodies.size(); ++body) {
    const auto outcomes = interleave::outcomes(bodies[body], options);
    for (const auto& [outcome, count] : outcomes.seen) reached[outcome][body] = true;
    schedules += outcomes.schedules;
  }
  table.columns({"what the reader saw", "a lock for each look", "one lock for both",
                 "one version, no lock"});
  const auto word = [](bool is_reached) { return is_reached ? "reached" : "-"; };
  for (const auto& [outcome, by_body] : reached) {
    table.row({outcome, word(by_body[0]), word(by_body[1]), word(by_body[2])});
  }
  table.verbatim("  schedules: " + course::number(static_cast<double>(schedules)));
  table.look_at(
      "the row that only the first column reaches: half of a change. The last two "
      "columns "
      "are alike, but the last takes no lock: its reader keeps a version that no longer "
      "changes");
}

// --- L1: the library's own root -------------------------------------------------------

// One thread loads, the other stores. The root lies on the heap: clang++ 14 does not
// instrument the members of a local object, though another thread may reach them.
template <typename AnyRoot>
interleave::Result load_beside_store() {
  interleave::Options options;
  options.schedules = course::quick() ? 300 : 20'000;
  return interleave::find_failure(
      [] {
        const auto root = std::make_unique<AnyRoot>(std::make_shared<const int>(1));
        std::jthread reader([&] { interleave::check(*root->load() > 0); });
        root->store(std::make_shared<const int>(2));
      },
      options);
}

// The schedule alone: what comes after it says where the program lies on this machine.
std::string schedule_in(const std::string& picture) {
  return picture.substr(0, picture.find("\n  again, step by step"));
}

EXPLORED("L1", "One load beside one store, by this standard library and by the reference",
         table) {
  table.columns({"the root is", "the explorer finds", "how far it looked"});
  const auto row = [&](const char* root, const interleave::Result& result) {
    const std::string schedules = std::to_string(result.schedules);
    table.row({root, result.clean() ? "nothing" : result.kind,
               result.clean() ? result.coverage : schedules + " schedules"});
  };
#if __cpp_lib_atomic_shared_ptr
  const auto library = load_beside_store<std::atomic<std::shared_ptr<const int>>>();
  row("std::atomic<std::shared_ptr>", library);
  if (!library.clean()) table.verbatim(schedule_in(library.picture));
#else
  table.row({"std::atomic<std::shared_ptr>", "(this library has none)", "-"});
#endif
  row("AtomicRoot", load_beside_store<AtomicRoot<int>>());
  table.look_at(
      "the relaxed update that ends the load: the lock bit is given back by it, but "
      "nothing "
      "orders the load's plain read before the store's plain write");
}

// --- P9: readers that never wait ------------------------------------------------------

// What one structure gave its reader and its writer.
struct Latencies {
  std::vector<double> nanoseconds;  // of each read, sorted
  double changes_per_second = 0;

  [[nodiscard]] double at(double share) const {
    return nanoseconds[static_cast<std::size_t>(
        share * static_cast<double>(nanoseconds.size() - 1))];
  }
};

struct Workload {
  int elements;
  int changes;  // in one batch, which a reader must see as a whole or not at all
  int reads;
};

// Batch after batch on a thread of its own, while this thread reads now and then. Both sleep
// in between, so that they meet at any moment of a batch.
// `read` returns the difference between two elements that every batch makes equal.
Latencies measure(const Workload& load, const std::function<void(int)>& write_batch,
                  const std::function<int()>& read) {
  Latencies latencies;
  std::atomic<int> batches = 0;
  const Clock::time_point start = Clock::now();
  {
    std::jthread writer([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        write_batch(++batches);
        std::this_thread::sleep_for(std::chrono::microseconds(500));
      }
    });
    for (int count = 0; count < load.reads; ++count) {
      const Clock::time_point before = Clock::now();
      expect(read() == 0, "a reader saw half of a batch");
      latencies.nanoseconds.push_back(nanoseconds_since(before));
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  latencies.changes_per_second = 1e9 * batches * load.changes / nanoseconds_since(start);
  std::sort(latencies.nanoseconds.begin(), latencies.nanoseconds.end());
  return latencies;
}

// Each batch gives the same new value to elements that are spread over the structure; a
// read compares two of them.
std::size_t changed_element(const Workload& load, int change) {
  return static_cast<std::size_t>(change) * (static_cast<std::size_t>(load.elements) /
                                             static_cast<std::size_t>(load.changes));
}

Latencies behind_a_lock(const Workload& load) {
  std::mutex mutex;
  std::vector<int> shared(static_cast<std::size_t>(load.elements));
  return measure(
      load,
      [&](int batch) {
        const std::scoped_lock lock(mutex);
        for (int change = 0; change < load.changes; ++change) {
          shared[changed_element(load, change)] = batch;
        }
      },
      [&] {
        const std::scoped_lock lock(mutex);
        return shared[changed_element(load, load.changes - 1)] - shared[0];
      });
}

Latencies version_by_version(const Workload& load) {
  Root root(version(persistent_of(load.elements).set(0, 0)));
  PersistentVector<int> zeros = *root.load();
  for (int change = 0; change < load.changes; ++change) {
    zeros = zeros.set(changed_element(load, change), 0);
  }
  root.store(version(std::move(zeros)));
  return measure(
      load,
      [&](int batch) {
        PersistentVector<int> next = *root.load();
        for (int change = 0; change < load.changes; ++change) {
          next = next.set(changed_element(load, change), batch);
        }
        root.store(version(std::move(next)));
      },
      [&] {
        const auto mine = root.load();
        return (*mine)[changed_element(load, load.changes - 1)] - (*mine)[0];
      });
}

MEASURED(
    "P9",
    "A reader beside a writer that changes every fifth of a million elements at once",
    table) {
  const Workload load = course::quick() ? Workload{10'000, 1'000, 20}
                                        : Workload{1'000'000, 200'000, 20'000};
  table.columns({"structure", "changes/s", "half of the reads take", "99 of 100 take",
                 "999 of 1000 take"});
  const auto microseconds = [](double nanoseconds) {
    return course::number(nanoseconds / 1000) + " us";
  };
  const auto row = [&](const char* structure, const Latencies& latencies) {
    table.row({structure, course::number(latencies.changes_per_second),
               microseconds(latencies.at(0.5)), microseconds(latencies.at(0.99)),
               microseconds(latencies.at(0.999))});
  };
  row("std::vector behind a lock", behind_a_lock(load));
  row("persistent vector, atomic root", version_by_version(load));
  table.look_at(
      "the last two columns: whoever comes while the lock is held waits for the "
      "rest of a batch; whoever takes a version waits for nobody. And at the first: the "
      "writer pays for it");
}

// --- P10: what it costs ---------------------------------------------------------------

struct Cost {
  double nanoseconds = 0;
  double blocks = 0;
  double bytes = 0;
};

// The cost of one call of `operation(index)`, over indices that jump about.
template <typename Operation>
Cost cost_of(int elements, Operation operation) {
  const double enough = course::quick() ? 1e4 : 2e8;
  const auto size = static_cast<std::size_t>(elements);
  const std::size_t step = 611'953 % size;
  const Allocated before = allocated;
  const Clock::time_point start = Clock::now();
  std::uint64_t count = 0;
  double elapsed = 0;
  // More calls between two looks at the clock each time, so that looking costs nothing.
  for (std::size_t index = 0, calls = 1; elapsed < enough; calls *= 2) {
    for (std::size_t call = 0; call < calls; ++call, ++count) {
      index += step;
      if (index >= size) index -= size;
      operation(index);
    }
    elapsed = nanoseconds_since(start);
  }
  const auto all = static_cast<double>(count);
  return {elapsed / all, static_cast<double>(allocated.blocks - before.blocks) / all,
          static_cast<double>(allocated.bytes - before.bytes) / all};
}

// Keeps the compiler from leaving out what is read or written.
void use(const int& value) { asm volatile("" : : "m"(value) : "memory"); }

// A count that is the same each time: 1,728, not 1,728.0.
std::string whole(double count) {
  expect(std::fabs(count - std::round(count)) < 0.01, "an update's cost is not constant");
  return count < 100 ? std::to_string(std::lround(count)) : course::number(count);
}

void row(course::Table& table, int elements, const char* structure, const Cost& read,
         const Cost& update) {
  table.row({whole(elements), structure, course::number(read.nanoseconds),
             whole(read.blocks), course::number(update.nanoseconds), whole(update.blocks),
             whole(update.bytes)});
}

MEASURED("P10", "One read and one update, by size; a block is one allocation", table) {
  table.columns(
      {"elements", "structure", "ns/read", "blocks", "ns/update", "blocks", "bytes"});
  for (const int elements : {10, 1'000, 100'000, 1'000'000}) {
    std::vector<int> vector(static_cast<std::size_t>(elements), 1);
    const Cost vector_read = cost_of(elements, [&](std::size_t i) { use(vector[i]); });
    row(table, elements, "std::vector, in place", vector_read,
        cost_of(elements, [&](std::size_t i) { use(vector[i] = 2); }));

    std::map<std::size_t, int> map;
    for (std::size_t i = 0; i < vector.size(); ++i) map.emplace_hint(map.end(), i, 1);
    row(table, elements, "std::map, in place",
        cost_of(elements, [&](std::size_t i) { use(map.find(i)->second); }),
        cost_of(elements, [&](std::size_t i) { use(map.find(i)->second = 2); }));

    row(table, elements, "std::vector, copied", vector_read,
        cost_of(elements, [&](std::size_t i) {
          std::vector<int> next = vector;
          next[i] = 3;
          use(next[i]);
          vector.swap(next);
        }));

    PersistentVector<int> persistent = persistent_of(elements);
    row(table, elements, "persistent vector",
        cost_of(elements, [&](std::size_t i) { use(persistent[i]); }),
        cost_of(elements, [&](std::size_t i) { persistent = persistent.set(i, 2); }));
  }
  table.look_at(
      "the two structures that keep the old version, the last two of each size: the copy "
      "grows with the elements, the path with their logarithm. Against the first two, "
      "which "
      "keep nothing, both are slow");
}

}  // namespace
