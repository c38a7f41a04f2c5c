// A map from addresses to small records that is emptied before every schedule in constant time.
//
//   slots  [ key, round ] --> records (never move)       round != current: the slot is empty
//
// Threads     None: the runtime runs one thread at a time.
// Why not std::unordered_map: it frees and allocates each node again in every schedule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace interleave {

template <typename Record>
class AddressMap {
 public:
  // The record of `key`; a new one if there is none.
  Record& operator[](Address key) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slot_of(key);
    if (slot.round == round_) return *slot.record;
    if (size_ == records_.size()) records_.emplace_back();
    Record& record = records_[size_++];
    slot = {key, round_, &record};
    record = Record{};
    record.address = key;
    return record;
  }

  [[nodiscard]] Record* find(Address key) {
    if (slots_.empty()) return nullptr;
    Slot& slot = slot_of(key);
    return slot.round == round_ ? slot.record : nullptr;
  }

  void clear() {
    ++round_;
    size_ = 0;
  }

  template <typename Visit>
  void for_each(Visit visit) {
    for (std::size_t i = 0; i < size_; ++i) visit(records_[i]);
  }

 private:
  struct Slot {
    Address key = 0;
    std::uint64_t round = 0;
    Record* record = nullptr;
  };

  Slot& slot_of(Address key) {
    std::size_t at = (key * 0x9E37'79B9'7F4A'7C15U) >> 32U;
    for (;; ++at) {
      Slot& slot = slots_[at & (slots_.size() - 1)];
      if (slot.round != round_ || slot.key == key) return slot;
    }
  }

  void grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, Slot{});
    for (std::size_t i = 0; i < size_; ++i) {
      slot_of(records_[i].address) = {records_[i].address, round_, &records_[i]};
    }
  }

  std::vector<Slot> slots_;
  std::deque<Record> records_;
  std::uint64_t round_ = 1;
  std::size_t size_ = 0;
};

}  // namespace interleave
