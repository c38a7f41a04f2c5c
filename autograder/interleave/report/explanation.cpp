#include "interleave/report/explanation.hpp"

#include <algorithm>
#include <set>

#include "interleave/report/states.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

std::string listed(const std::set<Address>& locks, const Naming& naming) {
  std::string out;
  for (const Address lock : locks)
    out += (out.empty() ? "" : " and ") + naming.object(lock);
  return out.empty() ? "no lock" : out;
}

class Explainer {
 public:
  Explainer(const Failure& failure, const Trace& trace, const Naming& naming,
            const Mistake& mistake, const StepName& step_name)
      : failure_(failure),
        trace_(trace),
        naming_(naming),
        mistake_(mistake),
        step_name_(step_name) {}

  Explanation explain() {
    out_.headline = failure_.kind == FailureKind::kCheck
                        ? "check failed"  // "check after 8 steps" names no failure
                        : std::string(name_of(failure_.kind));
    std::string message = failure_.message;
    switch (failure_.kind) {
      case FailureKind::kRace:
        if (const std::string freed = message_of_freed(); !freed.empty()) message = freed;
        message = explain_race() + message;
        break;
      case FailureKind::kDeadlock:
        if (const Waiting* sleeper = first_sleeper(); sleeper != nullptr) {
          message = explain_sleeper(*sleeper);
        } else {
          out_.concept_name = is_cycle_of_locks() ? "lock order" : "deadlock";
        }
        explain_waiting();
        break;
      case FailureKind::kLostWakeUp:
        out_.concept_name = "lost wake-up";
        explain_waiting();
        break;
      case FailureKind::kLivelock:
        out_.concept_name = "livelock";
        explain_waiting();
        break;
      case FailureKind::kMisuse:
        out_.concept_name = "misuse";
        explain_misuse();
        break;
      case FailureKind::kLeak:
        explain_leak();
        break;
      case FailureKind::kUseAfterFree:
      case FailureKind::kDoubleFree:
        explain_lifetime();
        break;
      case FailureKind::kCheck:
      case FailureKind::kException:
      case FailureKind::kCrash:
        if (failure_.kind != FailureKind::kCheck) say_where();
        explain_check();
        break;
      case FailureKind::kUnsupported:
        say_where();
        break;
      default:
        break;
    }
    if (!message.empty()) out_.lines.insert(out_.lines.begin(), message);
    const std::string held = explain_held_too_long();
    if (!held.empty()) out_.lines.insert(out_.lines.begin(), held);
    explain_old_values();
    return std::move(out_);
  }

 private:
  void say(std::string line) { out_.lines.push_back(std::move(line)); }

  [[nodiscard]] std::string who(ThreadId id) const { return naming_.thread(id); }

  [[nodiscard]] std::string where(std::uint32_t number) const {
    const Step* step = step_at(trace_, number);
    if (step == nullptr) return {};
    const Frame frame = naming_.place(step->stack);
    const std::string location = Naming::location(frame);
    const std::string text = naming_.text(frame);
    if (location.empty()) return {};
    return text.empty() ? "  " + location : "  " + location + "   " + text;
  }

  // Of a deadlock that is no cycle of locks: who sleeps until it is told something.
  [[nodiscard]] const Waiting* first_sleeper() const {
    if (!failure_.cycle.empty()) return nullptr;
    const auto found = std::find_if(
        failure_.waiting.begin(), failure_.waiting.end(), [](const Waiting& waiting) {
          const OperationKind kind = waiting.operation.kind;
          return !is_lock(kind) && kind != OperationKind::kThreadJoin;
        });
    return found == failure_.waiting.end() ? nullptr : &*found;
  }

  // Only the test knows what a thread that was never notified should have been told.
  std::string explain_sleeper(const Waiting& sleeper) {
    if (is_on_descriptor(sleeper.operation.kind)) out_.concept_name = "deadlock";
    if (!slept_again(sleeper, trace_, naming_)) {
      return who(sleeper.thread) + " sleeps, and no thread is left that could wake it";
    }
    out_.concept_name = "check then act";
    const Step* notify = step_at(trace_, sleeper.last_notify);
    const std::string by = naming_.place(notify->stack).function;
    return (by.empty() ? step_name_(sleeper.last_notify) : by) + " woke " +
           who(sleeper.thread) +
           "; it checks its condition before the wait, and not in it";
  }

  void explain_check() {
    const Step* step = mistake_.step;
    if (step != nullptr && step->operation.kind == OperationKind::kSleep) {
      out_.concept_name = "busy waiting";
      say(who(step->operation.thread) + " sleeps for a time, and looks again" +
          where(step->number));
      return;
    }
    const auto [wake, how] = acted_when_woken(trace_, naming_);
    if (wake == nullptr) return;
    out_.concept_name = "check then act";
    say(who(wake->operation.thread) + " was woken " + how + " in " +
        step_name_(wake->number) + " and continued without another look" +
        where(wake->number));
  }

  // Where the failing call stands.
  [[nodiscard]] std::string failing_line() const {
    const Frame frame = naming_.place(failure_.stack);
    if (frame.file.empty()) return {};
    return "   " + Naming::location(frame) + "   " + naming_.text(frame);
  }

  void say_where() {
    const std::string line = failing_line();
    if (!line.empty()) say("It happened here:" + line);
  }

  void explain_misuse() {
    if (failure_.object == 0) return say_where();
    say("It is about " + naming_.object(failure_.object) + failing_line());
    for (auto step = trace_.steps.rbegin(); step != trace_.steps.rend(); ++step) {
      const OperationKind kind = step->operation.kind;
      const bool takes =
          kind == OperationKind::kLock || kind == OperationKind::kTryLock ||
          kind == OperationKind::kLockShared || kind == OperationKind::kTryLockShared;
      if (step->operation.object != failure_.object) continue;
      if (kind == OperationKind::kClose) {
        if (step->number == failure_.step) continue;
        say(who(step->operation.thread) + " closed it in " + step_name_(step->number) +
            where(step->number));
        return;
      }
      if (kind == OperationKind::kUnlock || kind == OperationKind::kUnlockShared) return;
      if (!takes || !step->succeeded || step->blocked) continue;
      say(who(step->operation.thread) + " took it in " + step_name_(step->number) +
          where(step->number));
      return;
    }
  }

  // What an access does: memory is made and freed by writing to it, as it were.
  [[nodiscard]] std::string verb_of(const Access& access) const {
    const Step* step = step_at(trace_, access.step);
    const OperationKind kind =
        step == nullptr ? OperationKind::kYield : step->operation.kind;
    if (kind == OperationKind::kAllocate) return " allocates ";
    if (kind == OperationKind::kRelease) return " frees ";
    if (is_lock(kind) || kind == OperationKind::kNotifyOne ||
        kind == OperationKind::kNotifyAll || kind == OperationKind::kConditionWait) {
      return " uses ";
    }
    return access.write ? " writes " : " reads ";
  }

  // The failure counts freeing as writing; a person looks for another mistake then. Empty if
  // neither access frees.
  [[nodiscard]] std::string message_of_freed() const {
    if (failure_.accesses.size() < 2) return "";
    for (const auto& [frees, other] :
         {std::pair{&failure_.accesses[0], &failure_.accesses[1]},
          std::pair{&failure_.accesses[1], &failure_.accesses[0]}}) {
      if (verb_of(*frees) != " frees ") continue;
      std::string verb = verb_of(*other);
      verb.pop_back();
      return who(frees->thread) + " frees memory that " + who(other->thread) + verb +
             ", and nothing orders the two";
    }
    return "";
  }

  // What a check of the test says of it, ended by a colon; empty if none does.
  std::string explain_race() {
    out_.concept_name = "data race";
    if (failure_.accesses.size() < 2) return "";
    for (const Access& access : failure_.accesses) {
      say(who(access.thread) + verb_of(access) + naming_.object(access.address) +
          (access.atomic ? " (atomic)" : "") + " in " + step_name_(access.step) +
          where(access.step));
    }
    const BrokenEdge edge = broken_edge(failure_, trace_, &naming_);
    if (edge.store != nullptr) {
      explain_broken_edge(edge);
      return "";
    }
    explain_locks();
    const std::string said = sentence_of_test();
    if (said.empty()) return "";
    out_.concept_name.clear();  // the test has one for what it says
    return said + ": ";
  }

  // What the test's own check says in which an access stands. Not where its thread relied on an
  // atomic: then an order is missing, and not a look.
  [[nodiscard]] std::string sentence_of_test() const {
    if (!message_of_freed().empty()) return "";
    for (const Access& access : failure_.accesses) {
      const Step* look = looked_at_last(access, trace_, naming_);
      if (look == nullptr || is_atomic(look->operation.kind)) continue;
      const Frame place = naming_.place(step_at(trace_, access.step)->stack);
      std::string said = naming_.sentence_of_check(place);
      if (!said.empty()) return said;
    }
    return "";
  }

  void explain_broken_edge(const BrokenEdge& edge) {
    const std::string object = naming_.object(edge.load->operation.object);
    if (edge.too_early) {
      out_.concept_name = "published too early";
      say(who(edge.load->operation.thread) + " saw " + who(edge.store->operation.thread) +
          "'s store to " + object + " (" + step_name_(edge.load->number) + " read " +
          step_name_(edge.store->number) + "), which " +
          (edge.still_read ? "released what was still to be read."
                           : "came before what it announces."));
      return;
    }
    out_.concept_name = "release without acquire";
    const bool released = releases(edge.store->operation.order);
    const bool acquired = acquires(edge.load->operation.order);
    std::string missing = "the store must be a release";
    if (released) missing = "the load must be an acquire";
    if (!released && !acquired)
      missing = "the store must be a release and the load an acquire";
    say("Nothing orders the two. " + who(edge.load->operation.thread) + " saw " +
        who(edge.store->operation.thread) + "'s store to " + object + " (" +
        step_name_(edge.load->number) + " read " + step_name_(edge.store->number) +
        "), but for that to order them " + missing + ".");
  }

  void explain_locks() {
    const Access& earlier = failure_.accesses[0];
    const Access& later = failure_.accesses[1];
    const auto first = locks_at(trace_, earlier.thread, earlier.step);
    const auto second = locks_at(trace_, later.thread, later.step);
    say("Nothing orders the two: " + who(earlier.thread) + " held " +
        listed(first, naming_) + ", " + who(later.thread) + " held " +
        listed(second, naming_) + ".");
    if (first.empty() && second.empty()) {
      say("One lock held by both, or an atomic with release and acquire, would.");
    } else {
      say("The same lock held by both would.");
    }
  }

  [[nodiscard]] bool is_cycle_of_locks() const {
    return !failure_.cycle.empty() &&
           std::none_of(failure_.waiting.begin(), failure_.waiting.end(),
                        [](const Waiting& waiting) {
                          return is_on_descriptor(waiting.operation.kind);
                        });
  }

  void explain_waiting() {
    for (const Waiting& waiting : failure_.waiting) {
      std::string line = who(waiting.thread);
      const std::string held = holds(waiting.thread);
      if (!held.empty()) line += " holds " + held + " and";
      line += waits(waiting);
      say(std::move(line));
    }
  }

  [[nodiscard]] std::string holds(ThreadId thread) const {
    if (thread >= trace_.threads.size()) return {};
    const auto& locks = trace_.threads[thread].holds;
    if (locks.empty()) return {};
    return listed({locks.begin(), locks.end()}, naming_);
  }

  [[nodiscard]] std::string waits(const Waiting& waiting) const {
    const OperationKind kind = waiting.operation.kind;
    if (kind == OperationKind::kThreadJoin) {
      return " waits for " + who(static_cast<ThreadId>(waiting.operation.object)) +
             " to end";
    }
    const std::string object = naming_.object(waiting.operation.object);
    if (failure_.kind == FailureKind::kLivelock) {
      return " reads " + object + " again and again; no thread is left to change it" +
             where(waiting.wait_step);
    }
    if (is_on_descriptor(kind)) return waits_on_descriptor(waiting);
    std::string line = " waits " + std::string(is_lock(kind) ? "for " : "on ") + object;
    if (waiting.holder != kNoThread) return line + ", held by " + who(waiting.holder);
    if (is_lock(kind)) return line;
    if (waiting.last_notify != kNoStep) return line + last_notify(waiting);
    return line + "; no thread is left to notify it";
  }

  [[nodiscard]] std::string waits_on_descriptor(const Waiting& waiting) const {
    const Operation& operation = waiting.operation;
    const std::string object = naming_.object(operation.object);
    std::string line = " waits in poll";
    if (operation.object != 0) line = " waits on " + object;
    if (operation.kind == OperationKind::kRead) line = " waits to read from " + object;
    if (operation.kind == OperationKind::kWrite) line = " waits for room in " + object;
    if (operation.kind == OperationKind::kAccept) {
      line = " waits for a connection to " + object;
    }
    if (waiting.last_notify != kNoStep) {
      return line + "; it was last written to in " + step_name_(waiting.last_notify);
    }
    if (waiting.holder != kNoThread)
      return line + "; that is up to " + who(waiting.holder);
    return line + "; no thread is left that could bring it about";
  }

  [[nodiscard]] std::string last_notify(const Waiting& waiting) const {
    const std::string notify = "; its last notify was " + step_name_(waiting.last_notify);
    if (waiting.wait_step == kNoStep) return notify;
    if (waiting.last_notify < waiting.wait_step) {
      return notify + ", before the wait in " + step_name_(waiting.wait_step);
    }
    return notify + ", and that woke another thread";
  }

  // Of a call that was made under a lock; empty if it is something else.
  std::string explain_held_too_long() {
    if (!mistake_.held_too_long) return "";
    out_.concept_name = "lock held too long";
    return who(mistake_.step->operation.thread) + " calls out while it holds a lock   " +
           Naming::location(mistake_.place) + "   " + naming_.text(mistake_.place);
  }

  void explain_leak() {
    out_.concept_name = "leak";
    for (const Block& block : failure_.leaked) {
      const Frame frame = naming_.place(block.stack);
      say(counted(block.size, "byte") + " allocated by " + who(block.thread) + " at " +
          Naming::location(frame) + (block.size == 1 ? " is" : " are") +
          " never freed   " + naming_.text(frame));
    }
    for (const OpenDescriptor& open : failure_.left_open) {
      const Frame frame = naming_.place(open.stack);
      say("descriptor " + std::to_string(open.number) + ", " +
          Naming::descriptor(open.object) + ", was opened by " + who(open.thread) +
          " at " + Naming::location(frame) + " and never closed   " +
          naming_.text(frame));
    }
  }

  void explain_lifetime() {
    out_.concept_name = "lifetime";
    const Block& block = failure_.block;
    for (const Access& access : failure_.accesses) {
      say(who(access.thread) + (access.write ? " writes" : " reads") +
          " memory that is gone, in " + step_name_(access.step) + where(access.step));
    }
    if (block.released != kNoStep) {
      const Step* released = step_at(trace_, block.released);
      const std::string by = released == nullptr ? "it" : who(released->operation.thread);
      say(by + " freed it in " + step_name_(block.released) + where(block.released));
    }
    if (block.allocated != kNoStep) {
      say(who(block.thread) + " allocated it in " + step_name_(block.allocated) +
          where(block.allocated));
    }
  }

  // Loads that read an older store than the newest: what x86 hides and the standard
  // allows.
  void explain_old_values() {
    int said = 0;
    for (const Step& step : trace_.steps) {
      if (!step.reads || step.newest_store == kNoStep) continue;
      if (step.newest_store == step.reads_from || ++said > 3) continue;
      say(step_name_(step.number) + " read an old value of " +
          naming_.object(step.operation.object) + ": " + step_name_(step.newest_store) +
          " had already stored a newer one, and nothing makes this load see it.");
    }
  }

  const Failure& failure_;
  const Trace& trace_;
  const Naming& naming_;
  const Mistake& mistake_;
  const StepName& step_name_;
  Explanation out_;
};

}  // namespace

Explanation explain(const Failure& failure, const Trace& trace, const Naming& naming,
                    const Mistake& mistake, const StepName& step_name) {
  return Explainer(failure, trace, naming, mistake, step_name).explain();
}

std::vector<std::uint32_t> steps_spoken_of(const Failure& failure, const Trace& trace) {
  std::vector<std::uint32_t> steps{failure.step, failure.block.allocated,
                                   failure.block.released};
  for (const Access& access : failure.accesses) steps.push_back(access.step);
  for (const Waiting& waiting : failure.waiting) {
    steps.push_back(waiting.last_notify);
    const Step* const slept = step_at(trace, waiting.wait_step);
    const bool is_beside = slept != nullptr && is_plain(slept->operation.kind) &&
                           failure.kind != FailureKind::kLivelock;
    if (!is_beside) steps.push_back(waiting.wait_step);
  }
  if (failure.kind == FailureKind::kRace && failure.accesses.size() > 1) {
    if (const BrokenEdge edge = broken_edge(failure, trace); edge.store != nullptr) {
      steps.push_back(edge.store->number);
      steps.push_back(edge.load->number);
    }
  }
  for (const Step& step : trace.steps) {
    if (step.reads && step.newest_store != kNoStep &&
        step.newest_store != step.reads_from) {
      steps.push_back(step.number);
      steps.push_back(step.newest_store);
    }
  }
  std::erase(steps, kNoStep);
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace interleave
