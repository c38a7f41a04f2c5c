// Accounts that share money: transfers between two, audits over all.
//
//                 accounts_[0]       accounts_[1]       accounts_[2]
//                [mutex|balance]    [mutex|balance]    [mutex|balance]
//   transfer(0, 1)   locks ----------- locks
//   total()          locks ----------- locks ------------ locks
//
// Threads     Any thread, any function. Construct and destroy while no call is running.
// Progress    Blocking. Transfers between different pairs of accounts do not wait for one
//             another.
//
// Invariants
//   I1  A balance is read and written only while its account's mutex is held.
//   I2  Under all mutexes no transfer is seen half done: the balances sum to what was
//       there at first and what was paid in since.
//
// Edges       All are the mutexes': each unlock happens before the next lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "course/todo.hpp"

class Ledger {
 public:
  using Cents = std::int64_t;

  // `accounts` accounts, each with `each` cents.
  Ledger(std::size_t accounts, Cents each) : accounts_(accounts) {
    for (Account& account : accounts_) account.balance = each;
  }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Moves `amount` cents, at least 0, between two accounts that exist. Returns false, and
  // moves nothing, if `from` has less. A transfer from an account to itself changes nothing
  // and needs the money all the same.
  bool transfer(std::size_t from, std::size_t to, Cents amount) {
    // TODO 1: lock both accounts, or the one, in an order all threads share
    course::todo(1, from, to, amount);
  }

  // Pays `amount` cents, at least 0, into an account that exists.
  void deposit(std::size_t account, Cents amount) {
    const std::scoped_lock lock(accounts_[account].mutex);
    accounts_[account].balance += amount;
  }

  // What `account` holds now; another thread may have changed it by the time you look.
  [[nodiscard]] Cents balance(std::size_t account) {
    const std::scoped_lock lock(accounts_[account].mutex);
    return accounts_[account].balance;
  }

  // The sum of all balances at one moment: never with a transfer half done.
  [[nodiscard]] Cents total() {
    // TODO 2: hold every account, in the order all threads share, while you add
    course::todo(2);
  }

 private:
  // In bytes; of x86-64 and of most arm64.
  static constexpr std::size_t kCacheLine = 64;

  // On a cache line of its own, which tellers at its neighbours do not take away.
  struct alignas(kCacheLine) Account {
    std::mutex mutex;
    Cents balance = 0;  // I1
  };

  // Never resized: mutexes cannot move.
  std::vector<Account> accounts_;
};
