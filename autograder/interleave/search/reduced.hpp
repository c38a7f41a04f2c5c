// "reduced": every behaviour once, not every schedule. Source sets and sleep sets
// (Abdulla, Aronis, Jonsson, Sagonas 2014).
//
//   run a schedule  -->  for each race in it, ask: is the other order begun at that
//                        decision already? if not, want one thread that begins it
//                   -->  back to the last decision that still wants something
//
// Sleep sets keep a behaviour from coming twice: a thread whose next step was explored
// from here sleeps in what is explored next, until a step that its own depends on. A
// schedule in which only sleepers are left is given up.
//
// Beside the paper
//   Blocking     A step that waits may be in a race with a step that it could not have
//                come before (unlock, lock). All dependent steps are looked at, not the
//                latest alone, so that the one which it could come before is found as well
//                (lock, lock). Where no thread can begin the other order, nothing is wanted.
//   Choices      Which store is read, which place taken, who is woken, whether something
//                fails for no reason: part of the step. All are tried before its thread
//                goes to sleep.
//   Failures     A schedule that ends early hides what its threads would have done.
//                All threads are wanted at each of its decisions.
//
//   Spinning     The runtime stops a thread that goes around in a circle until anything
//                changes, so how often it went around may differ for one behaviour. Not every
//                such number is shown; what happens between the rounds is. A loop that counts
//                its rounds is no circle; one that is too long to follow makes the search one
//                that is not exhaustive.
//
// Every step is compared with all before it, so a schedule may have kMostSteps at most;
// of a longer program this strategy explores one schedule and says so.
//
// Invariants
//   I1  path_[i].sleep and path_[i].ways[..].done are what was explored before the walk
//       came to decision i.
//   I2  Steps [0, fresh_) of order_ are the same as in the schedule before.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "interleave/search/happens_before.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

class Reduced : public Strategy {
 public:
  static constexpr std::size_t kMostSteps = 1000;

  void begin_schedule() override;
  std::size_t choose(const Decision& decision) override;
  void executed(const Operation& operation, bool wrote) override;
  [[nodiscard]] bool wants_operations() const override { return true; }
  void end_schedule(const ScheduleEnd& end) override;
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] bool exhaustive() const override {
    return finished_ && !diverged_ && !too_long_ && !cut_;
  }
  [[nodiscard]] std::string coverage() const override;
  [[nodiscard]] std::string_view name() const override { return "reduced"; }

 private:
  struct Sleeper {
    Operation pending;
    bool wrote = false;  // wherever it was explored: false if it only read each time
  };
  // A thread that could run at a decision.
  struct Way {
    Operation pending;
    bool wanted = false;
    bool done = false;
    bool wrote = false;
  };
  struct Node {
    DecisionKind kind = DecisionKind::kThread;
    std::size_t chosen = 0;
    std::size_t step = 0;  // of the step that it decides about
    std::size_t alternatives = 0;
    std::vector<Way> ways;       // kThread
    std::vector<Sleeper> sleep;  // kThread: on arrival
  };
  struct Behaviour {
    std::uint64_t fingerprint = 0;
    bool operator==(const Behaviour&) const = default;
  };
  struct BehaviourHash {
    std::size_t operator()(const Behaviour& one) const { return one.fingerprint; }
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::size_t choose_again(Node& node, const Decision& decision);
  std::size_t choose_first(const Decision& decision);
  void leave_asleep(const Node& node);
  [[nodiscard]] static bool sleeps(const std::vector<Sleeper>& sleepers, ThreadId thread);
  [[nodiscard]] std::size_t node_before(std::size_t step) const;
  [[nodiscard]] std::uint64_t note_choices(bool wrote);
  void want_reversals();
  void want_reversal(std::size_t earlier, std::size_t later);
  void want_everything();
  bool advance(Node& node);

  std::vector<Node> path_;
  std::size_t depth_ = 0;
  HappensBefore order_;
  std::size_t step_ = 0;   // executed in this schedule
  std::size_t fresh_ = 0;  // the first step that differs from the schedule before
  std::vector<Sleeper> asleep_;
  bool redundant_ = false;  // a sleeper had to run, with no other thread there
  bool finished_ = false;
  bool diverged_ = false;
  bool too_long_ = false;
  bool cut_ = false;  // a schedule did not follow a loop to its end
  // Two schedules may yet show one behaviour: where a step only sometimes had an effect, or
  // two steps depend on each other and leave the same either way.
  std::unordered_set<Behaviour, BehaviourHash> behaviours_;
};

}  // namespace interleave
