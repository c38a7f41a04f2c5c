// A disk that fails when it is told to. `write`, `fdatasync` and `fsync` of this program come
// here first: a program's own functions go before the system's, also for code that knows nothing
// of it. Include it in one file of a program only.
//
// Threads     The calls: any. FaultyDisk: one object at a time, made and destroyed while no
//             other thread calls the system; outside of a body that is explored, since a
//             schedule that is given up destroys nothing.
#pragma once

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

// While one exists, regular files and folders are on it.
class FaultyDisk {
 public:
  enum class Call : std::uint8_t { kWrite, kSync, kFolderSync };

  // Asked before each call: 0 lets it through, an error's number makes it fail.
  using Fails = std::function<int(Call)>;

  FaultyDisk() { current() = this; }
  ~FaultyDisk() { current() = nullptr; }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  Fails fails = [](Call) { return 0; };
  std::size_t most_bytes = ~std::size_t{0};  // that one write takes
  bool lies = false;                         // a sync says that it did, and did not
  // "w": write, "s": sync, "f": sync of a folder. By one thread at a time, if they are kept.
  std::string calls;
  bool keeps_calls = true;

  static FaultyDisk*& current() {
    static FaultyDisk* disk = nullptr;
    return disk;
  }

  // What the call is about, and whether it is to fail: then with errno set.
  bool refuses(Call call) {
    if (keeps_calls)
      calls += call == Call::kWrite ? 'w' : call == Call::kSync ? 's' : 'f';
    errno = fails(call);
    return errno != 0;
  }

  static bool lies_now() { return current() != nullptr && current()->lies; }

  // Whether `descriptor` is a file's or a folder's, and not a pipe or a terminal.
  static bool has(int descriptor, bool* folder = nullptr) {
    struct stat status {};
    if (current() == nullptr || fstat(descriptor, &status) != 0) return false;
    if (folder != nullptr) *folder = S_ISDIR(status.st_mode);
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  }
};

inline ssize_t faulty_write(int descriptor, const void* bytes, std::size_t size) {
  if (FaultyDisk::has(descriptor)) {
    if (FaultyDisk::current()->refuses(FaultyDisk::Call::kWrite)) return -1;
    size = size < FaultyDisk::current()->most_bytes ? size
                                                    : FaultyDisk::current()->most_bytes;
  }
  return syscall(SYS_write, descriptor, bytes, size);
}

extern "C" {

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  return faulty_write(descriptor, bytes, size);
}

int fdatasync(int descriptor) {
  if (FaultyDisk::has(descriptor) &&
      FaultyDisk::current()->refuses(FaultyDisk::Call::kSync)) {
    return -1;
  }
  if (FaultyDisk::lies_now()) return 0;
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

int fsync(int descriptor) {
  bool folder = false;
  if (FaultyDisk::has(descriptor, &folder) &&
      FaultyDisk::current()->refuses(folder ? FaultyDisk::Call::kFolderSync
                                            : FaultyDisk::Call::kSync)) {
    return -1;
  }
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

}  // extern "C"
