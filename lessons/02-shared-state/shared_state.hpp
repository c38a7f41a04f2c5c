// The data store that parallel workers share: one table of totals under one lock.
//
//   worker 1 --add("ink", 2)--.
//                              +--> mutex_ [ ink 7 | paper 3 ] <--total("ink")-- anyone
//   worker 2 --take("ink", 5)-'
//
// Threads     Any thread, any function. Construct and destroy while no call is running.
// Progress    Blocking: one thread at a time is inside, all others sleep.
//
// Invariants
//   I1  totals_ is read and written only while mutex_ is held.
//   I2  What must be true together is read and written under one hold of mutex_: between
//       two holds anything may happen.
//
// Edges       TABLE  whoever was inside unlocks mutex_  -->  whoever is next locks it
//
// Left out    A lock per entry (exercise 2.2), no lock at all (exercise 2.3). The ways to
//             get this wrong are in broken_shared_state.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

class SharedTotals {
 public:
  //> region add
  // Adds `amount` to the total of `item`, which starts at 0.
  void add(const std::string& item, std::int64_t amount) {
    const std::scoped_lock lock(mutex_);
    totals_[item] += amount;
  }
  //<

  //> region take
  // Takes `amount`, at least 1, if there is as much. The look and the change are one hold of
  // the lock.
  [[nodiscard]] bool take(const std::string& item, std::int64_t amount) {
    const std::scoped_lock lock(mutex_);
    const auto found = totals_.find(item);
    if (found == totals_.end() || found->second < amount) return false;
    found->second -= amount;
    return true;
  }
  //<

  // Moves `amount` from one total to another, whatever they are. Nobody sees it half done,
  // and with one lock for both there is no order in which to take them.
  void move(const std::string& from, const std::string& to, std::int64_t amount) {
    const std::scoped_lock lock(mutex_);
    totals_[from] -= amount;
    totals_[to] += amount;
  }

  // The total now; another thread may have changed it by the time you look.
  [[nodiscard]] std::int64_t total(const std::string& item) const {
    const std::scoped_lock lock(mutex_);
    const auto found = totals_.find(item);
    return found == totals_.end() ? 0 : found->second;
  }

 private:
  //> region data
  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> totals_;
  //<
};
