// A store whose connection is cut now and then: after the store has done a write, and before
// the answer is back.
//
//   worker -- compare_and_set --> [ CutSession ] --> the store: done
//   worker <----- StoreError ---- [ ---- cut ---- <-- "done" ]
//
// Threads     As Store and Session say.
// Progress    That of the store behind it.
//
// Left out    Requests that are lost on their way there: for the worker they look the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "store.hpp"

class CutStore final : public Store {
 public:
  // Cuts each session's connection at every `every`-th write that was done. `behind`
  // outlives this store.
  CutStore(Store& behind, unsigned every) : behind_(behind), every_(every) {}

  [[nodiscard]] std::unique_ptr<Session> connect() override {
    return std::make_unique<CutSession>(behind_, every_);
  }

 private:
  class CutSession final : public Session {
   public:
    CutSession(Store& behind, unsigned every)
        : behind_(behind), every_(every), session_(behind.connect()) {}

    [[nodiscard]] Versioned read(const std::string& key) override {
      return session_->read(key);
    }

    [[nodiscard]] bool compare_and_set(const std::string& key, std::uint64_t seen,
                                       const std::string& value) override {
      const bool done = session_->compare_and_set(key, seen, value);
      if (!done || ++writes_ % every_ != 0) return done;
      session_ = behind_.connect();  // the old connection ends, and the answer with it
      throw StoreError("the connection was cut; whether the write was done is in doubt");
    }

   private:
    Store& behind_;
    const unsigned every_;
    unsigned writes_ = 0;
    std::unique_ptr<Session> session_;
  };

  Store& behind_;
  const unsigned every_;
};
