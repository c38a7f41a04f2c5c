#include "machine/usable_cores.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <fstream>
#include <set>
#include <string>

#include "machine/cpu_quota.hpp"

namespace course::machine {
namespace {

namespace fs = std::filesystem;

std::size_t within_quota(std::size_t cores, const fs::path& root) {
  const auto quota = cpu_quota(root);
  if (!quota || *quota >= static_cast<double>(cores)) return cores;
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::floor(*quota)));
}

// The logical cores that share a physical one with `core`, as the kernel writes them:
// "0,4" or "0-1". A machine that does not say so counts as one without sharing.
std::string siblings(unsigned core, const fs::path& root) {
  const std::string folder =
      "sys/devices/system/cpu/cpu" + std::to_string(core) + "/topology/";
  std::string list;
  if (std::ifstream(root / (folder + "core_cpus_list")) >> list) return list;
  if (std::ifstream(root / (folder + "thread_siblings_list")) >> list) return list;
  return std::to_string(core);
}

}  // namespace

std::vector<unsigned> allowed_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  std::vector<unsigned> cores;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0) {
    for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &mask)) cores.push_back(core);
    }
  }
  if (cores.empty()) cores.push_back(0);
  return cores;
}

unsigned usable_cores(const std::vector<unsigned>& allowed, const fs::path& root) {
  return static_cast<unsigned>(within_quota(allowed.size(), root));
}

unsigned usable_cores() noexcept {
  try {
    return usable_cores(allowed_cores());
  } catch (const std::exception&) {
    return 1;  // no memory left to read with
  }
}

std::vector<unsigned> gate_cores(const std::vector<unsigned>& allowed,
                                 const fs::path& root) {
  std::vector<unsigned> cores;
  std::set<std::string> taken;
  for (const unsigned core : allowed) {
    if (taken.insert(siblings(core, root)).second) cores.push_back(core);
  }
  cores.resize(within_quota(cores.size(), root));
  return cores;
}

}  // namespace course::machine
