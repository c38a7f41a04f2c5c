// A sorted map whose versions all stay, and the history of such versions.
//
//   before.root_ --> 4 ------> 6          after = before.insert(7, x) makes new nodes on
//                    |                    the way from the root to 7, and shares all others:
//                    2  with 1 and 3      here the subtree of 2.
//                    |
//   after.root_  --> 4' -----> 6' ----> 7'
//
// Threads     Any thread may read a version, and make new ones of it, at the same time as
//             others. One variable is like an int: not written while others use it.
// Progress    Reading waits for nothing. Updating waits for nothing but the allocator.
//
// Invariants
//   I1  A node does not change once the function that made it has returned.
//   I2  Keys to the left of a node are less than its key, those to the right are greater.
//   I3  The heights of a node's two subtrees differ by 1 at most (an AVL tree), so the
//       height stays below 1.45 times the logarithm to the base 2 of the size, plus 2.
//   I4  A link's owners are the histories that begin at it and the newer links that name it.
//
// Edges       OWNERS  a version or a history lets go of a node  -->  the last one frees it
//
// The tree is that of Adelson-Velsky and Landis (1962); copying the path in place of changing
// it was described by Driscoll, Sarnak, Sleator and Tarjan (1989).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

// `Key` is compared by `<`; both types can be copied.
template <typename Key, typename Value>
class PersistentMap {
 public:
  // The version that has no elements.
  PersistentMap() = default;

  [[nodiscard]] std::size_t size() const { return size_of(root_); }

  // The value at `key`, or nullptr. It lives as long as any version that holds it.
  [[nodiscard]] const Value* find(const Key& key) const {
    //> step 1(key): walk down from root_, to the left or the right, until the key is found
    const Node* node = root_.get();
    while (node != nullptr) {
      if (key < node->key) {
        node = node->left.get();
      } else if (node->key < key) {
        node = node->right.get();
      } else {
        return &node->value;
      }
    }
    return nullptr;
    //<
  }

  // The version in which `value` is at `key`, in place of what was there before.
  [[nodiscard]] PersistentMap insert(const Key& key, const Value& value) const {
    return PersistentMap(with(root_, key, value));
  }

  // Nodes on the longest way down from the root, 0 for an empty map.
  [[nodiscard]] int height() const {
    //> step 2(root_): how high is the whole tree? Each node knows of itself
    return height_of(root_);
    //<
  }

  // The version that has nothing at `key`; this one, if it has nothing there.
  [[nodiscard]] PersistentMap erase(const Key& key) const {
    if (find(key) == nullptr) return *this;
    return PersistentMap(without(root_, key));
  }

 private:
  struct Node;
  // I1 is why a node is only ever held as const. Empty where there is no subtree.
  using Tree = std::shared_ptr<const Node>;
  struct Node {
    Key key;
    Value value;
    Tree left;
    Tree right;
    int height;
    std::size_t size;
  };

  explicit PersistentMap(Tree root) : root_(std::move(root)) {}

  static int height_of(const Tree& tree) { return tree == nullptr ? 0 : tree->height; }
  static std::size_t size_of(const Tree& tree) {
    return tree == nullptr ? 0 : tree->size;
  }

  // A new node over two subtrees.
  static Tree node(const Key& key, const Value& value, Tree left, Tree right) {
    const int height = 1 + std::max(height_of(left), height_of(right));
    const std::size_t size = 1 + size_of(left) + size_of(right);
    return std::make_shared<const Node>(
        Node{key, value, std::move(left), std::move(right), height, size});
  }

  // `tree` with `value` at `key`. Step 1 makes its nodes by `node`, step 2 by `balanced`.
  static Tree with(const Tree& tree, const Key& key, const Value& value) {
    //> step 1(tree, key, value): new nodes on the way to the key, share all others
    if (tree == nullptr) return node(key, value, nullptr, nullptr);
    if (key < tree->key) {
      return balanced(tree->key, tree->value, with(tree->left, key, value), tree->right);
    }
    if (tree->key < key) {
      return balanced(tree->key, tree->value, tree->left, with(tree->right, key, value));
    }
    return node(key, value, tree->left, tree->right);
    //<
  }

  // Like `node`, for subtrees whose heights differ by 2 at most: those of the result differ
  // by 1 at most (I3).
  static Tree balanced(const Key& key, const Value& value, Tree left, Tree right) {
    //> step 2(key, value, left, right): a node, or its rotation; then call this in `with`
    if (height_of(left) > height_of(right) + 1) {
      const Node& top = *left;
      if (height_of(top.left) >= height_of(top.right)) {
        return node(top.key, top.value, top.left, node(key, value, top.right, right));
      }
      const Node& middle = *top.right;
      return node(middle.key, middle.value,
                  node(top.key, top.value, top.left, middle.left),
                  node(key, value, middle.right, right));
    }
    if (height_of(right) > height_of(left) + 1) {
      const Node& top = *right;
      if (height_of(top.right) >= height_of(top.left)) {
        return node(top.key, top.value, node(key, value, left, top.left), top.right);
      }
      const Node& middle = *top.left;
      return node(middle.key, middle.value, node(key, value, left, middle.left),
                  node(top.key, top.value, middle.right, top.right));
    }
    return node(key, value, std::move(left), std::move(right));
    //<
  }

  // `tree` without `key`, which it holds. If its node has two subtrees, the least node of
  // the right one takes its place.
  static Tree without(const Tree& tree, const Key& key) {
    if (key < tree->key) {
      return balanced(tree->key, tree->value, without(tree->left, key), tree->right);
    }
    if (tree->key < key) {
      return balanced(tree->key, tree->value, tree->left, without(tree->right, key));
    }
    if (tree->left == nullptr) return tree->right;
    if (tree->right == nullptr) return tree->left;
    const Node* next = tree->right.get();
    while (next->left != nullptr) next = next->left.get();
    return balanced(next->key, next->value, tree->left, without(tree->right, next->key));
  }

  // Written by constructors and assignment only.
  Tree root_;
};

// The versions of something, newest first. An older history is the tail of a newer one.
//
//   history --> [ version 3 | . ] --> [ version 2 | . ] --> [ version 1 | . ]
template <typename Version>
class History {
 public:
  // The history of nothing.
  History() = default;
  ~History() { release(newest_); }
  History(const History& other) : newest_(owned(other.newest_)) {}
  History(History&& other) noexcept : newest_(std::exchange(other.newest_, nullptr)) {}
  History& operator=(History other) noexcept {
    std::swap(newest_, other.newest_);
    return *this;
  }

  [[nodiscard]] bool empty() const { return newest_ == nullptr; }

  // The newest version; the history must not be empty.
  [[nodiscard]] const Version& newest() const { return newest_->version; }

  // This history and `version` after it.
  [[nodiscard]] History add(Version version) const {
    return History(new Link{std::move(version), owned(newest_)});
  }

  // This history without its newest version; the history must not be empty.
  [[nodiscard]] History undo() const { return History(owned(newest_->older)); }

 private:
  struct Link {
    const Version version;
    Link* const older;
    std::atomic<std::size_t> owners = 1;  // I4; written by any thread
  };

  explicit History(Link* newest) : newest_(newest) {}

  // Adds an owner to `link`; it may be nullptr.
  static Link* owned(Link* link) {
    // relaxed: the caller's history owns it, so no thread deletes it meanwhile.
    if (link != nullptr) link->owners.fetch_add(1, std::memory_order_relaxed);
    return link;
  }

  // Gives up one owner of `link`; it may be nullptr. Deletes what then has no owner, be it
  // one link or half a million.
  static void release(Link* link) {
    //> step 3(link): if you were the last owner, delete the link and continue with its older one
    // OWNERS, release: what this thread read in the link, it read before this. Acquire: the
    // one that deletes does so after all others' reads.
    while (link != nullptr && link->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      Link* const older = link->older;
      delete link;
      link = older;
    }
    //<
  }

  // Written by constructors and assignment only.
  Link* newest_ = nullptr;
};
