#include "interleave/runtime/own_heap.hpp"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "interleave/runtime/platform.hpp"
#include "interleave/runtime/real.hpp"

namespace interleave {
namespace {

// Of address space, which is mapped piece by piece: a fork copies the map of all that is.
constexpr std::size_t kCapacity = std::size_t{64} << 30U;
constexpr std::size_t kPiece = std::size_t{64} << 20U;
constexpr std::size_t kHeader = 16;

struct FreeBlock {
  FreeBlock* next;
};

// Blocks are powers of two; each size has its list of free ones.
struct Heap {
  std::uintptr_t top = machine::kOwnHeap;
  std::uintptr_t mapped = machine::kOwnHeap;  // up to here
  std::array<FreeBlock*, 48> free{};
};

constinit Heap heap;

[[noreturn]] void stop() {
  std::fputs("interleave: the explorer itself is out of memory\n", stderr);
  std::_Exit(3);
}

void map_up_to(std::uintptr_t end) {
  if (end > machine::kOwnHeap + kCapacity) stop();
  const std::size_t size = (end - heap.mapped + kPiece - 1) / kPiece * kPiece;
  void* const begin = reinterpret_cast<void*>(heap.mapped);
  void* const mapped = real().mmap(
      begin, size, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped != begin) stop();
  heap.mapped += size;
}

}  // namespace

void* own_allocate(std::size_t size) {
  const auto rank = static_cast<std::size_t>(std::bit_width(size + kHeader - 1));
  if (FreeBlock* block = heap.free[rank]) {
    heap.free[rank] = block->next;
    return block;
  }
  const std::uintptr_t block = heap.top;
  heap.top += std::size_t{1} << rank;
  if (heap.top > heap.mapped) map_up_to(heap.top);
  *reinterpret_cast<std::size_t*>(block) = rank;
  return reinterpret_cast<void*>(block + kHeader);
}

void own_release(void* block) {
  const std::size_t rank =
      *reinterpret_cast<std::size_t*>(reinterpret_cast<std::uintptr_t>(block) - kHeader);
  heap.free[rank] = new (block) FreeBlock{heap.free[rank]};
}

std::size_t own_size(const void* block) {
  const std::uintptr_t header = reinterpret_cast<std::uintptr_t>(block) - kHeader;
  return (std::size_t{1} << *reinterpret_cast<const std::size_t*>(header)) - kHeader;
}

bool is_own(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block) - machine::kOwnHeap < kCapacity;
}

}  // namespace interleave

// The library's containers use these; they are not visible outside it.
void* operator new(std::size_t size) { return interleave::own_allocate(size); }
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  if (interleave::is_own(block)) {
    interleave::own_release(block);
  } else {
    std::free(block);
  }
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
