// A range reduced by a team: cut in two until a piece is small enough, combined in order.
//
//                     [ 0 ... 8 )
//              [ 0 .. 4 )     [ 4 .. 8 )  <- forked: any thread of the team may run it
//            [0 2)   [2 4)  [4 6)   [6 8)    pieces: no longer than the grain
//              \       /      \       /
//               combine        combine
//                     \       /
//                      combine               always left with right
//
// Threads     The leader of the team, and the calls that it runs: a piece may call
//             parallel_reduce itself.
// Progress    The caller returns when every piece has ended. While it waits it runs other
//             pieces, and sleeps only if there is none.
//
// Invariants
//   I1  A piece belongs to one call, and only its result leaves it.
//   I2  A half lives on the stack of the call that forked it, which does not leave before the
//       half is over: after that, the half's thread touches it no more.
//   I3  Results are combined with their neighbours, in the order of the range. `combine` is
//       associative; it need not be commutative.
//
// Edges       FORK  the team's, from fork to run
//             OVER  run stores over_  -->  the thread that waits loads it, and takes the result
//
// Left out    Choosing the grain: lesson 11 measures it. A deque for each thread: exercise 11.2.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "course/todo.hpp"
#include "team.hpp"

// A function that the team runs; see below.
template <typename Value, typename AnyTeam, typename Function>
class Forked;

// `piece(first, last)` for the whole range, put together from pieces: each of at most `grain`
// elements and, where there are several, of at least half as many. An empty range is one
// piece; a grain of 0 counts as 1. `combine(left, right)` of two neighbours gives the piece
// that both make up. Values are moved, never copied. Both functions may throw anything: when
// every piece has ended, what the first of them in the range threw is thrown.
template <typename AnyTeam, typename Piece, typename Combine>
[[nodiscard]] auto parallel_reduce(AnyTeam& team, std::size_t first, std::size_t last,
                                   std::size_t grain, const Piece& piece,
                                   const Combine& combine)
    -> std::invoke_result_t<const Piece&, std::size_t, std::size_t> {
  // TODO 1: halve down to the grain, and combine
  course::todo(1, team, first, last, grain, piece, combine);
}

// A function that the team runs, by whichever of its threads, while this object lives.
//
// Never inlined, since it lives on a stack: Clang 14's hooks leave out what a function does
// with the members of its own local variables, and the explorer would miss what races here.
template <typename Value, typename AnyTeam, typename Function>
class Forked final : public Call {
 public:
  [[gnu::noinline]] Forked(AnyTeam& team, const Function& function)
      : team_(team), function_(function) {
    team_.fork(*this);
  }

  // Called once, by the team.
  void run() noexcept override {
    // TODO 2: keep what the function gives, then say that it is over, and wake
    course::todo(2, function_);
  }

  // What the function gave, or throws what it threw. Once.
  [[nodiscard, gnu::noinline]] Value result() {
    // TODO 2: wait until it is over, and help meanwhile; then give the result
    course::todo(2);
  }

  // Waits if no thread has waited for the result: the left half threw.
  [[gnu::noinline]] ~Forked() {
    if (over_.load(std::memory_order_acquire)) return;  // OVER, acquire: as in wait
    // TODO 3: a thread of the team may still run this, or be about to
    course::todo(3);
  }

 private:
  // Written by the thread that forked this.
  AnyTeam& team_;
  const Function& function_;

  // Written by the thread that runs it, before over_.
  std::optional<Value> result_;
  std::exception_ptr error_;
  std::atomic<bool> over_ = false;
};
