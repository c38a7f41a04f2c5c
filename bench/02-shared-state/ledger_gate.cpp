// Speed gate of exercise 2.2: the time two tellers need for many transfers, each between
// two accounts of its own. The accounts lie far apart, so that only locks can make the
// tellers wait.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <latch>
#include <thread>

#include "ledger.hpp"

namespace {

constexpr int transfers = 4'000;
constexpr std::size_t accounts = 64;

// Moves a cent to and fro.
void transfer_many(Ledger& ledger, std::size_t one, std::size_t other,
                   std::latch& both_ready) {
  both_ready.arrive_and_wait();
  for (int i = 0; i < transfers; i += 2) {
    ledger.transfer(one, other, 1);
    ledger.transfer(other, one, 1);
  }
}

void DisjointTransfers(benchmark::State& state) {
  for (auto _ : state) {
    Ledger ledger(accounts, 100);
    std::latch both_ready(2);
    std::jthread one([&] { transfer_many(ledger, 0, 8, both_ready); });
    std::jthread two(
        [&] { transfer_many(ledger, accounts - 9, accounts - 1, both_ready); });
    one.join();
    two.join();
    if (ledger.total() != Ledger::Cents{100 * accounts} || ledger.balance(0) != 100) {
      return state.SkipWithError("money was lost or made");
    }
  }
}
BENCHMARK(DisjointTransfers)->UseRealTime();

}  // namespace
