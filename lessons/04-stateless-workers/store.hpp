// Where stateless workers keep their state: values under keys, each with a version.
//
//   read(key) ------------------------> { value, version }
//   compare_and_set(key, version, new)  puts `new` there if the version is still that one
//
//                 +--> Session (worker 1) --+
//   Store.connect +--> Session (worker 2) --+--> what they share: memory, a file, a server
//
// Threads     Store: any thread. Session: one thread at a time; every worker has its own.
// Atomicity   A call takes effect at one moment between its start and its end, for all.
// Errors      StoreError. A read that threw changed nothing. After a compare_and_set that
//             threw, the write is *in doubt*: it may have been done before the answer was
//             lost. Read again before you try again, and see what you find there.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

//> region store
// A value, and the number of times it was replaced. Version 0: nothing was ever there.
struct Versioned {
  std::string value;
  std::uint64_t version = 0;
};

// One worker's way to the state. Keys and values are bytes, any bytes.
class Session {
 public:
  virtual ~Session() = default;

  // What is under `key` now.
  [[nodiscard]] virtual Versioned read(const std::string& key) = 0;

  // Puts `value` under `key`, as version `seen` + 1, if the version there is `seen`.
  // Returns whether it did; if not, another was faster and nothing changed.
  [[nodiscard]] virtual bool compare_and_set(const std::string& key, std::uint64_t seen,
                                             const std::string& value) = 0;
};

// What all workers share.
class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual std::unique_ptr<Session> connect() = 0;
};
//<

// The store could not be asked, or could not do it: what() names it, and the remedy.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
