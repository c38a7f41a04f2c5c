// A well-known algorithm twice: as it is right, and with the mistake it is known for.
#pragma once

#include <atomic>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include "interleave/interleave.hpp"

namespace interleave::classics {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSeqCst = std::memory_order_seq_cst;

enum class Form { kBroken, kRight };

struct Classic {
  std::string_view name;
  std::string_view mistake;  // of the broken form
  std::string_view kind;     // what it is found as: Result::kind
  void (*broken)();
  void (*right)();
  bool spins = false;  // the right form goes around in a circle until something changes
};

[[nodiscard]] std::span<const Classic> mutual_exclusion();
[[nodiscard]] std::span<const Classic> publication();
[[nodiscard]] std::span<const Classic> reclamation();
[[nodiscard]] std::span<const Classic> lock_free_containers();
[[nodiscard]] std::span<const Classic> waiting();
[[nodiscard]] std::span<const Classic> check_then_act();

// Runs `first` on the calling thread and each of `others` on its own, until all are done.
template <typename First, typename... Others>
void together(First&& first, Others&&... others) {
  std::jthread threads[] = {std::jthread(std::forward<Others>(others))...};
  std::forward<First>(first)();
}

}  // namespace interleave::classics
