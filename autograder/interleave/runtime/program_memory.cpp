#include "interleave/runtime/program_memory.hpp"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace interleave {
namespace {

// -- Variables --------------------------------------------------------------------------

struct Known {
  Variables variables;
  // Of the objects that have been loaded and unloaded so far.
  unsigned long long loaded = 0;
  unsigned long long unloaded = 0;
};

bool is_this_library(const dl_phdr_info& info) {
  const auto self = reinterpret_cast<Address>(&variables);
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    const Address begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD && self - begin < header.p_memsz) return true;
  }
  return false;
}

// Up to where the loader has made its variables read-only.
Address end_of_constants(const dl_phdr_info& info) {
  const auto page = static_cast<Address>(getpagesize());
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    if (header.p_type != PT_GNU_RELRO) continue;
    return (info.dlpi_addr + header.p_vaddr + header.p_memsz) & ~(page - 1);
  }
  return 0;
}

int add_variables(dl_phdr_info* info, std::size_t, void* result) {
  auto& all = *static_cast<Variables*>(result);
  if (is_this_library(*info)) return 0;
  const Address constants = end_of_constants(*info);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) == 0) continue;
    Address begin = info->dlpi_addr + header.p_vaddr;
    const Address end = begin + header.p_memsz;
    if (constants > begin && constants <= end) begin = constants;
    if (info->dlpi_addr == _r_debug.r_ldbase) {
      all.loader = {begin, end - begin};
    } else {
      all.program.push_back({begin, end - begin});
    }
  }
  return 0;
}

// Asks the first object only: each says how many there were.
int is_known(dl_phdr_info* info, std::size_t, void* result) {
  auto& known = *static_cast<Known*>(result);
  if (known.loaded == info->dlpi_adds && known.unloaded == info->dlpi_subs) return 1;
  known = {{}, info->dlpi_adds, info->dlpi_subs};
  return -1;
}

// -- Maps -------------------------------------------------------------------------------

AddressRange mapping_called(const char* name) {
  AddressRange found;
  char line[512];
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr) {
    Address low = 0;
    Address high = 0;
    if (std::strstr(line, name) == nullptr) continue;
    if (std::sscanf(line, "%lx-%lx", &low, &high) == 2) found = {low, high - low};
  }
  if (maps != nullptr) std::fclose(maps);
  return found;
}

}  // namespace

const Variables& variables() {
  static Known known;
  if (dl_iterate_phdr(is_known, &known) < 0) {
    dl_iterate_phdr(add_variables, &known.variables);
  }
  return known.variables;
}

Address end_of_main_stack() {
  static const Address end = mapping_called("[stack]").end();
  return end;
}

AddressRange heap_of_program() {
  static const Address begin = mapping_called("[heap]").begin;
  if (begin == 0) return {};
  return {begin, reinterpret_cast<Address>(sbrk(0)) - begin};
}

}  // namespace interleave
