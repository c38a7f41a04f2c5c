// The runtime's own memory, apart from the program's: its containers must neither show up
// in a body's allocations nor keep a leaked block reachable. What libraries allocate for an
// explorer at work is here too, so that the C library's heap stays as the program left it.
//
// Threads     One at a time.
#pragma once

#include <cstddef>

namespace interleave {

[[nodiscard]] void* own_allocate(std::size_t size);
void own_release(void* block);
[[nodiscard]] std::size_t own_size(const void* block);  // at least what was asked for

// Whether `block` came from own_allocate: strings travel between the runtime and the program.
[[nodiscard]] bool is_own(const void* block);

}  // namespace interleave
