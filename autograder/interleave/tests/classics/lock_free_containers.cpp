// Stacks, queues and deques without locks: nothing lost, nothing twice, nothing half.
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "classic.hpp"

namespace interleave::classics {
namespace {

// Treiber 1986, with nodes that come back. The same top does not mean the same stack: A, B
// popped and A pushed again, and a pop that had read "B is next" makes B the top (ABA).
// A version beside the top tells the stacks apart.
template <Form kForm>
class TreiberStack {
 public:
  static constexpr std::uint32_t kNone = 0;

  // Nodes are 1 and 2; 1 is on top.
  TreiberStack() { next_[1] = 2; }

  std::uint32_t pop() {
    Top top = top_.load(kAcquire);
    while (top.node != kNone) {
      const Top rest{next_[top.node].load(kRelaxed), version_behind(top)};
      if (top_.compare_exchange_weak(top, rest, kAcqRel, kAcquire)) break;
    }
    return top.node;
  }
  void push(std::uint32_t node) {
    Top top = top_.load(kRelaxed);
    do {
      next_[node].store(top.node, kRelaxed);
    } while (!top_.compare_exchange_weak(top, Top{node, version_behind(top)}, kRelease,
                                         kRelaxed));
  }
  [[nodiscard]] bool holds(std::uint32_t node) const {
    for (std::uint32_t at = top_.load().node; at != kNone; at = next_[at]) {
      if (at == node) return true;
    }
    return false;
  }

 private:
  struct Top {
    std::uint32_t node = kNone;
    std::uint32_t version = 0;
  };
  static std::uint32_t version_behind(const Top& top) {
    return kForm == Form::kRight ? top.version + 1 : top.version;
  }
  std::array<std::atomic<std::uint32_t>, 3> next_{};
  std::atomic<Top> top_{Top{1, 0}};
};

template <Form kForm>
void treiber() {
  TreiberStack<kForm> stack;
  std::uint32_t mine = 0;
  std::uint32_t kept = 0;
  together([&] { mine = stack.pop(); },
           [&] {
             const std::uint32_t first = stack.pop();
             kept = stack.pop();
             if (first != 0) stack.push(first);
           });
  check(kept == 0 || (kept != mine && !stack.holds(kept)), "a node has two owners");
}

// Michael and Scott 1996. A node is linked by compare-exchange: another may have been
// linked since `next` was read.
template <Form kForm>
class MichaelScottQueue {
 public:
  struct Node {
    int value = 0;
    std::atomic<Node*> next{nullptr};
  };

  void push(Node& node) {
    while (true) {
      Node* last = last_.load();
      Node* next = last->next.load();
      if (next != nullptr) {
        last_.compare_exchange_strong(last, next);
        continue;
      }
      if (!link(*last, node)) continue;
      last_.compare_exchange_strong(last, &node);
      return;
    }
  }
  std::optional<int> pop() {
    while (true) {
      Node* first = first_.load();
      Node* last = last_.load();
      Node* next = first->next.load();
      if (next == nullptr) return std::nullopt;
      if (first == last) {
        last_.compare_exchange_strong(last, next);
        continue;
      }
      const int value = next->value;
      if (first_.compare_exchange_strong(first, next)) return value;
    }
  }

 private:
  static bool link(Node& last, Node& node) {
    if constexpr (kForm == Form::kBroken) {
      last.next.store(&node);
      return true;
    }
    Node* nothing = nullptr;
    return last.next.compare_exchange_strong(nothing, &node);
  }
  Node dummy_;
  std::atomic<Node*> first_{&dummy_};
  std::atomic<Node*> last_{&dummy_};
};

template <Form kForm>
void michael_scott() {
  using Queue = MichaelScottQueue<kForm>;
  typename Queue::Node nodes[2];
  nodes[0].value = 1;
  nodes[1].value = 2;
  Queue queue;
  int sum = 0;
  together(
      [&] {
        queue.push(nodes[0]);
        sum += queue.pop().value_or(0);
      },
      [&] { queue.push(nodes[1]); });
  while (const auto value = queue.pop()) sum += *value;
  check(sum == 3, "every item comes out once");
}

// Chase and Lev 2005, in C++ by Lê, Pop, Cohen, Zappa Nardelli 2013. The owner's claim of
// the bottom must be seen before it looks at the top: a seq_cst fence.
template <Form kForm>
class ChaseLevDeque {
 public:
  void push(int value) {
    const int bottom = bottom_.load(kRelaxed);
    slots_[static_cast<std::size_t>(bottom)].store(value, kRelaxed);
    bottom_.store(bottom + 1, kRelease);
  }
  std::optional<int> take() {
    const int bottom = bottom_.load(kRelaxed) - 1;
    bottom_.store(bottom, kRelaxed);
    if constexpr (kForm == Form::kRight) std::atomic_thread_fence(kSeqCst);
    int top = top_.load(kRelaxed);
    if (top > bottom) {
      bottom_.store(bottom + 1, kRelaxed);
      return std::nullopt;
    }
    const int value = slots_[static_cast<std::size_t>(bottom)].load(kRelaxed);
    if (top < bottom) return value;
    const bool won = top_.compare_exchange_strong(top, top + 1, kSeqCst, kRelaxed);
    bottom_.store(bottom + 1, kRelaxed);
    return won ? std::optional(value) : std::nullopt;
  }
  std::optional<int> steal() {
    int top = top_.load(kAcquire);
    std::atomic_thread_fence(kSeqCst);
    if (top >= bottom_.load(kAcquire)) return std::nullopt;
    const int value = slots_[static_cast<std::size_t>(top)].load(kRelaxed);
    const bool won = top_.compare_exchange_strong(top, top + 1, kSeqCst, kRelaxed);
    return won ? std::optional(value) : std::nullopt;
  }

 private:
  std::array<std::atomic<int>, 4> slots_{};
  std::atomic<int> top_{0};
  std::atomic<int> bottom_{0};
};

template <Form kForm>
void chase_lev() {
  ChaseLevDeque<kForm> deque;
  deque.push(0);
  deque.push(1);
  std::array<std::atomic<int>, 2> taken{};
  const auto mark = [&taken](std::optional<int> value) {
    if (value) check(++taken.at(static_cast<std::size_t>(*value)) == 1, "taken twice");
  };
  together([&] { mark(deque.take()); },
           [&] {
             mark(deque.steal());
             mark(deque.steal());
           });
}

// One producer, one consumer, one slot: it changes hands by release and acquire.
template <Form kForm>
void ring() {
  constexpr auto kStore = kForm == Form::kRight ? kRelease : kRelaxed;
  constexpr auto kLoad = kForm == Form::kRight ? kAcquire : kRelaxed;
  int slot = 0;
  std::atomic<unsigned> head{0};
  std::atomic<unsigned> tail{0};
  together(
      [&] {
        for (unsigned item = 0; item < 2; ++item) {
          while (item - head.load(kLoad) == 1) std::this_thread::yield();
          slot = static_cast<int>(item);
          tail.store(item + 1, kStore);
        }
      },
      [&] {
        for (unsigned item = 0; item < 2; ++item) {
          while (tail.load(kLoad) == item) std::this_thread::yield();
          check(slot == static_cast<int>(item));
          head.store(item + 1, kStore);
        }
      });
}

// Vyukov 2010: many producers, one consumer. The link publishes the node.
template <Form kForm>
void linked_mailbox() {
  struct Node {
    int value = 0;
    std::atomic<Node*> next{nullptr};
  };
  Node nodes[3];
  std::atomic<Node*> newest{&nodes[0]};
  const auto push = [&](Node& node) {
    node.value = 7;
    Node* const before = newest.exchange(&node, kAcqRel);
    before->next.store(&node, kForm == Form::kRight ? kRelease : kRelaxed);
  };
  together(
      [&] {
        for (const Node* at = &nodes[0]; (at = at->next.load(kAcquire)) != nullptr;) {
          check(at->value == 7);
        }
      },
      [&] { push(nodes[1]); }, [&] { push(nodes[2]); });
}

constexpr Classic kLockFreeContainers[] = {
    {"Treiber stack, ABA", "the same top is taken for the same stack", "check",
     treiber<Form::kBroken>, treiber<Form::kRight>},
    {"Michael-Scott queue", "links with a store", "check", michael_scott<Form::kBroken>,
     michael_scott<Form::kRight>},
    {"Chase-Lev deque", "no fence in take", "check", chase_lev<Form::kBroken>,
     chase_lev<Form::kRight>},
    {"ring of one slot", "relaxed indices", "data race", ring<Form::kBroken>,
     ring<Form::kRight>, true},
    {"Vyukov mailbox", "links with a relaxed store", "data race",
     linked_mailbox<Form::kBroken>, linked_mailbox<Form::kRight>},
};

}  // namespace

std::span<const Classic> lock_free_containers() { return kLockFreeContainers; }

}  // namespace interleave::classics
