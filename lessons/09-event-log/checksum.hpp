// CRC-32C (Castagnoli): finds every error of up to three bits in a record of some megabytes, and
// every burst of up to 32. It does not protect from a person who changes a record on purpose.
//
// Source      G. Castagnoli, S. Bräuer and M. Herrmann (1993); its polynomial, reflected.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace checksum_detail {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) {
      rest = rest >> 1 ^ (rest % 2 == 1 ? 0x82f63b78U : 0U);
    }
    table[byte] = rest;
  }
  return table;
}
inline constexpr auto table = make_table();

}  // namespace checksum_detail

// The checksum of `bytes`; of several pieces one after the other, with the checksum of those
// before as `before`.
[[nodiscard]] constexpr std::uint32_t checksum(std::string_view bytes,
                                               std::uint32_t before = 0) noexcept {
  std::uint32_t rest = ~before;
  for (const char byte : bytes) {
    rest = rest >> 8 ^
           checksum_detail::table[(rest ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return ~rest;
}
static_assert(checksum("123456789") == 0xe3069283U, "the check value of CRC-32C");
