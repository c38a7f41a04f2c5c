// The threads of one run, in the order in which they were created: thread 0 runs the body.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "interleave/runtime/thread.hpp"
#include "interleave/runtime/thread_set.hpp"

namespace interleave {

class ThreadList {
 public:
  // For a new run: none. The threads themselves, with their stacks, are kept and used again.
  void clear() {
    size_ = unfinished_ = 0;
    awake_.clear();
  }

  [[nodiscard]] bool full() const { return size_ == kMostThreads; }

  // The next thread, as the last run that had one left it. `make(id)` makes it the first time.
  template <typename Make>
  Thread& add(Make make) {
    std::unique_ptr<Thread>& slot = slots_[size_];
    if (slot == nullptr) slot = make(size_);
    awake_.add(size_);
    ++size_;
    ++unfinished_;
    return *slot;
  }

  void note_finished(Thread& thread) {
    thread.finished = true;
    awake_.remove(thread.id);
    --unfinished_;
  }

  // It waits for a signal, and for no time: until it is woken, none looks at it.
  void note_asleep(const Thread& thread) { awake_.remove(thread.id); }
  void wake(Thread& thread) {
    thread.signalled = true;
    awake_.add(thread.id);
  }
  // Those that are neither finished nor asleep.
  [[nodiscard]] const ThreadSet& awake() const { return awake_; }

  [[nodiscard]] Thread& operator[](ThreadId id) const { return *slots_[id]; }
  [[nodiscard]] ThreadId size() const { return size_; }
  [[nodiscard]] ThreadId unfinished() const { return unfinished_; }

  class Iterator {
   public:
    explicit Iterator(const std::unique_ptr<Thread>* slot) : slot_(slot) {}
    Thread& operator*() const { return **slot_; }
    Iterator& operator++() {
      ++slot_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const std::unique_ptr<Thread>* slot_;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(slots_.data()); }
  [[nodiscard]] Iterator end() const { return Iterator(slots_.data() + size_); }

 private:
  std::array<std::unique_ptr<Thread>, kMostThreads> slots_;  // made by add, never unmade
  ThreadId size_ = 0;                                        // of this run: add, clear
  ThreadId unfinished_ = 0;                                  // add, note_finished, clear
  ThreadSet awake_;  // these three, note_asleep, wake
};

}  // namespace interleave
