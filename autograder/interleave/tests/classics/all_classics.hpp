// Every classic that there is, family by family.
#pragma once

#include <vector>

#include "classic.hpp"

namespace interleave::classics {

[[nodiscard]] inline std::vector<Classic> all_classics() {
  std::vector<Classic> all;
  for (const auto group : {mutual_exclusion(), publication(), reclamation(),
                           lock_free_containers(), waiting(), check_then_act()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace interleave::classics
