// What the model knows about each 8 bytes of the program's memory.
//
//   address --> page (256 bytes of memory, 32 cells) --> cell { accesses, locations }
//
// Threads     None: one caller at a time.
// Cost        Pages stay between executions; a page is wiped when an execution first
//             touches it, so begin() only forgets which pages were used a moment ago.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace interleave {

inline constexpr std::uint32_t kNoIndex = ~std::uint32_t{0};
inline constexpr Address kCellBytes = 8;

struct Cell {
  std::uint32_t accesses = kNoIndex;  // first segment, in RaceDetector
  std::uint32_t location = kNoIndex;  // first atomic location, in Histories
};

class ShadowPages {
 public:
  ShadowPages();

  // Every cell is empty again.
  void begin();

  // The cell that holds `address`.
  [[nodiscard]] Cell& cell(Address address) {
    Cell* const recent = recent_cell(address);
    return recent != nullptr ? *recent : look_up(address);
  }
  // The same if its page was used a moment ago; else nullptr.
  [[nodiscard]] Cell* recent_cell(Address address) {
    const Address number = address / kPageBytes;
    const Recent& recent = recent_[number % kRecent];
    return recent.number == number ? &recent.page->cell(address) : nullptr;
  }

  // Calls visit(cell, address of the cell) for each cell that overlaps the range and was
  // touched in this execution.
  template <typename Visit>
  void for_each_touched(Address begin, std::uint64_t size, Visit visit) {
    const Address end = begin + size;
    if (size / kPageBytes > touched_.size()) {
      for (const PageIndex index : touched_) visit_page(index, begin, end, visit);
      return;
    }
    for (Address number = begin / kPageBytes; number * kPageBytes < end; ++number) {
      const std::uint32_t index = find(number);
      if (index != kNoIndex) visit_page(PageIndex{index}, begin, end, visit);
    }
  }

 private:
  static constexpr Address kPageBytes = 256;

  enum class PageIndex : std::uint32_t {};
  struct Page {
    Address number = 0;
    std::uint64_t execution = 0;
    std::array<Cell, kPageBytes / kCellBytes> cells;

    [[nodiscard]] Cell& cell(Address address) {
      return cells[address % kPageBytes / kCellBytes];
    }
  };
  enum class Slot : std::uint32_t {};

  // A thread goes to and fro between its stack and what it shares: each has its entry.
  static constexpr std::size_t kRecent = 64;
  static constexpr Address kNoPage = ~Address{0};
  struct Recent {
    Address number = kNoPage;
    Page* page = nullptr;  // touched in this execution
  };

  template <typename Visit>
  void visit_page(PageIndex index, Address begin, Address end, Visit visit) {
    Page& page = pages_[static_cast<std::uint32_t>(index)];
    Address address = page.number * kPageBytes;
    for (Cell& cell : page.cells) {
      if (address < end && address + kCellBytes > begin) visit(cell, address);
      address += kCellBytes;
    }
  }

  // Its page is a recent one then, wiped for this execution.
  Cell& look_up(Address address);
  [[nodiscard]] std::uint32_t find(Address number) const;  // kNoIndex if not touched
  [[nodiscard]] std::size_t slot_of(Address number) const;
  std::uint32_t add(Address number);
  void enlarge();

  std::uint64_t execution_ = 1;
  std::array<Recent, kRecent> recent_;
  std::deque<Page> pages_;          // they never move
  std::vector<Slot> slots_;         // open addressing; a page's index, or kNoIndex
  std::vector<PageIndex> touched_;  // in this execution
};

}  // namespace interleave
