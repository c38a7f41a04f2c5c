// When may memory go that another thread could still be reading?
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "classic.hpp"

namespace interleave::classics {
namespace {

// The last owner deletes what the others wrote, so each must release what it did, and the
// last acquire it.
template <Form kForm>
void reference_count() {
  struct Shared {
    std::atomic<int> owners{2};
    int parts[2] = {0, 0};
  };
  auto* const shared = new Shared;
  const auto use = [shared](int me) {
    shared->parts[me] = 1;
    constexpr auto kOrder = kForm == Form::kRight ? std::memory_order_acq_rel : kRelaxed;
    if (shared->owners.fetch_sub(1, kOrder) != 1) return;
    check(shared->parts[0] + shared->parts[1] == 2);
    delete shared;
  };
  together([&] { use(0); }, [&] { use(1); });
}

// Read, copy, update (McKenney, Slingwine 1998) with one reader, that says when it reads.
template <Form kForm>
void read_copy_update() {
  std::atomic<int*> current{new int(1)};
  std::atomic<bool> reading{false};
  together(
      [&] {
        int* const old = current.exchange(new int(2), kSeqCst);
        if constexpr (kForm == Form::kRight) {
          while (reading.load(kSeqCst)) std::this_thread::yield();
        }
        delete old;
      },
      [&] {
        reading.store(true, kSeqCst);
        const int* const seen = current.load(kSeqCst);
        check(*seen == 1 || *seen == 2);
        reading.store(false, kRelease);
      });
  delete current.load();
}

// Michael 2004. A hazard protects from the moment at which the pointer is known to be
// current still; before that the other may have looked already.
template <Form kForm>
void hazard_pointer() {
  std::atomic<int*> current{new int(1)};
  std::atomic<int*> hazard{nullptr};
  int* retired = nullptr;
  together(
      [&] {
        int* const old = current.exchange(new int(2), kSeqCst);
        if (hazard.load(kSeqCst) == old) {
          retired = old;
        } else {
          delete old;
        }
      },
      [&] {
        int* seen = current.load(kSeqCst);
        hazard.store(seen, kSeqCst);
        if constexpr (kForm == Form::kRight) {
          for (int* again = nullptr; (again = current.load(kSeqCst)) != seen;) {
            seen = again;
            hazard.store(seen, kSeqCst);
          }
        }
        check(*seen == 1 || *seen == 2);
        hazard.store(nullptr, kRelease);
      });
  delete retired;
  delete current.load();
}

// Treiber 1986. Who pops must not delete: another may be about to read `next`.
template <Form kForm>
void delete_after_pop() {
  struct Node {
    explicit Node(Node* next_node) : next(next_node) {}
    std::atomic<Node*> next;
  };
  std::atomic<Node*> top{new Node(new Node(nullptr))};
  Node* kept[2] = {nullptr, nullptr};
  const auto pop = [&](int me) {
    Node* node = top.load(kAcquire);
    while (node != nullptr &&
           !top.compare_exchange_weak(node, node->next.load(kRelaxed),
                                      std::memory_order_acq_rel, kAcquire)) {
    }
    if constexpr (kForm == Form::kBroken) {
      delete node;
    } else {
      kept[me] = node;
    }
  };
  together([&] { pop(0); }, [&] { pop(1); });
  delete kept[0];
  delete kept[1];
}

// Who waited may delete what it waited on, as soon as it sees that it is done.
template <Form kForm>
void notify_after_unlock() {
  struct Completion {
    std::mutex mutex;
    std::condition_variable condition;
    bool done = false;
  };
  auto completion = std::make_unique<Completion>();
  together(
      [&] {
        {
          std::unique_lock lock(completion->mutex);
          completion->condition.wait(lock, [&] { return completion->done; });
        }
        completion.reset();
      },
      [shared = completion.get()] {
        std::unique_lock lock(shared->mutex);
        shared->done = true;
        if constexpr (kForm == Form::kBroken) lock.unlock();
        shared->condition.notify_one();
      });
}

constexpr Classic kReclamation[] = {
    {"reference count", "relaxed decrements", "data race", reference_count<Form::kBroken>,
     reference_count<Form::kRight>},
    {"RCU", "no grace period", "use after free", read_copy_update<Form::kBroken>,
     read_copy_update<Form::kRight>, true},
    {"hazard pointer", "not looked at again once it is set", "use after free",
     hazard_pointer<Form::kBroken>, hazard_pointer<Form::kRight>},
    {"Treiber stack, memory", "deletes what it popped", "use after free",
     delete_after_pop<Form::kBroken>, delete_after_pop<Form::kRight>},
    {"completion", "notifies after it has unlocked", "data race",
     notify_after_unlock<Form::kBroken>, notify_after_unlock<Form::kRight>},
};

}  // namespace

std::span<const Classic> reclamation() { return kReclamation; }

}  // namespace interleave::classics
