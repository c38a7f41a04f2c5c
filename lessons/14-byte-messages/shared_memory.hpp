// Memory that several processes see, each at an address of its own.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <system_error>
#include <utility>

#include "../06-event-driven/descriptor.hpp"

// Threads     Any, once it is constructed. A process that is forked while it lives sees the
//             same memory.
// Errors      std::system_error where the system has no memory or descriptor left.
class SharedMemory {
 public:
  // `size` bytes, all 0.
  explicit SharedMemory(std::size_t size)
      : SharedMemory(
            Descriptor(or_throw(::memfd_create("messages", MFD_CLOEXEC), "memfd_create")),
            size) {}

  // The same memory once more, at another address: what another process would see.
  [[nodiscard]] SharedMemory again() const {
    return SharedMemory(Descriptor(or_throw(::dup(file_.number()), "dup")),
                        bytes_.size());
  }

  ~SharedMemory() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
  }
  SharedMemory(SharedMemory&& other) noexcept
      : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) {}
  SharedMemory& operator=(SharedMemory&&) = delete;

  // They begin at a page.
  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

 private:
  SharedMemory(Descriptor file, std::size_t size) : file_(std::move(file)) {
    or_throw(::ftruncate(file_.number(), static_cast<off_t>(size)), "ftruncate");
    void* const at =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.number(), 0);
    or_throw(at == MAP_FAILED ? -1 : 0, "mmap");
    bytes_ = {static_cast<std::byte*>(at), size};
  }

  Descriptor file_;
  std::span<std::byte> bytes_;
};
