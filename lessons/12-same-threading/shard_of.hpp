// From a key to the shard that owns it: two ways, which differ once a shard is added.
//
// Threads     Any thread: nothing is remembered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

// The bits of `key`, stirred: std::hash of a number is often the number itself, and then
// neighbours would be neighbours again.
template <typename Key>
[[nodiscard]] std::uint64_t stirred(const Key& key) {
  std::uint64_t bits = std::hash<Key>{}(key) + 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

//> region shard_of
// The remainder. With one shard more nearly every key has another remainder.
template <typename Key>
[[nodiscard]] std::size_t shard_by_remainder(const Key& key, std::size_t shards) {
  return stirred(key) % shards;
}

// J. Lamping, E. Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014). Think of
// shards that are added one by one: at the n-th a key moves there with probability 1/n, and
// else stays. The random numbers that decide are the key's own, so the loop jumps from one
// move of this key to its next. `shards` is at least 1.
template <typename Key>
[[nodiscard]] std::size_t shard_by_jump(const Key& key, std::size_t shards) {
  std::uint64_t random = stirred(key);
  std::size_t shard = 0;
  for (std::size_t next = 0; next < shards;) {
    shard = next;
    random = random * 2862933555777941757u + 1;
    const double draw = static_cast<double>((random >> 33) + 1) / 2147483648.0;  // (0, 1]
    next = static_cast<std::size_t>(static_cast<double>(shard + 1) / draw);
  }
  return shard;
}
//<
