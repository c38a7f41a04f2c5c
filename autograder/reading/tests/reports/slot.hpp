#pragma once
#include <mutex>
#include <thread>
#include <vector>
#include <cstring>

class Slot {
 public:
  void put(int value) {
    { const std::lock_guard lock(mutex_);
    full_ = true; }
    value_ = value;
  }
  int take() {
    const std::lock_guard lock(mutex_);
    return full_ ? value_ : 0;
  }
  void both_ways() {
    std::lock_guard a(first_);
    std::lock_guard b(second_);
  }
  void other_way() {
    std::lock_guard b(second_);
    std::lock_guard a(first_);
  }
  int* forget() { return new int(3); }
  int late() {
    int* node = new int(4);
    delete node;
    return *node;
  }
  int beyond() {
    std::vector<int> items(3);
    int* at = items.data() + 3;
    return *at;
  }
  void twice() {
    int* node = new int(4);
    delete node;
    free_again(node);
  }
  void free_again(int* node) { delete node; }
  int big(int base) { return base * 2; }
  const int* dangling() {
    int local = 4;
    return keep(&local);
  }
  static const int* keep(const int* p) { return p; }
  void unlock_only() { mutex_.unlock(); }
  int deep(int levels) { return levels == 0 ? 0 : 1 + deeper(levels); }
  int deeper(int levels) { return deep(levels - 1) * 2 + value_; }

 private:
  std::mutex mutex_, first_, second_;
  bool full_ = false;
  int value_ = 0;
};
