// Speed gate of exercise 2.2: the time two tellers need for many transfers, each between
// two accounts of its own. The accounts lie far apart, so that only locks can make the
// tellers wait.
#include <benchmark/benchmark.h>

#include <cstddef>

#include "course/gate.hpp"
#include "ledger.hpp"

namespace {

constexpr int transfers = 60'000;  // of each teller
constexpr std::size_t accounts = 64;

// Moves a cent to and fro.
void transfer_many(Ledger& ledger, std::size_t one, std::size_t other) {
  for (int i = 0; i < transfers; i += 2) {
    ledger.transfer(one, other, 1);
    ledger.transfer(other, one, 1);
  }
}

void DisjointTransfers(benchmark::State& state) {
  for (auto _ : state) {
    Ledger ledger(accounts, 100);
    course::together(2, [&](unsigned teller) {
      if (teller == 0) transfer_many(ledger, 0, 8);
      if (teller == 1) transfer_many(ledger, accounts - 9, accounts - 1);
    });
    if (ledger.total() != Ledger::Cents{100 * accounts} || ledger.balance(0) != 100) {
      return state.SkipWithError("money was lost or made");
    }
  }
}
BENCHMARK(DisjointTransfers)->Apply(course::gate);

}  // namespace
