// Each step is atomic; what was found by one no longer holds at the next.
#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "classic.hpp"

namespace interleave::classics {
namespace {

// Load, add, store: what another added in between is lost.
template <Form kForm>
void lost_update() {
  std::atomic<int> sum{0};
  const auto add = [&] {
    if constexpr (kForm == Form::kRight) {
      sum.fetch_add(1);
    } else {
      sum.store(sum.load() + 1);
    }
  };
  together(add, add);
  check(sum == 2, "an addition is lost");
}

// A permit that was there is not there any more.
template <Form kForm>
void semaphore() {
  std::atomic<int> permits{1};
  const auto try_acquire = [&] {
    int free = permits.load();
    if constexpr (kForm == Form::kRight) {
      while (free > 0 && !permits.compare_exchange_weak(free, free - 1)) {
      }
    } else {
      if (free > 0) --permits;
    }
    check(permits.load() >= 0, "more permits were given than there were");
  };
  together(try_acquire, try_acquire);
}

// A stack whose every function locks is still not safe to use in two steps.
template <Form kForm>
class LockedStack {
 public:
  explicit LockedStack(int only) : items_{only} {}
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }
  std::optional<int> pop() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    const int value = items_.back();
    items_.pop_back();
    return value;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<int> items_;
};

template <Form kForm>
void empty_then_pop() {
  LockedStack<kForm> stack(7);
  const auto take = [&] {
    if constexpr (kForm == Form::kRight) {
      if (const auto value = stack.pop()) check(*value == 7);
    } else {
      if (!stack.empty()) check(stack.pop().has_value(), "it was not empty just now");
    }
  };
  together(take, take);
}

// Both find it missing, both make it.
template <Form kForm>
void made_twice() {
  std::mutex mutex;
  std::optional<int> cached;
  std::atomic<int> made{0};
  const auto get = [&] {
    if constexpr (kForm == Form::kRight) {
      const std::lock_guard lock(mutex);
      if (!cached) cached = ++made;
    } else {
      {
        const std::lock_guard lock(mutex);
        if (cached) return;
      }
      const int value = ++made;
      const std::lock_guard lock(mutex);
      cached = value;
    }
  };
  together(get, get);
  check(made == 1, "made twice");
}

constexpr Classic kCheckThenAct[] = {
    {"counter", "loads, adds, stores", "check", lost_update<Form::kBroken>,
     lost_update<Form::kRight>},
    {"semaphore", "looks, then takes", "check", semaphore<Form::kBroken>,
     semaphore<Form::kRight>},
    {"locked stack", "empty(), then pop()", "check", empty_then_pop<Form::kBroken>,
     empty_then_pop<Form::kRight>},
    {"cache", "looks, then makes", "check", made_twice<Form::kBroken>,
     made_twice<Form::kRight>},
};

}  // namespace

std::span<const Classic> check_then_act() { return kCheckThenAct; }

}  // namespace interleave::classics
