// A vector that does not change, and a builder that makes the next one of it in place.
//
//   frozen --> [ . . . ]              editor, with mark 5, changes what carries its mark
//                | | |                and copies the rest, once each:
//                A B C
//                | / |
//   editor --> [ . B'. ]5    B' is 5's too: the next change of it needs no copy.
//
// Threads     FrozenVector: any thread. A TransientBuilder: one thread at a time; several
//             builders may start from one FrozenVector at the same time.
// Progress    Reading waits for nothing. Editing waits for nothing but the allocator.
//
// Invariants
//   I1  A node that a FrozenVector reaches does not change.
//   I2  A builder changes only nodes that carry its mark, and no FrozenVector reaches those.
//   I3  No two builders have the same mark, not even one after the other; no builder has the
//       mark that it had before a freeze. No builder's mark is 0.
//   I4  Every leaf is shift / 5 steps below the root; there is room for 32 << shift.
//
// Edges       None of its own. Handing a FrozenVector to another thread needs an edge: see
//             atomic_root.hpp.
//
// In Clojure, where the idea is from (Hickey, 2008), a builder is called a transient.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

// The tree of both classes, as in the lesson, but each node carries a mark.
template <typename T>
struct MarkedTree {
  static constexpr unsigned kBits = 5;
  static constexpr std::size_t kSlots = std::size_t{1} << kBits;

  struct Node {
    std::uint64_t mark = 0;
  };
  struct Branch : Node {
    std::array<std::shared_ptr<Node>, kSlots> children;
  };
  struct Leaf : Node {
    std::array<T, kSlots> values{};
  };

  static std::size_t slot(std::size_t index, unsigned shift) {
    return (index >> shift) % kSlots;
  }

  // Element `index`, which must be less than size.
  [[nodiscard]] const T& at(std::size_t index) const {
    const Node* node = root.get();
    for (unsigned level = shift; level > 0; level -= kBits) {
      node = static_cast<const Branch*>(node)->children[slot(index, level)].get();
    }
    return static_cast<const Leaf*>(node)->values[slot(index, 0)];
  }

  std::shared_ptr<Node> root;
  std::size_t size = 0;
  unsigned shift = 0;
};

template <typename T>
class TransientBuilder;

// A vector that does not change; copying it copies a pointer. `T` can be copied and has a
// default value.
template <typename T>
class FrozenVector {
 public:
  FrozenVector() = default;

  [[nodiscard]] std::size_t size() const noexcept { return tree_.size; }

  // Element `index`, which must be less than size(). It lives as long as any version that
  // holds it.
  [[nodiscard]] const T& operator[](std::size_t index) const { return tree_.at(index); }

 private:
  friend class TransientBuilder<T>;
  explicit FrozenVector(MarkedTree<T> tree) : tree_(std::move(tree)) {}

  // Written by constructors and assignment only.
  MarkedTree<T> tree_;
};

template <typename T>
class TransientBuilder {
 public:
  // Begins with no elements.
  TransientBuilder() = default;
  // Begins with the elements of `start`, which stays as it is. Copies no node.
  explicit TransientBuilder(const FrozenVector<T>& start) : tree_(start.tree_) {}
  TransientBuilder(const TransientBuilder&) = delete;
  TransientBuilder& operator=(const TransientBuilder&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return tree_.size; }

  // Element `index`, which must be less than size(), until the next edit.
  [[nodiscard]] const T& operator[](std::size_t index) const { return tree_.at(index); }

  // Makes element `index`, which must be less than size(), `value`.
  void set(std::size_t index, T value) {
    //> step 1(index, value): walk down, owning each node on the way, and change the leaf
    editable(index) = std::move(value);
    //<
  }

  // Appends `value`.
  void push_back(T value) {
    //> step 1(value): a new root above a full tree (made by `own`), then the next slot
    if (tree_.size == Tree::kSlots << tree_.shift) {
      std::shared_ptr<Node> root;
      own<Branch>(root).children[0] = std::move(tree_.root);
      tree_.root = std::move(root);
      tree_.shift += Tree::kBits;
    }
    editable(tree_.size) = std::move(value);
    ++tree_.size;
    //<
  }

  // The elements as they are now, for ever. Copies no node. The builder may continue: what it
  // does then is not seen in what it returned here.
  [[nodiscard]] FrozenVector<T> freeze() {
    //> step 2(): hand out the tree, and see to it that you never change its nodes again
    mark_ = new_mark();
    return FrozenVector<T>(tree_);
    //<
  }

 private:
  using Tree = MarkedTree<T>;
  using Node = typename Tree::Node;
  using Branch = typename Tree::Branch;
  using Leaf = typename Tree::Leaf;

  // A mark that no builder has or had before (I3).
  static std::uint64_t new_mark() {
    //> step 1(): builders come and go, on several threads at once; no two marks are equal
    static std::atomic<std::uint64_t> last = 0;
    // relaxed: the marks must differ, nothing else; a read-modify-write gives each once.
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
    //<
  }

  // The node that `node` points to, which may be changed afterwards: itself if it carries
  // our mark; else `node` is made to point to a copy that does, or to a new one if it is
  // empty. `Kind` is Branch or Leaf.
  template <typename Kind>
  Kind& own(std::shared_ptr<Node>& node) {
    //> step 1(node): keep, copy or create, and mark
    if (node == nullptr) {
      node = std::make_shared<Kind>();
    } else if (node->mark != mark_) {
      node = std::make_shared<Kind>(static_cast<const Kind&>(*node));
    }
    node->mark = mark_;
    return static_cast<Kind&>(*node);
    //<
  }

  //> hide
  // The slot of element `index`, in a leaf of ours that is reached by branches of ours.
  T& editable(std::size_t index) {
    std::shared_ptr<Node>* node = &tree_.root;
    for (unsigned shift = tree_.shift; shift > 0; shift -= Tree::kBits) {
      node = &own<Branch>(*node).children[Tree::slot(index, shift)];
    }
    return own<Leaf>(*node).values[Tree::slot(index, 0)];
  }

  //<
  // Written by the thread that edits.
  Tree tree_;
  std::uint64_t mark_ = new_mark();
};
