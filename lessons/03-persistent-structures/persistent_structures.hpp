// A vector whose versions all stay: an update makes a new one and leaves the old as it was.
//
//   before.root_ --> [ . . . . ]        after = before.set(40, x) copies the nodes on the
//                      | | | |          way from the root to element 40, here two of 32
//                      A B C D          slots each, and shares all others:
//                      | / | |
//   after.root_  --> [ . B'. . ]        A, C and D belong to both versions.
//
// Threads     Any thread may read a version and make new ones of it, at the same time as
//             others. One variable is like an int: not written while others use it.
// Progress    Reading waits for nothing. Updating waits for nothing but the allocator.
//
// Invariants
//   I1  A node does not change once the function that made it has returned.
//   I2  Every leaf is shift_ / 5 steps below the root; there is room for 32 << shift_.
//   I3  A slot at or behind size_ has never been set.
//
// Edges       OWNERS  a version lets go of a node  -->  the last one to do so frees it
//             (std::shared_ptr's count). Handing a version to another thread needs an edge
//             of its own: see atomic_root.hpp.
//
// Left out    Removing elements; changing many at once without a copy each (exercise 3.3).
//
// The tree is that of Bagwell, "Ideal Hash Trees" (2001), with the index as the hash, as
// Hickey put it into Clojure (2007).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

// `T` can be copied and has a default value, which fills the slots that are not set.
template <typename T>
class PersistentVector {
 public:
  // The version that has no elements.
  PersistentVector() = default;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  //> region read
  // Element `index`, which must be less than size(). It lives as long as any version that
  // holds it.
  [[nodiscard]] const T& operator[](std::size_t index) const {
    const Node* node = root_.get();
    for (unsigned shift = shift_; shift > 0; shift -= kBits) {
      node = static_cast<const Branch*>(node)->children[slot(index, shift)].get();
    }
    return static_cast<const Leaf*>(node)->values[slot(index, 0)];
  }
  //<

  // The version in which element `index`, which must be less than size(), is `value`.
  [[nodiscard]] PersistentVector set(std::size_t index, T value) const {
    return {with(root_, shift_, index, std::move(value)), size_, shift_};
  }

  // The version that has one element more.
  [[nodiscard]] PersistentVector push_back(T value) const {
    if (size_ < kSlots << shift_) {
      return {with(root_, shift_, size_, std::move(value)), size_ + 1, shift_};
    }
    auto root = std::make_shared<Branch>();
    root->children[0] = root_;
    root->children[1] = with(nullptr, shift_, size_, std::move(value));
    return {std::move(root), size_ + 1, shift_ + kBits};
  }

 private:
  static constexpr unsigned kBits = 5;
  static constexpr std::size_t kSlots = std::size_t{1} << kBits;

  // I1 is why a node is only ever held as const.
  struct Node {};
  using Tree = std::shared_ptr<const Node>;
  struct Branch : Node {
    std::array<Tree, kSlots> children;
  };
  struct Leaf : Node {
    std::array<T, kSlots> values{};
  };

  PersistentVector(Tree root, std::size_t size, unsigned shift)
      : root_(std::move(root)), size_(size), shift_(shift) {}

  static std::size_t slot(std::size_t index, unsigned shift) {
    return (index >> shift) % kSlots;
  }

  // A new node like `node`; an empty one where there is none yet.
  template <typename Kind>
  static std::shared_ptr<Kind> copy_of(const Tree& node) {
    if (node == nullptr) return std::make_shared<Kind>();
    return std::make_shared<Kind>(static_cast<const Kind&>(*node));
  }

  //> region path
  // `tree` with `value` at `index`: copies the nodes on the way, shares all others.
  static Tree with(const Tree& tree, unsigned shift, std::size_t index, T value) {
    if (shift == 0) {
      auto leaf = copy_of<Leaf>(tree);
      leaf->values[slot(index, 0)] = std::move(value);
      return leaf;
    }
    auto branch = copy_of<Branch>(tree);
    Tree& child = branch->children[slot(index, shift)];
    child = with(child, shift - kBits, index, std::move(value));
    return branch;
  }
  //<

  // Written by constructors and assignment only.
  Tree root_;
  std::size_t size_ = 0;
  unsigned shift_ = 0;
};
