#include "gate/e_process.hpp"

#include <cstddef>

namespace course::gate {

void EProcess::add(bool bad) {
  const double sign = bad ? 1 : -1;
  for (std::size_t i = 0; i < lambdas.size(); ++i) {
    bad_[i] *= 1 + lambdas[i] * sign;
    good_[i] *= 1 - lambdas[i] * sign;
  }
}

}  // namespace course::gate
