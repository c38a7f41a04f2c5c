// Some of the threads of a run: one bit for each.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "interleave/runtime/thread.hpp"

namespace interleave {

class ThreadSet {
 public:
  void add(ThreadId thread) { word_of(thread) |= bit_of(thread); }
  void remove(ThreadId thread) { word_of(thread) &= ~bit_of(thread); }
  void clear() { words_ = {}; }
  [[nodiscard]] bool has(ThreadId thread) const {
    return (words_[thread / kBits] & bit_of(thread)) != 0;
  }
  [[nodiscard]] bool empty() const {
    std::uint64_t any = 0;  // comparing arrays would call memcmp
    for (const std::uint64_t word : words_) any |= word;
    return any == 0;
  }

  // In the order in which the threads were created, which are fewer than `end`.
  template <typename Visit>
  void for_each(std::size_t end, Visit visit) const {
    for (std::size_t word = 0; word * kBits < end; ++word) {
      for (std::uint64_t left = words_[word]; left != 0; left &= left - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(left));
        visit(static_cast<ThreadId>(word * kBits + bit));
      }
    }
  }

 private:
  static constexpr std::size_t kBits = 64;
  using Words = std::array<std::uint64_t, kMostThreads / kBits>;

  [[nodiscard]] std::uint64_t& word_of(ThreadId thread) { return words_[thread / kBits]; }
  [[nodiscard]] static std::uint64_t bit_of(ThreadId thread) {
    return std::uint64_t{1} << thread % kBits;
  }

  Words words_{};
};

}  // namespace interleave
