#include "interleave/memory/shadow_pages.hpp"

namespace interleave {
namespace {

constexpr std::size_t kFirstSlots = 256;

std::size_t scattered(Address number) {
  return static_cast<std::size_t>((number * 0x9E3779B97F4A7C15ULL) >> 20);
}

}  // namespace

ShadowPages::ShadowPages() : slots_(kFirstSlots, Slot{kNoIndex}) {}

void ShadowPages::begin() {
  ++execution_;
  for (const PageIndex index : touched_) {
    recent_[pages_[static_cast<std::uint32_t>(index)].number % kRecent] = {};
  }
  touched_.clear();
}

std::size_t ShadowPages::slot_of(Address number) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = scattered(number) & mask;
  while (slots_[slot] != Slot{kNoIndex} &&
         pages_[static_cast<std::uint32_t>(slots_[slot])].number != number) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::uint32_t ShadowPages::find(Address number) const {
  const auto index = static_cast<std::uint32_t>(slots_[slot_of(number)]);
  if (index == kNoIndex || pages_[index].execution != execution_) return kNoIndex;
  return index;
}

std::uint32_t ShadowPages::add(Address number) {
  if (2 * pages_.size() >= slots_.size()) enlarge();
  const auto index = static_cast<std::uint32_t>(pages_.size());
  slots_[slot_of(number)] = Slot{index};
  pages_.emplace_back().number = number;
  return index;
}

void ShadowPages::enlarge() {
  slots_.assign(2 * slots_.size(), Slot{kNoIndex});
  for (std::uint32_t index = 0; index < pages_.size(); ++index) {
    slots_[slot_of(pages_[index].number)] = Slot{index};
  }
}

Cell& ShadowPages::look_up(Address address) {
  const Address number = address / kPageBytes;
  auto index = static_cast<std::uint32_t>(slots_[slot_of(number)]);
  if (index == kNoIndex) index = add(number);
  Page& page = pages_[index];
  if (page.execution != execution_) {
    page.execution = execution_;
    page.cells.fill(Cell{});
    touched_.push_back(PageIndex{index});
  }
  recent_[number % kRecent] = {number, &page};
  return page.cell(address);
}

}  // namespace interleave
