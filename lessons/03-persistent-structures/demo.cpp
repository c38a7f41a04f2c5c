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

// `size` zeros.
PersistentVector<int> zeros(int size) {
  PersistentVector<int> vector;
  for (int i = 0; i < size; ++i) vector = vector.push_back(0);
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
  std::vector<std::string> coverage = {"is that everything?"};
  for (std::size_t body = 0; body < bodies.size(); ++body) {
    const auto outcomes = interleave::outcomes(bodies[body], options);
    for (const auto& [outcome, count] : outcomes.seen) reached[outcome][body] = true;
    coverage.emplace_back(outcomes.exhaustive ? "yes" : "not shown");
  }
  table.columns({"what the reader saw", "a lock for each look", "one lock for both",
                 "one version, no lock"});
  const auto word = [](bool is_reached) { return is_reached ? "reached" : "-"; };
  for (const auto& [outcome, by_body] : reached) {
    table.row({outcome, word(by_body[0]), word(by_body[1]), word(by_body[2])});
  }
  table.row(coverage);
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

// --- P9b: what readers wait for -------------------------------------------------------

struct Workload {
  int elements;
  int changes;  // in one batch, which a reader must see as a whole or not at all
  int reads;    // of each quick reader
};

// The index of a change: each batch gives one value to elements spread over the structure.
std::size_t changed_element(const Workload& load, int change) {
  return static_cast<std::size_t>(change) * (static_cast<std::size_t>(load.elements) /
                                             static_cast<std::size_t>(load.changes));
}

using Microseconds = std::chrono::microseconds;
constexpr Microseconds long_pause(5'000);  // between the two looks of the slow reader

// A structure under test: how a batch is written, and how two elements are compared that
// every batch makes equal. A quick read looks at both at once; a slow one pauses in between.
struct Structure {
  const char* name;
  std::function<void(int batch)> write;
  std::function<int()> read_quickly;
  std::function<int(Microseconds pause)> read_slowly;
};

// What a structure gave its readers and its writer.
struct Latencies {
  std::vector<double> quick;  // nanoseconds of each quick read, sorted
  double slow = 0;            // the longest slow read, without its pause
  double writing = 0;  // nanoseconds of all batches, without the pauses between them
  int batches = 0;

  [[nodiscard]] double at(double share) const {
    return quick[static_cast<std::size_t>(share * static_cast<double>(quick.size() - 1))];
  }
};

// The nanoseconds of one call.
template <typename Call>
double nanoseconds_of(Call call) {
  const Clock::time_point start = Clock::now();
  call();
  return nanoseconds_since(start);
}

// Batch after batch by a writer, while two quick readers and a slow one read now and then.
// All sleep in between, so that they meet at any moment of a batch.
Latencies measure(const Workload& load, const Structure& structure) {
  Latencies latencies;
  std::array<std::vector<double>, 2> quick;
  {
    std::jthread writer([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        latencies.writing +=
            nanoseconds_of([&] { structure.write(++latencies.batches); });
        std::this_thread::sleep_for(Microseconds(500));
      }
    });
    std::jthread slow([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const double all = nanoseconds_of(
            [&] { expect(structure.read_slowly(long_pause) == 0, "half of a batch"); });
        latencies.slow =
            std::max(latencies.slow,
                     all - std::chrono::duration<double, std::nano>(long_pause).count());
        std::this_thread::sleep_for(4 * long_pause);
      }
    });
    std::vector<std::jthread> readers;
    for (auto& own : quick) {
      readers.emplace_back([&] {
        for (int count = 0; count < load.reads; ++count) {
          own.push_back(nanoseconds_of(
              [&] { expect(structure.read_quickly() == 0, "half of a batch"); }));
          std::this_thread::sleep_for(Microseconds(50));
        }
      });
    }
  }
  for (const auto& own : quick)
    latencies.quick.insert(latencies.quick.end(), own.begin(), own.end());
  std::sort(latencies.quick.begin(), latencies.quick.end());
  return latencies;
}

Latencies behind_a_lock(const Workload& load) {
  std::mutex mutex;
  std::vector<int> shared(static_cast<std::size_t>(load.elements));
  const auto read = [&](Microseconds pause) {
    const std::scoped_lock lock(mutex);
    const int first = shared[0];
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    return shared[changed_element(load, load.changes - 1)] - first;
  };
  const auto write = [&](int batch) {
    const std::scoped_lock lock(mutex);
    for (int change = 0; change < load.changes; ++change)
      shared[changed_element(load, change)] = batch;
  };
  return measure(load, {"", write, [&] { return read({}); }, read});
}

// Readers take a version from a root; `change(version, index, value)` gives the writer's.
template <typename Version, typename Change>
Latencies version_by_version(const Workload& load, Version first, Change change) {
  AtomicRoot<Version> root(std::make_shared<const Version>(std::move(first)));
  const auto difference = [&](const Version& version) {
    return version[changed_element(load, load.changes - 1)] - version[0];
  };
  const auto write = [&](int batch) {
    Version next = *root.load();
    for (int i = 0; i < load.changes; ++i) change(next, changed_element(load, i), batch);
    root.store(std::make_shared<const Version>(std::move(next)));
  };
  const auto read_quickly = [&] {
    thread_local typename AtomicRoot<Version>::Reader reader(root);
    return reader.read(difference);
  };
  const auto read_slowly = [&](Microseconds pause) {
    const auto mine = root.load();  // an owner: stores go on, and it may be the last one
    std::this_thread::sleep_for(pause);
    return difference(*mine);
  };
  return measure(load, {"", write, read_quickly, read_slowly});
}

MEASURED(
    "P9b",
    "Three readers beside a writer that changes 50,000 of a million elements at once",
    table) {
  const Workload load =
      course::quick() ? Workload{10'000, 1'000, 20} : Workload{1'000'000, 50'000, 20'000};
  table.columns({"structure", "changes/s", "half of the reads", "999 of 1,000", "longest",
                 "slow reader, longest"});
  const auto add_row = [&](const char* structure, const Latencies& latencies) {
    const auto microseconds = [](double nanoseconds) {
      return course::number(nanoseconds / 1000) + " us";
    };
    const double changes = 1.0 * latencies.batches * load.changes;
    table.row({structure, course::number(1e9 * changes / latencies.writing),
               microseconds(latencies.at(0.5)), microseconds(latencies.at(0.999)),
               microseconds(latencies.at(1)), microseconds(latencies.slow)});
  };
  const auto elements = static_cast<std::size_t>(load.elements);
  add_row("std::vector behind a lock", behind_a_lock(load));
  add_row("std::vector, copied once for each batch",
          version_by_version(load, std::vector<int>(elements),
                             [](std::vector<int>& next, std::size_t index, int value) {
                               next[index] = value;
                             }));
  add_row("persistent vector",
          version_by_version(load, zeros(load.elements),
                             [](PersistentVector<int>& next, std::size_t index,
                                int value) { next = next.set(index, value); }));
  table.look_at(
      "the columns of the longest reads: a reader that comes while the lock is held "
      "waits "
      "for the rest of a batch, or for the slow reader; one that takes a version waits "
      "for "
      "no thread. And at the first: the tree's writer pays for it, the one that copies "
      "once does not");
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
  return course::count(std::lround(count));
}

void add_row(course::Table& table, int elements, const char* structure, const Cost& read,
             const Cost& update, std::string (*amount)(double) = whole) {
  table.row({course::count(elements), structure, course::number(read.nanoseconds),
             whole(read.blocks), course::number(update.nanoseconds),
             amount(update.blocks), amount(update.bytes)});
}

// The third way: a copy, a batch of updates in it, and the copy takes the old one's place.
constexpr int batch_size = 1'000;

Cost cost_in_batches(std::vector<int> vector) {
  std::vector<int> next;
  int left = 0;
  return cost_of(static_cast<int>(vector.size()), [&](std::size_t i) {
    if (left == 0) {
      next = std::vector<int>(vector);
      left = batch_size;
    }
    use(next[i] = 4);
    if (--left == 0) vector.swap(next);
  });
}

MEASURED("P10", "One read and one update, by size; a block is one allocation", table) {
  table.columns({"elements", "structure", "ns/read", "blocks/read", "ns/update",
                 "blocks/update", "bytes/update"});
  for (const int elements : {10, 1'000, 100'000, 1'000'000}) {
    std::vector<int> vector(static_cast<std::size_t>(elements), 1);
    const Cost vector_read = cost_of(elements, [&](std::size_t i) { use(vector[i]); });
    add_row(table, elements, "std::vector, in place", vector_read,
            cost_of(elements, [&](std::size_t i) { use(vector[i] = 2); }));

    std::map<std::size_t, int> map;
    for (std::size_t i = 0; i < vector.size(); ++i) map.emplace_hint(map.end(), i, 1);
    add_row(table, elements, "std::map, in place",
            cost_of(elements, [&](std::size_t i) { use(map.find(i)->second); }),
            cost_of(elements, [&](std::size_t i) { use(map.find(i)->second = 2); }));

    add_row(table, elements, "std::vector, copied", vector_read,
            cost_of(elements, [&](std::size_t i) {
              std::vector<int> next = vector;
              next[i] = 3;
              use(next[i]);
              vector.swap(next);
            }));
    add_row(table, elements, "std::vector, copied for 1,000", vector_read,
            cost_in_batches(vector), course::number);

    PersistentVector<int> persistent = zeros(elements);
    add_row(table, elements, "persistent vector",
            cost_of(elements, [&](std::size_t i) { use(persistent[i]); }),
            cost_of(elements, [&](std::size_t i) { persistent = persistent.set(i, 2); }));
  }
  table.look_at(
      "the three structures that keep an old version, the last of each size: a copy "
      "grows "
      "with the elements, the path with their logarithm, and a copy for a thousand "
      "updates "
      "writes a thousandth of the bytes. Nothing is faster than the first row, which "
      "keeps "
      "nothing");
}

}  // namespace
