// Vector clocks: rows of one growing block, so that a run after the first allocates nothing.
//
//             thread 0   1   2   (spare)
//   row 0        0       0   0   0          always zero: a clock that knows nothing
//   row 1        4       0   2   0
//   row 2        3       5   0   0
//
// Threads     None: one caller at a time.
//
// Invariants
//   I1  A row handle is good until clear(); a pointer to a row only until the next
//       allocate() or set_threads().
//   I2  Columns of threads that do not exist yet are zero.
//   I3  A row is a whole number of blocks of four columns, and is worked on block by block:
//       one machine instruction each, where a loop over three threads takes a dozen.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace interleave {

using Time = std::uint32_t;  // of one thread: starts at 1, moves at each release
using Row = std::uint32_t;

inline constexpr Row kZeroRow = 0;
inline constexpr Time kNever = ~Time{0};

class ClockRows {
 public:
  ClockRows() { clear(); }

  // Gives back every row but the zero row. Keeps the memory.
  void clear() {
    used_ = 0;
    threads_ = 1;
    allocate();
  }

  // The number of columns that count.
  void set_threads(std::uint32_t threads) {
    if (threads > stride_) widen(threads);
    threads_ = threads;
  }
  [[nodiscard]] std::uint32_t threads() const { return threads_; }

  // `count` consecutive rows of zeros; returns the first.
  Row allocate(std::uint32_t count = 1) {
    const Row first = used_;
    used_ += count;
    if (std::size_t{used_} * stride_ > capacity_) grow();
    wipe(first, count);
    return first;
  }

  [[nodiscard]] Time* operator[](Row row) { return &cells_[std::size_t{row} * stride_]; }
  [[nodiscard]] const Time* operator[](Row row) const {
    return &cells_[std::size_t{row} * stride_];
  }

  void wipe(Row first, std::uint32_t count = 1) {
    Time* cells = (*this)[first];
    const std::size_t end = std::size_t{count} * stride_;
    for (std::size_t block = 0; block < end; block += kBlock) {
      for (std::size_t i = 0; i < kBlock; ++i) cells[block + i] = 0;
    }
  }

  void copy(Row to, Row from) {
    Time* target = (*this)[to];
    const Time* source = (*this)[from];
    for (std::size_t block = 0, end = threads_; block < end; block += kBlock) {
      const Block copied = read(source + block);
      write(target + block, copied);
    }
  }

  // Each column of `into` becomes the larger of the two.
  void join(Row into, Row from) {
    Time* target = (*this)[into];
    const Time* source = (*this)[from];
    for (std::size_t block = 0, end = threads_; block < end; block += kBlock) {
      Block larger = read(target + block);
      const Block other = read(source + block);
      for (std::size_t i = 0; i < kBlock; ++i) larger[i] = std::max(larger[i], other[i]);
      write(target + block, larger);
    }
  }

  [[nodiscard]] bool is_zero(Row row) const {
    const Time* cells = (*this)[row];
    Time any = 0;
    for (std::size_t block = 0; block < threads_; block += kBlock) {
      for (std::size_t i = block; i < block + kBlock; ++i) any |= cells[i];
    }
    return any == 0;
  }

 private:
  static constexpr std::size_t kBlock = 4;
  using Block = std::array<Time, kBlock>;

  // Whole, so that the compiler need not ask whether two rows overlap.
  [[nodiscard]] static Block read(const Time* cells) {
    Block block;
    std::memcpy(block.data(), cells, sizeof block);
    return block;
  }
  static void write(Time* cells, const Block& block) {
    std::memcpy(cells, block.data(), sizeof block);
  }

  void grow() { rebuild(stride_, std::max<std::size_t>(2 * capacity_, used_ * stride_)); }

  void widen(std::uint32_t threads) {
    std::uint32_t stride = stride_;
    while (stride < threads) stride *= 2;
    rebuild(stride, capacity_ / stride_ * stride);
  }

  void rebuild(std::uint32_t stride, std::size_t capacity) {
    std::unique_ptr<Time[]> cells(new Time[capacity]());
    const std::size_t rows = std::min<std::size_t>(used_, capacity_ / stride_);
    for (std::size_t row = 0; row < rows; ++row) {
      std::copy_n(&cells_[row * stride_], stride_, &cells[row * stride]);
    }
    cells_ = std::move(cells);
    stride_ = stride;
    capacity_ = capacity;
  }

  std::uint32_t stride_ = kBlock;
  std::uint32_t threads_ = 1;
  Row used_ = 0;
  std::size_t capacity_ = 0;  // cells
  std::unique_ptr<Time[]> cells_;
};

}  // namespace interleave
