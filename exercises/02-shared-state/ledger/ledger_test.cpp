// Tests of exercise 2.2. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
#include <cstddef>
#include <cstdint>
#include <ledger.hpp>  // in <>, so that the include path decides whose it is
#include <thread>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// A transfer takes from one account what it gives to the other.
STEP_TEST(1, Ledger, MovesMoney, "atomicity") {
  explore([] {
    Ledger ledger(2, 100);
    check(ledger.transfer(0, 1, 30), "there was enough to transfer");
    check(ledger.balance(0) == 70, "the giver must have 30 less");
    check(ledger.balance(1) == 130, "the receiver must have 30 more");
  });
}

// Without enough money nothing moves.
STEP_TEST(1, Ledger, RefusesToOverdraw, "check then act") {
  explore([] {
    Ledger ledger(2, 100);
    check(!ledger.transfer(0, 1, 101), "101 of 100 cannot be transferred");
    check(ledger.balance(0) == 100 && ledger.balance(1) == 100, "nothing may have moved");
    check(ledger.transfer(1, 0, 100), "all of it can");
  });
}

// A transfer to oneself ends, and changes nothing.
STEP_TEST(1, Ledger, TransferToOneselfChangesNothing, "misuse") {
  explore([] {
    Ledger ledger(1, 100);
    check(ledger.transfer(0, 0, 30), "the money is there");
    check(ledger.transfer(0, 0, 100), "and all of it is");
    check(!ledger.transfer(0, 0, 101), "this much is not");
    check(ledger.balance(0) == 100, "the balance must be what it was");
  });
}

// Two transfers the same way between the same accounts: both count.
STEP_TEST(1, Ledger, TransfersAddUp, "data race") {
  explore([] {
    Ledger ledger(2, 100);
    {
      std::jthread teller([&] { ledger.transfer(0, 1, 10); });
      ledger.transfer(0, 1, 20);
    }
    check(ledger.balance(0) == 70, "the giver paid twice");
    check(ledger.balance(1) == 130, "the receiver was paid twice");
  });
}

// Two transfers in opposite directions both end.
STEP_TEST(3, Ledger, OppositeTransfersEnd, "lock order") {
  explore([] {
    Ledger ledger(2, 100);
    {
      std::jthread teller([&] { ledger.transfer(1, 0, 10); });
      ledger.transfer(0, 1, 30);
    }
    check(ledger.balance(0) == 80 && ledger.balance(1) == 120,
          "both transfers must count");
  });
}

// Three transfers around a circle of accounts all end.
STEP_TEST(3, Ledger, TransfersRoundACircleEnd, "lock order") {
  explore([] {
    Ledger ledger(3, 100);
    {
      std::jthread teller1([&] { ledger.transfer(0, 1, 10); });
      std::jthread teller2([&] { ledger.transfer(1, 2, 10); });
      ledger.transfer(2, 0, 10);
    }
    for (std::size_t account = 0; account < 3; ++account) {
      check(ledger.balance(account) == 100, "each account paid 10 and was paid 10");
    }
  });
}

// Tellers who meet wait by sleeping: none takes a lock, finds the next one taken, lets go
// and tries again. `std::scoped_lock` of both lets go too, and then sleeps until it has the
// one that was taken: a few locks more, which are allowed.
STEP_TEST(3, Ledger, WhoWaitsSleeps, "busy waiting") {
  interleave::Options options;
  options.spurious = false;  // try_lock fails only where the lock is taken
  explore(
      [] {
        Ledger ledger(2, 100);
        std::jthread teller([&] { ledger.transfer(1, 0, 10); });
        const interleave::Cost cost("transfer that meets another");
        ledger.transfer(0, 1, 30);
        check(cost.counts().locks <= 30,
              "a transfer that had to wait took a lock again and again instead of "
              "sleeping");
      },
      options);
}

// The last of the money goes to one of two transfers, never to both.
STEP_TEST(1, Ledger, MoneyIsSpentOnce, "check then act") {
  explore([] {
    Ledger ledger(3, 100);
    bool first = false;
    bool second = false;
    {
      std::jthread teller([&] { first = ledger.transfer(0, 1, 100); });
      second = ledger.transfer(0, 2, 100);
    }
    check(first != second, "exactly one of the two transfers may succeed");
    check(ledger.balance(0) == 0, "an account must never be overdrawn");
  });
}

// A transfer locks its two accounts and no other.
STEP_TEST(1, Ledger, CostOfATransfer, "contention") {
  explore([] {
    Ledger ledger(8, 100);
    const interleave::Cost cost("transfer");
    ledger.transfer(6, 1, 10);
  });
}

// Any two of many accounts have two locks, so that tellers who do not meet do not wait.
STEP_TEST(1, Ledger, NoTwoAccountsShareALock, "contention") {
  explore([] {
    constexpr std::size_t accounts = 64;
    Ledger ledger(accounts, 100);
    const interleave::Cost cost("transfers between any two");
    for (std::size_t from = 0; from < accounts; ++from) {
      for (std::size_t to = from + 1; to < accounts; ++to) {
        const std::uint64_t before = cost.counts().locks;
        ledger.transfer(from, to, 1);
        check(!interleave::explores_schedules() || cost.counts().locks >= before + 2,
              "two accounts share one lock: their tellers wait for each other");
      }
    }
  });
}

// A file that was begun in this course's first edition has no deposit, and must say so rather
// than not compile.
template <typename AnyLedger>
void deposit(AnyLedger& ledger, std::size_t account, Ledger::Cents amount) {
  if constexpr (requires { ledger.deposit(account, amount); }) {
    ledger.deposit(account, amount);
  } else {
    check(false, "Ledger has no deposit: see the starter, autograder/course reset 2.2");
  }
}

// The total is the sum of the balances, equal or not, and of what is paid in later.
STEP_TEST(2, Ledger, AddsUpWhatIsThere, "atomicity") {
  explore([] {
    Ledger ledger(3, 100);
    deposit(ledger, 1, 1000);
    check(ledger.total() == 1300, "what was paid in must be counted");
    ledger.transfer(1, 2, 700);
    deposit(ledger, 0, 5);
    check(ledger.total() == 1305, "what was paid in must be counted, wherever it is");
  });
}

// An audit beside a deposit counts all of it or none, and beside transfers still no half.
STEP_TEST(2, Ledger, AuditSeesADepositOrNot, "atomicity") {
  explore([] {
    Ledger ledger(2, 100);
    std::jthread teller([&] {
      ledger.transfer(0, 1, 30);
      deposit(ledger, 0, 50);
    });
    const Ledger::Cents sum = ledger.total();
    check(sum == 200 || sum == 250, "the audit saw money that never was there");
    teller.join();
    check(ledger.total() == 250, "after the deposit the total has grown by it");
  });
}

// The total is the sum of the balances.
STEP_TEST(2, Ledger, AddsUpEveryAccount, "atomicity") {
  explore([] {
    Ledger ledger(3, 100);
    ledger.transfer(0, 2, 50);
    check(ledger.total() == 300, "three accounts of 100 make 300, wherever the money is");
  });
}

// An audit during a transfer sees it not begun or done, never half done.
STEP_TEST(2, Ledger, AuditNeverSeesHalfATransfer, "atomicity") {
  explore([] {
    Ledger ledger(2, 100);
    std::jthread teller([&] { ledger.transfer(0, 1, 30); });
    check(ledger.total() == 200, "the audit saw money that was on its way");
  });
}

// Money that moves ahead of the audit, or behind it, is counted once.
STEP_TEST(2, Ledger, AuditCountsMovingMoneyOnce, "atomicity") {
  explore([] {
    Ledger ledger(3, 100);
    std::jthread teller([&] { ledger.transfer(2, 0, 30); });
    check(ledger.total() == 300, "the audit counted the same money twice, or not at all");
  });
}

// Audits and transfers wait for one another only for a time.
STEP_TEST(3, Ledger, AuditAndTransferEnd, "lock order") {
  explore([] {
    Ledger ledger(2, 100);
    std::jthread teller([&] { ledger.transfer(1, 0, 10); });
    std::jthread auditor([&] { (void)ledger.total(); });
    (void)ledger.total();
  });
}

}  // namespace
