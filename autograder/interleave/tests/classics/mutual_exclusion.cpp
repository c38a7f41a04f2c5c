// Locks that are built from atomics alone. What they protect is a plain variable, so two
// threads inside at once, or one after the other without an edge between them, are a race.
#include <array>
#include <atomic>

#include "classic.hpp"

namespace interleave::classics {
namespace {

template <typename Lock>
void enter(Lock& lock, std::size_t me, int& visits) {
  lock.lock(me);
  ++visits;
  lock.unlock(me);
}

// Two threads, one visit each.
template <typename Lock>
void two_visit() {
  Lock lock;
  int visits = 0;
  together([&] { enter(lock, 0, visits); }, [&] { enter(lock, 1, visits); });
  check(visits == 2);
}

// Peterson 1981. A thread's own store of wants_ must come before its load of the other's
// in an order that both agree on: seq_cst. With release and acquire both read "no".
template <Form kForm>
class Peterson {
 public:
  void lock(std::size_t me) {
    const std::size_t other = 1 - me;
    wants_[me].store(true, kStore);
    turn_.store(other, kStore);
    while (wants_[other].load(kLoad) && turn_.load(kLoad) == other) {
    }
  }
  void unlock(std::size_t me) { wants_[me].store(false, kRelease); }

 private:
  static constexpr auto kStore = kForm == Form::kRight ? kSeqCst : kRelease;
  static constexpr auto kLoad = kForm == Form::kRight ? kSeqCst : kAcquire;
  std::array<std::atomic<bool>, 2> wants_{};
  std::atomic<std::size_t> turn_{0};
};

// Dekker, as told by Dijkstra 1965, with fences between the wish and the look.
template <Form kForm>
class Dekker {
 public:
  void lock(std::size_t me) {
    const std::size_t other = 1 - me;
    wish(me);
    while (wants_[other].load(kAcquire)) {
      if (turn_.load(kAcquire) == me) continue;
      wants_[me].store(false, kRelease);
      while (turn_.load(kAcquire) != me) std::this_thread::yield();
      wish(me);
    }
  }
  void unlock(std::size_t me) {
    turn_.store(1 - me, kRelease);
    wants_[me].store(false, kRelease);
  }

 private:
  void wish(std::size_t me) {
    wants_[me].store(true, kRelease);
    if constexpr (kForm == Form::kRight) std::atomic_thread_fence(kSeqCst);
  }
  std::array<std::atomic<bool>, 2> wants_{};
  std::atomic<std::size_t> turn_{0};
};

// Lamport 1974. Between reading the numbers and taking one a thread is `choosing_`; who
// does not wait for that may overtake it with the same number.
template <Form kForm>
class Bakery {
 public:
  void lock(std::size_t me) {
    const std::size_t other = 1 - me;
    if constexpr (kForm == Form::kRight) choosing_[me] = true;
    number_[me] = number_[other] + 1;
    if constexpr (kForm == Form::kRight) choosing_[me] = false;
    while (choosing_[other]) std::this_thread::yield();
    while (comes_before(other, me)) std::this_thread::yield();
  }
  void unlock(std::size_t me) { number_[me] = 0; }

 private:
  [[nodiscard]] bool comes_before(std::size_t other, std::size_t me) const {
    const int theirs = number_[other];
    const int mine = number_[me];
    return theirs != 0 && (theirs < mine || (theirs == mine && other < me));
  }
  std::array<std::atomic<bool>, 2> choosing_{};
  std::array<std::atomic<int>, 2> number_{};
};

// A lock is handed over by its release; without one the next owner sees old data.
template <Form kForm>
class SpinLock {
 public:
  void lock(std::size_t) {
    while (taken_.exchange(true, kAcquire)) std::this_thread::yield();
  }
  void unlock(std::size_t) {
    taken_.store(false, kForm == Form::kRight ? kRelease : kRelaxed);
  }

 private:
  std::atomic<bool> taken_{false};
};

// Looking and taking must be one step.
template <Form kForm>
class TestAndSetLock {
 public:
  void lock(std::size_t) {
    if constexpr (kForm == Form::kRight) {
      while (taken_.exchange(true)) {
      }
    } else {
      while (taken_.load()) {
      }
      taken_.store(true);
    }
  }
  void unlock(std::size_t) { taken_.store(false); }

 private:
  std::atomic<bool> taken_{false};
};

// Two threads must never draw the same number.
template <Form kForm>
class TicketLock {
 public:
  void lock(std::size_t) {
    const unsigned mine = draw();
    while (serving_.load(kAcquire) != mine) std::this_thread::yield();
  }
  void unlock(std::size_t) { serving_.store(serving_.load(kRelaxed) + 1, kRelease); }

 private:
  unsigned draw() {
    if constexpr (kForm == Form::kRight) return next_.fetch_add(1, kRelaxed);
    const unsigned mine = next_.load(kRelaxed);
    next_.store(mine + 1, kRelaxed);
    return mine;
  }
  std::atomic<unsigned> next_{0};
  std::atomic<unsigned> serving_{0};
};

// Mellor-Crummey and Scott 1991. Who finds no successor, but is no longer the last, has
// one that has not linked itself yet, and must wait for it.
template <Form kForm>
class McsLock {
 public:
  void lock(std::size_t me) {
    Node& mine = nodes_[me];
    mine.next.store(nullptr, kRelaxed);
    mine.waits.store(true, kRelaxed);
    Node* const before = last_.exchange(&mine, std::memory_order_acq_rel);
    if (before == nullptr) return;
    before->next.store(&mine, kRelease);
    while (mine.waits.load(kAcquire)) std::this_thread::yield();
  }
  void unlock(std::size_t me) {
    Node& mine = nodes_[me];
    Node* next = mine.next.load(kAcquire);
    if (next == nullptr) {
      Node* last = &mine;
      if (last_.compare_exchange_strong(last, nullptr, kRelease, kRelaxed)) return;
      if constexpr (kForm == Form::kBroken) return;
      while ((next = mine.next.load(kAcquire)) == nullptr) std::this_thread::yield();
    }
    next->waits.store(false, kRelease);
  }

 private:
  struct Node {
    std::atomic<Node*> next{nullptr};
    std::atomic<bool> waits{false};
  };
  std::array<Node, 2> nodes_;
  std::atomic<Node*> last_{nullptr};
};

// Craig 1993; Landin and Hagersten 1994. A node that was given up is still watched by the
// successor; the thread continues with its predecessor's instead.
template <Form kForm>
class ClhLock {
 public:
  void lock(std::size_t me) {
    Node* const mine = mine_[me];
    mine->locked.store(true, kRelaxed);
    before_[me] = last_.exchange(mine, std::memory_order_acq_rel);
    while (before_[me]->locked.load(kAcquire)) std::this_thread::yield();
  }
  void unlock(std::size_t me) {
    Node* const mine = mine_[me];
    if constexpr (kForm == Form::kRight) mine_[me] = before_[me];
    mine->locked.store(false, kRelease);
  }

 private:
  struct Node {
    std::atomic<bool> locked{false};
  };
  std::array<Node, 3> nodes_;
  std::array<Node*, 2> mine_{&nodes_[0], &nodes_[1]};
  std::array<Node*, 2> before_{};
  std::atomic<Node*> last_{&nodes_[2]};
};

template <Form kForm>
void clh_twice() {
  ClhLock<kForm> lock;
  int visits = 0;
  together(
      [&] {
        enter(lock, 0, visits);
        enter(lock, 0, visits);
      },
      [&] { enter(lock, 1, visits); });
  check(visits == 3);
}

// A reader must be counted in the same step that finds no writer.
template <Form kForm>
class ReaderWriterLock {
 public:
  void lock_shared() {
    if constexpr (kForm == Form::kRight) {
      int readers = state_.load(kRelaxed);
      while (readers == kWriter ||
             !state_.compare_exchange_weak(readers, readers + 1, kAcquire, kRelaxed)) {
        if (readers == kWriter) readers = wait_for_writer();
      }
    } else {
      wait_for_writer();
      state_.fetch_add(1, kAcquire);
    }
  }
  void unlock_shared() { state_.fetch_sub(1, kRelease); }
  void lock() {
    int nobody = 0;
    while (!state_.compare_exchange_weak(nobody, kWriter, kAcquire, kRelaxed)) {
      nobody = 0;
      std::this_thread::yield();
    }
  }
  void unlock() { state_.fetch_sub(kWriter, kRelease); }

 private:
  static constexpr int kWriter = 1'000;
  int wait_for_writer() {
    int readers = state_.load(kAcquire);
    while (readers >= kWriter) {
      std::this_thread::yield();
      readers = state_.load(kAcquire);
    }
    return readers;
  }
  std::atomic<int> state_{0};
};

template <Form kForm>
void reads_and_writes() {
  ReaderWriterLock<kForm> lock;
  int value = 0;
  int seen = 0;
  together(
      [&] {
        lock.lock();
        ++value;
        lock.unlock();
      },
      [&] {
        lock.lock_shared();
        seen = value;
        lock.unlock_shared();
      });
  check(seen == 0 || seen == 1);
}

template <template <Form> typename Lock>
constexpr Classic of_two(std::string_view name, std::string_view mistake,
                         std::string_view kind) {
  return {
      name, mistake, kind, two_visit<Lock<Form::kBroken>>, two_visit<Lock<Form::kRight>>,
      true};
}

constexpr Classic kMutualExclusion[] = {
    of_two<Peterson>("Peterson", "release and acquire for seq_cst", "data race"),
    of_two<Dekker>("Dekker", "no fence between the wish and the look", "data race"),
    of_two<Bakery>("Bakery", "no thread waits while another chooses", "data race"),
    of_two<SpinLock>("spin lock", "unlocked with a relaxed store", "data race"),
    of_two<TestAndSetLock>("test-and-set lock", "tests, then sets", "data race"),
    of_two<TicketLock>("ticket lock", "two threads draw one number", "livelock"),
    of_two<McsLock>("MCS lock", "leaves before its successor has linked itself",
                    "livelock"),
    {"CLH lock", "uses its own node again", "livelock", clh_twice<Form::kBroken>,
     clh_twice<Form::kRight>, true},
    {"reader-writer lock", "looks for a writer, then counts itself", "data race",
     reads_and_writes<Form::kBroken>, reads_and_writes<Form::kRight>, true},
};

}  // namespace

std::span<const Classic> mutual_exclusion() { return kMutualExclusion; }

}  // namespace interleave::classics
