// A store in this process's memory: a map under one lock.
//
//   session 1 --+
//   session 2 --+--> mutex_ --> state_: key -> { value, version }
//
// Threads     As Store and Session say. The store outlives its sessions.
// Progress    Blocking, for as long as it takes to copy one value.
//
// Invariants
//   I1  state_ is read and written only while mutex_ is held.
//   I2  A key's version grows by one with each replacement, and never shrinks.
//
// Edges       WRITE  compare_and_set unlocks mutex_  -->  the read that sees its version
//
// Left out    Deleting a key: it would need versions that outlive the value.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "store.hpp"

class MemoryStore final : public Store {
 public:
  MemoryStore() = default;
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  [[nodiscard]] std::unique_ptr<Session> connect() override {
    return std::make_unique<OwnSession>(*this);
  }

 private:
  class OwnSession final : public Session {
   public:
    explicit OwnSession(MemoryStore& store) : store_(store) {}

    [[nodiscard]] Versioned read(const std::string& key) override {
      const std::scoped_lock lock(store_.mutex_);
      const auto found = store_.state_.find(key);
      return found == store_.state_.end() ? Versioned{} : found->second;
    }

    //> region compare-and-set
    [[nodiscard]] bool compare_and_set(const std::string& key, std::uint64_t seen,
                                       const std::string& value) override {
      const std::scoped_lock lock(store_.mutex_);
      const auto found = store_.state_.find(key);
      const std::uint64_t version =
          found == store_.state_.end() ? 0 : found->second.version;
      if (version != seen) return false;
      store_.state_.insert_or_assign(key, Versioned{value, version + 1});
      return true;
    }
    //<

   private:
    MemoryStore& store_;
  };

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::unordered_map<std::string, Versioned> state_;
};
