#include "interleave/memory/histories.hpp"

namespace interleave {
namespace {

bool overlaps(const AtomicLocation& location, Address begin, Address end) {
  return location.address < end && begin < location.address + location.size;
}

}  // namespace

void Histories::begin() {
  used_locations_ = used_stores_ = 0;
  free_stores_.clear();
  retired_hash_ = 0;
}

std::uint32_t Histories::locate(Address address, std::uint8_t size, Value held) {
  std::uint32_t index = find(pages_.cell(address), address);
  if (index == kNoIndex) {
    index = add(address);
    resize(locations_[index], size);
    restart(locations_[index], held);
    return index;
  }
  AtomicLocation& location = locations_[index];
  if (location.order.empty() || location.replaced || location.size != size ||
      store(location, location.order.size() - 1).value != held) {
    retire(location);
    resize(location, size);
    restart(location, held);
  }
  return index;
}

std::uint32_t& Histories::next_in(AtomicLocation& location, Address cell_address) {
  return location.address >= cell_address ? location.in_first_cell
                                          : location.in_second_cell;
}

std::uint32_t Histories::find(const Cell& cell, Address address) {
  const Address cell_address = address & ~(kCellBytes - 1);
  std::uint32_t index = cell.location;
  while (index != kNoIndex && locations_[index].address != address) {
    index = next_in(locations_[index], cell_address);
  }
  return index;
}

std::uint32_t Histories::add(Address address) {
  const std::uint32_t index = used_locations_++;
  if (index == locations_.size()) locations_.emplace_back();
  AtomicLocation& location = locations_[index];
  location.address = address;
  location.in_two_cells = false;
  location.rows = kZeroRow;
  location.dropped_hash = 0;
  location.order.clear();
  Cell& cell = pages_.cell(address);
  location.in_first_cell = cell.location;
  cell.location = index;
  return index;
}

void Histories::resize(AtomicLocation& location, std::uint8_t size) {
  location.size = size;
  if (location.in_two_cells || location.address % kCellBytes + size <= kCellBytes) return;
  location.in_two_cells = true;
  Cell& second = pages_.cell(location.address + kCellBytes);
  location.in_second_cell = second.location;
  second.location = static_cast<std::uint32_t>(&location - locations_.data());
}

void Histories::restart(AtomicLocation& location, Value held) {
  location.replaced = false;
  location.tidy_at = 0;
  if (location.rows == kZeroRow) {
    location.rows = clocks_.allocate(kLocationRows);
  } else {
    clocks_.wipe(location.rows, kLocationRows);
  }
  insert(location, 0).value = held;
}

// Its modification order is final: it goes into the hash.
void Histories::retire(AtomicLocation& location) {
  drop(location, location.order.size());
  if (location.dropped_hash != 0) retired_hash_ += mixed(location.dropped_hash, 0);
  location.dropped_hash = 0;
}

std::size_t Histories::newest_known(const AtomicLocation& location, const Time* clock) {
  std::size_t position = location.order.size() - 1;
  while (position > 0) {
    const Store& candidate = store(location, position);
    if (candidate.time == 0 || candidate.time <= clock[candidate.thread]) break;
    --position;
  }
  return position;
}

std::size_t Histories::oldest_readable(const AtomicLocation& location,
                                       const Time* clock) {
  std::size_t position = location.order.size() - 1;
  for (; position > 0; --position) {
    const Store& candidate = store(location, position);
    if (candidate.time == 0 || candidate.time <= clock[candidate.thread]) return position;
    const Time* first_read = clocks_[candidate.first_read()];
    for (ThreadId thread = 0; thread < clocks_.threads(); ++thread) {
      if (first_read[thread] != 0 && first_read[thread] <= clock[thread]) return position;
    }
  }
  return position;
}

Store& Histories::insert(AtomicLocation& location, std::size_t position) {
  StoreIndex index{used_stores_};
  Row rows = kZeroRow;
  if (!free_stores_.empty()) {
    index = free_stores_.back();
    free_stores_.pop_back();
    rows = stores_[static_cast<std::uint32_t>(index)].rows;
    clocks_.wipe(rows, kStoreRows);
  } else {
    if (++used_stores_ > stores_.size()) stores_.emplace_back();
    rows = clocks_.allocate(kStoreRows);
  }
  location.order.insert(location.order.begin() + static_cast<std::ptrdiff_t>(position),
                        index);
  Store& blank = stores_[static_cast<std::uint32_t>(index)];
  blank = Store{};
  blank.rows = rows;
  return blank;
}

void Histories::drop(AtomicLocation& location, std::size_t stores) {
  for (std::size_t position = 0; position < stores; ++position) {
    const Store& old = store(location, position);
    if (old.id != kInitial) location.dropped_hash = mixed(location.dropped_hash, old.id);
    clocks_.join(location.dropped_fences(), old.fences());
    clocks_.join(location.dropped_fences(), old.readers_fences());
    clocks_.join(location.dropped_sequential(), old.readers());
    Time* sequential = clocks_[location.dropped_sequential()];
    if (old.sequential > 0 && old.sequential > sequential[old.thread]) {
      sequential[old.thread] = old.sequential;
    }
    free_stores_.push_back(location.order[position]);
  }
  location.order.erase(location.order.begin(),
                       location.order.begin() + static_cast<std::ptrdiff_t>(stores));
}

void Histories::replace(Address begin, std::uint64_t size) {
  const Address end = begin + size;
  for (Address at = begin & ~(kCellBytes - 1); at < end; at += kCellBytes) {
    for (std::uint32_t index = pages_.cell(at).location; index != kNoIndex;
         index = next_in(locations_[index], at)) {
      if (overlaps(locations_[index], begin, end)) locations_[index].replaced = true;
    }
  }
}

void Histories::forget(const Cell& cell, Address cell_address, Address begin,
                       Address end) {
  for (std::uint32_t index = cell.location; index != kNoIndex;
       index = next_in(locations_[index], cell_address)) {
    if (overlaps(locations_[index], begin, end)) retire(locations_[index]);
  }
}

std::uint64_t Histories::hash() {
  std::uint64_t total = retired_hash_;
  for (std::uint32_t index = 0; index < used_locations_; ++index) {
    const AtomicLocation& location = locations_[index];
    std::uint64_t order = location.dropped_hash;
    for (std::size_t position = 0; position < location.order.size(); ++position) {
      const Store& one = store(location, position);
      if (one.id != kInitial) order = mixed(order, one.id);
    }
    if (order != 0) total += mixed(order, 0);
  }
  return total;
}

}  // namespace interleave
