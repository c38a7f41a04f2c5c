// Speed gates of exercise 2.2: the time that tellers need for many transfers, each teller
// between two accounts of its own. Different tellers' accounts lie far apart, so that only
// locks can make them wait.
#include <benchmark/benchmark.h>

#include <cstddef>

#include "course/gate.hpp"
#include "ledger.hpp"

namespace {

// Of all tellers together: long enough that starting the threads does not count.
constexpr std::size_t transfers = 480'000;
constexpr std::size_t accounts_between_tellers = 32;

// Moves a cent to and fro.
void transfer_many(Ledger& ledger, std::size_t teller, std::size_t times) {
  const std::size_t one = teller * accounts_between_tellers;
  const std::size_t other = one + accounts_between_tellers / 2;
  for (std::size_t i = 0; i < times; i += 2) {
    ledger.transfer(one, other, 1);
    ledger.transfer(other, one, 1);
  }
}

void transfer_by(unsigned tellers, benchmark::State& state) {
  const std::size_t accounts = tellers * accounts_between_tellers;
  for (auto _ : state) {
    Ledger ledger(accounts, 100);
    course::together(tellers, [&](unsigned teller) {
      transfer_many(ledger, teller, transfers / tellers);
    });
    const auto expected = static_cast<Ledger::Cents>(100 * accounts);
    if (ledger.total() != expected || ledger.balance(0) != 100) {
      return state.SkipWithError("money was lost or made");
    }
  }
}

void DisjointTransfers(benchmark::State& state) { transfer_by(2, state); }
BENCHMARK(DisjointTransfers)->Apply(course::gate);

void MoreTellers(benchmark::State& state) { transfer_by(course::threads(), state); }
BENCHMARK(MoreTellers)->Apply(course::gate);

}  // namespace
