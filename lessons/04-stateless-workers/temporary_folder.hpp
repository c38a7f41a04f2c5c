// A folder of its own for files that are not needed afterwards; gone when this object is.
//
// A process that is killed leaves its folder behind. The next folder that is made in the same
// place takes those away that no process has locked: a process's number says nothing of one
// that runs in another container, or in a grading beside this one.
//
// Threads     Any, as long as no two name the same file.
// Errors      std::system_error if the folder cannot be made.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

class TemporaryFolder {
 public:
  // Below `where`.
  explicit TemporaryFolder(const std::filesystem::path& where) {
    remove_those_of_the_dead(where);
    const std::string own = "course-" + std::to_string(owner_) + "-XXXXXX";
    std::string made = (where / ("new-" + own)).string();
    if (mkdtemp(made.data()) == nullptr) cannot_make(made);
    lock_ = open(made.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ == -1 || flock(lock_, LOCK_EX) == -1) cannot_make(made);
    // Only now does it get a name that others look for.
    path_ = where / std::filesystem::path(made).filename().string().substr(4);
    std::filesystem::rename(made, path_);
  }
  // On the disk, if the machine's temporary files are there.
  TemporaryFolder() : TemporaryFolder(std::filesystem::temp_directory_path()) {}
  ~TemporaryFolder() {
    std::error_code ignored;
    if (owner_ == getpid()) std::filesystem::remove_all(path_, ignored);
    close(lock_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // In memory where the machine has a file system there, else on the disk.
  [[nodiscard]] static std::filesystem::path in_memory() {
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                         : std::filesystem::temp_directory_path();
  }

  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return path_ / name;
  }

  // The same, and nothing is there, nor what SQLite keeps beside it.
  [[nodiscard]] std::filesystem::path fresh_file(const std::string& name) const {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      unlink((file(name).string() + suffix).c_str());
    }
    return file(name);
  }

 private:
  static void remove_those_of_the_dead(const std::filesystem::path& where) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(where, ignored)) {
      int owner = 0;
      const std::string name = entry.path().filename().string();
      if (std::sscanf(name.c_str(), "course-%d-", &owner) != 1 || owner <= 0) continue;
      const int lock = open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (lock == -1) continue;
      if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        std::filesystem::remove_all(entry.path(), ignored);
      close(lock);
    }
  }

  [[noreturn]] static void cannot_make(const std::string& name) {
    throw std::system_error(errno, std::generic_category(), "cannot make " + name);
  }

  const pid_t owner_ = getpid();  // a forked copy of this object leaves the folder alone
  int lock_ = -1;                 // held as long as a process has the object
  std::filesystem::path path_;
};
