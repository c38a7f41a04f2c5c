// A hash of 64 bits that is the same in every process, on every machine.
//
// std::hash promises that for one run of one program only. A program that places keys on services
// must find them again: after a restart, from another machine, with another library.
//
// FNV-1a (Fowler, Noll and Vo, 1991), then the finaliser of SplitMix64 (Steele, Lea and Flood,
// 2014): FNV alone leaves the upper bits of short texts much alike.
#pragma once

#include <cstdint>
#include <string_view>

struct Hash64 {
  [[nodiscard]] std::uint64_t operator()(std::string_view text) const noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : text) {
      hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    }
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    return hash ^ (hash >> 31);
  }
};
