// A file descriptor that is closed once, by its owner.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

// Returns `result`, or throws std::system_error with `what` and the system's reason if it is
// negative.
inline int or_throw(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

// Threads     One owner; the number may be used by any thread while it lives.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  // The system's number, which is given anew as soon as it is closed; -1 for none.
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_ = -1;
};
