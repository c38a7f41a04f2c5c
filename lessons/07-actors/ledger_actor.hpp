// Lesson 2's ledger as one actor: its messages are the operations, and there is no lock.
//
//   teller 1 --Transfer--.
//                         +--> [ mailbox ] --> the actor: balances_[0], balances_[1], ...
//   auditor  --Audit-----'
//
// Threads     Any thread may send and ask. The balances are the actor's own.
// Progress    That of Actor.
//
// Invariants
//   I1  A message is handled whole before the next one begins, so no audit sees a transfer
//       half done, and what a transfer looks at is still so when it acts.
//
// Edges       Those of Actor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <numeric>
#include <utility>
#include <variant>
#include <vector>

#include "actors.hpp"

using Cents = std::int64_t;

//> region messages
// Moves `amount` from one account to another, if there is as much.
struct Transfer {
  std::size_t from;
  std::size_t to;
  Cents amount;
};

// Asks for all balances, as they are between two messages.
struct Audit {
  std::promise<std::vector<Cents>> reply = {};
};

using LedgerMessage = std::variant<Transfer, Audit>;
//<

//> region ledger
class Balances {
 public:
  Balances(std::size_t accounts, Cents each) : balances_(accounts, each) {}

  void operator()(LedgerMessage message) {
    std::visit([this](auto& request) { this->handle(request); }, message);
  }

 private:
  void handle(const Transfer& transfer) {
    if (balances_[transfer.from] < transfer.amount) return;
    balances_[transfer.from] -= transfer.amount;
    balances_[transfer.to] += transfer.amount;
  }
  void handle(Audit& audit) { audit.reply.set_value(balances_); }

  std::vector<Cents> balances_;
};
//<
