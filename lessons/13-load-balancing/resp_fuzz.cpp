// Exercise 13.1's solution, fuzzed by libFuzzer: whatever bytes come, in whatever pieces, the
// verdict and the values are the same, and each byte is looked at a few times at most.
//
//   resp-fuzz -max_total_time=5
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "../../solutions/13-load-balancing/resp_parser.hpp"

namespace {

// Small limits, so that they are met.
constexpr RespLimits limits{.line = 40, .body = 100, .items = 20, .depth = 4};

struct Outcome {
  bool in_order = true;
  std::vector<Value> values;
};

Outcome parse(std::string_view bytes, std::size_t piece) {
  RespParser parser(limits);
  Outcome outcome;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    const std::string_view now = bytes.substr(i, piece);
    // A copy of just these bytes: AddressSanitizer sees a look beyond them.
    const std::vector<char> exactly(now.begin(), now.end());
    outcome.in_order = parser.feed({exactly.data(), exactly.size()}, [&](Value value) {
      outcome.values.push_back(std::move(value));
    });
  }
  if (parser.looked_at() > 4 * bytes.size() + 4) std::abort();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(bytes, bytes.size());
  const Outcome pieces = parse(bytes, piece);
  if (whole.in_order != pieces.in_order || whole.values != pieces.values) std::abort();
  return 0;
}
