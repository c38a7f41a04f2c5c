// What has come from a peer and is not parsed yet. It counts what is looked at.
//
//   append --> [ . . . a b c d e f ] --> at, take
//                      ^
//                      0        what was taken is gone
//
// Threads     One.
// Progress    append copies what it is given, and now and then moves what is left: a constant
//             time for each byte, all in all. No other call depends on how much there is.
//
// Invariants
//   I1  No byte is read that was not appended: at and take throw beyond the end.
//   I2  looked_at is the number of bytes that were handed out, each time that they were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

class UnreadBytes {
 public:
  // Views that `take` returned are no longer valid.
  void append(std::string_view bytes) {
    // No more than half is ever dead, and each byte is moved once for each time that as many
    // were taken.
    if (first_ > bytes_.size() / 2) {
      bytes_.erase(0, first_);
      first_ = 0;
    }
    bytes_.append(bytes);
  }

  [[nodiscard]] std::size_t size() const { return bytes_.size() - first_; }

  // Looks at one byte. Throws std::out_of_range if so many have not come.
  [[nodiscard]] char at(std::size_t index) const {
    if (index >= size()) throw std::out_of_range("a byte is read that has not come");
    ++looked_at_;
    return bytes_[first_ + index];
  }

  // Takes the first `count` bytes, and looks at each of them. The view is valid until the next
  // append or clear. Throws std::out_of_range if so many have not come.
  [[nodiscard]] std::string_view take(std::size_t count) {
    if (count > size()) throw std::out_of_range("bytes are taken that have not come");
    looked_at_ += count;
    const std::string_view taken = std::string_view(bytes_).substr(first_, count);
    first_ += count;
    return taken;
  }

  void clear() {
    bytes_ = std::string();
    first_ = 0;
  }

  [[nodiscard]] std::uint64_t looked_at() const { return looked_at_; }

 private:
  std::string bytes_;
  std::size_t first_ = 0;  // of bytes_: those before it were taken
  mutable std::uint64_t looked_at_ = 0;
};
