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
// Subtrees (subtrees.cpp). A copy of the search can explore one ahead, before the walk comes
// to it; when it does, it counts what the copy ran.
//
//      o            the walk is here, goes left now and will go right later:
//     / |           # is given out as the walk will find it if nothing unforeseen happens,
//    o  #           which is with all that it explores there before asleep
//   /|
//
// What a schedule in a subtree wants of a decision above it, the copy may not decide, since other
// things will be wanted there by then: it gives notice, and the walk decides when it counts that
// schedule. If the walk finds a subtree otherwise than it was given out, or passes it, it is
// missed, and what the copy ran is forgotten. So the walk is the same with copies or without.
//
// Every step is compared with all before it, so a schedule may have kMostSteps at most;
// of a longer program this strategy explores one schedule and says so.
//
// Invariants
//   I1  path_[i].sleep and path_[i].ways[..].done are what was explored before the walk
//       came to decision i.
//   I2  Steps [0, fresh_) of order_ are the same as in the schedule before.
//   I3  A decision above a subtree that is given out stays as it was, but for what is wanted
//       there: once the walk leaves it, the subtree is missed.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
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

  // -- Subtrees, for the one that walks the whole tree ------------------------------------

  struct Subtree {
    std::uint32_t id = 0;
    std::string place;  // for explore_only
  };
  // What a schedule in a subtree means for the tree.
  struct Notice {
    enum class What : std::uint8_t {
      kWrote,  // the step that this way begins with had an effect
      kWant,   // this way is wanted, unless it is one of several and another is already
      kDiverged,  // as the members are named
      kTooLong,
      kLast,  // the subtree is explored
    };
    What what = What::kLast;
    bool or_next = false;  // kWant: or the next notice's, which is to be preferred
    std::uint32_t node = 0;
    std::uint32_t way = 0;
  };

  // One that is to come and is not given out: the nearest, but where the walk has explored the
  // choice before it for so many schedules, so that it is no small one itself.
  [[nodiscard]] std::optional<Subtree> give_out(std::uint64_t least);
  // The id of the given one that the walk has come to: its schedules are the next.
  [[nodiscard]] std::optional<std::uint32_t> given_here() const;
  // Of the schedule of that one which end_elsewhere will count.
  void hear(std::span<const Notice> notices);
  // ... and that it is the subtree's last one.
  [[nodiscard]] bool heard_last() const { return heard_last_; }
  [[nodiscard]] std::uint64_t tally() const override { return tally_; }
  void end_elsewhere(const ScheduleEnd& end, std::uint64_t tally) override;
  // All that its copy ran is counted, and the walk goes on where that has stopped.
  void adopt(std::string_view rest);
  // Its copy is lost: the walk begins it as if it had not been given out.
  void take_back(std::uint32_t id);
  // Those that were missed since this was asked last.
  [[nodiscard]] std::vector<std::uint32_t> take_missed() {
    return std::exchange(missed_, {});
  }
  [[nodiscard]] Reduced* tree() override { return this; }
  // Schedules, those included that were given up.
  [[nodiscard]] std::uint64_t walked() const { return walked_; }

  // -- ... and for its copies --------------------------------------------------------------

  // From now on: the schedules of this subtree, until finished().
  void explore_only(std::string_view place);
  // Of the schedule that ended last.
  [[nodiscard]] std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }
  // Between two schedules: what is left, for adopt().
  [[nodiscard]] std::string rest() const;

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
    std::uint64_t since = 0;     // walked_ when the walk came to what is chosen
    std::vector<Way> ways;       // kThread
    std::vector<Sleeper> sleep;  // kThread: on arrival
  };
  // To be explored by a copy, with all above `node`, which is the decision `index`.
  struct Given {
    std::uint32_t id = 0;
    std::size_t index = 0;
    Node node;
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
  void want_one_of(std::size_t index, const std::vector<std::uint32_t>& ways);
  void want_all(std::size_t index);
  bool advance(Node& node) const;
  void move_on();
  void note_end();

  [[nodiscard]] static bool waits(const Node& node);
  [[nodiscard]] std::optional<Subtree> give_out_below(std::size_t index);
  [[nodiscard]] Subtree give_out(std::size_t index, const Node& node);
  [[nodiscard]] Given* find_given(std::size_t index, std::size_t chosen);
  void miss(const Given& given);
  void miss_what_is_passed();
  [[nodiscard]] static bool as_given(const Node& given, const Node& found);
  static void write_node(std::string& bytes, const Node& node);
  void read_nodes(std::string_view bytes);

  std::vector<Node> path_;
  std::size_t depth_ = 0;
  HappensBefore order_;
  std::size_t step_ = 0;   // executed in this schedule
  std::size_t fresh_ = 0;  // the first step that differs from the schedule before
  std::vector<Sleeper> asleep_;
  std::vector<std::uint32_t> beginners_;  // scratch of want_reversal
  bool redundant_ = false;  // a sleeper had to run, with no other thread there
  bool finished_ = false;
  bool diverged_ = false;
  bool too_long_ = false;
  bool cut_ = false;  // a schedule did not follow a loop to its end
  // Two schedules may yet show one behaviour: where a step only sometimes had an effect, or
  // two steps depend on each other and leave the same either way.
  std::unordered_set<Behaviour, BehaviourHash> behaviours_;
  std::uint64_t tally_ = 0;  // what the schedule that ended last added to them
  std::uint64_t walked_ = 0;

  // For the walk.
  std::vector<Given> given_;  // by index
  std::vector<std::uint32_t> missed_;
  std::uint32_t next_id_ = 0;
  bool heard_last_ = false;
  // For a copy.
  std::size_t above_ = 0;  // so many decisions lead to its subtree; 0: the whole tree
  std::vector<Notice> notices_;
  std::set<std::pair<std::size_t, std::vector<std::uint32_t>>> noticed_;  // of kWant
};

}  // namespace interleave
