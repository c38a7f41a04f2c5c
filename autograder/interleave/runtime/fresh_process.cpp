#include "interleave/runtime/fresh_process.hpp"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "interleave/report/states.hpp"
#include "interleave/runtime/ending.hpp"
#include "interleave/runtime/library_wait.hpp"
#include "interleave/runtime/messages.hpp"
#include "interleave/runtime/replay.hpp"
#include "interleave/runtime/starting_state.hpp"

namespace interleave {
namespace {

// The exit status of a schedule's process that gave its answer; a body's own exit is none.
constexpr int kAnswered = 86;

// How often a likely inflection may be refuted before it counts as unknown.
constexpr int kMostProofs = 4;

// What a schedule's process says to the explorer.
enum class Message : std::uint8_t { kDecision, kEnd };

// The exploration's, until it is made.
constinit FreshProcess* not_made_yet = nullptr;

}  // namespace

void before_a_lasting_change() {
  Thread* const self = body_thread();
  if (self == nullptr || not_made_yet == nullptr) return;
  const RuntimeScope scope(*self);
  not_made_yet->make();
}

// Asks the explorer's strategy, over the socket.
class FreshProcess::RemoteStrategy final : public Strategy {
 public:
  explicit RemoteStrategy(int socket, bool wants_operations)
      : socket_(socket), wants_operations_(wants_operations) {}

  void begin_schedule() override {}
  std::size_t choose(const Decision& decision) override {
    put_value(socket_, Message::kDecision);
    put_value(socket_, decision);
    put_value(socket_, decision.alternatives.size());
    send_bytes(socket_, decision.alternatives.data(), decision.alternatives.size_bytes());
    send_operations();
    return get_value<std::size_t>(socket_);
  }
  void executed(const Operation& operation, bool wrote) override {
    operations_.push_back({operation, wrote});
  }
  [[nodiscard]] bool wants_operations() const override { return wants_operations_; }
  void end_schedule(const ScheduleEnd& end) override {
    put_value(socket_, Message::kEnd);
    put_value(socket_, end);
    send_operations();
  }
  [[nodiscard]] std::string coverage() const override { return {}; }
  [[nodiscard]] std::string_view name() const override { return "remote"; }

  struct Executed {
    Operation operation;
    bool wrote;
  };

 private:
  void send_operations() {
    put_value(socket_, operations_);
    operations_.clear();
  }

  int socket_;
  bool wants_operations_;
  std::vector<Executed> operations_;
};

FreshProcess::FreshProcess(const std::function<void()>& body, const std::string* outcome,
                           MemoryMode mode, const RunOptions& options)
    : body_(body), outcome_(outcome), mode_(mode), options_(options) {
  std::fflush(nullptr);
  create_fiber_beside(beside_);
  is_saved_ = starting_state().save(engine().arena(), engine().program_stack());
  not_made_yet = this;
  if (!is_saved_) make();
}

FreshProcess::~FreshProcess() {
  if (not_made_yet == this) {
    not_made_yet = nullptr;
    starting_state().stop_saving();
    return;
  }
  close(socket_);
  int status = 0;
  while (waitpid(keeper_, &status, 0) < 0 && errno == EINTR) {
  }
}

// -- Making it --------------------------------------------------------------------------

void FreshProcess::make() {
  if (not_made_yet != this) return;
  not_made_yet = nullptr;
  starting_state().stop_saving();
  Fiber explorer;
  Thread* const thread = any_body_thread();
  if (thread == nullptr) become_fiber(explorer);
  made_by_ = thread == nullptr ? &explorer : &thread->fiber;
  prepare_fiber(beside_, fork_beside, this);
  switch_fiber(*made_by_, beside_);
}

// On a stack that no schedule has used and none will use.
void FreshProcess::fork_beside(void* process) {
  auto& self = *static_cast<FreshProcess*>(process);
  self.fork_keeper();
  switch_fiber(self.beside_, *self.made_by_);
  __builtin_unreachable();
}

void FreshProcess::fork_keeper() {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) lost_contact();
  // Not fork(): that would hand the stacks of the threads that lend their thread pointers
  // back to the C library.
  keeper_ = _Fork();
  if (keeper_ < 0) lost_contact();
  if (keeper_ == 0) {
    close(sockets[0]);
    socket_ = sockets[1];
    descriptors().end_run();
    if (is_saved_) starting_state().put_back();
    keep();
  }
  close(sockets[1]);
  socket_ = sockets[0];
}

// -- The explorer's side ----------------------------------------------------------------

void FreshProcess::ask(Question question) {
  make();
  put_value(socket_, question);
  put_value(socket_, known_places());
}

Answer FreshProcess::replay(const Deviations& deviations) {
  ask(Question::kReplay);
  put_value(socket_, deviations);
  return get_value<Answer>(socket_);
}

Answer FreshProcess::run(Strategy& strategy) {
  ask(Question::kRun);
  put_value(socket_, strategy.wants_operations());
  strategy.begin_schedule();
  const auto take_operations = [&] {
    for (const auto& done : get_value<std::vector<RemoteStrategy::Executed>>(socket_)) {
      strategy.executed(done.operation, done.wrote);
    }
  };
  while (get_value<Message>(socket_) == Message::kDecision) {
    auto decision = get_value<Decision>(socket_);
    const auto alternatives = get_value<std::vector<Alternative>>(socket_);
    decision.alternatives = alternatives;
    take_operations();
    put_value(socket_, strategy.choose(decision));
  }
  const auto end = get_value<ScheduleEnd>(socket_);
  take_operations();
  strategy.end_schedule(end);
  return get_value<Answer>(socket_);
}

// Nothing if the process that looked for it did not come to an end.
std::optional<WaysOn> FreshProcess::last_way_out_from(
    std::size_t least, const std::vector<std::uint32_t>& choices) {
  ask(Question::kWayOut);
  put_value(socket_, least);
  put_value(socket_, choices);
  if (!get_value<bool>(socket_)) return std::nullopt;
  return get_value<WaysOn>(socket_);
}

Inflection FreshProcess::inflection(const std::vector<std::uint32_t>& choices,
                                    std::chrono::steady_clock::time_point until) {
  const auto too_late = [until] { return std::chrono::steady_clock::now() >= until; };
  const RunSchedule alone = [&](Strategy& strategy) {
    if (too_late()) return Ending{FailureKind::kUnsupported, kMostStepsOfAProof, false};
    const Answer answer = run(strategy);
    return Ending{answer.kind, answer.steps, answer.pruned};
  };
  std::size_t least = 0;
  for (int proof = 0; proof < kMostProofs; ++proof) {
    const auto likely = last_way_out_from(least, choices);
    if (!likely || likely->kept > choices.size()) return {};
    const WaysOn ways = ways_on(choices, likely->kept, alone);
    if (too_late()) return {};
    if (!ways.one_succeeds) {
      const std::uint64_t others = ways.all ? 0 : likely->schedules;
      return {true, ways.all, static_cast<std::uint32_t>(ways.kept),
              ways.schedules + others};
    }
    least = ways.kept + 1;
  }
  return {};
}

Report FreshProcess::report(const Deviations& deviations, const Finding& finding) {
  ask(Question::kReport);
  put_value(socket_, deviations);
  put_value(socket_, finding);
  return get_value<Report>(socket_);
}

// -- The other side ---------------------------------------------------------------------

void FreshProcess::keep() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // What the body prints was printed by the explorer's own schedules.
  Question question{};
  while (receive_bytes(socket_, &question, sizeof question)) {
    const pid_t child = _Fork();
    if (child < 0) lost_contact();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      answer(question);
      std::_Exit(kAnswered);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == kAnswered) continue;
    if (question != Question::kWayOut) break;
    put_value(socket_, false);  // one of the continuations led out of the process
  }
  std::_Exit(0);
}

void FreshProcess::answer(Question question) {
  const EndingGuard guard(question == Question::kRun ? EndingGuard::Loops::kEnd
                                                     : EndingGuard::Loops::kEndSoon);
  learn_places(get_value<std::vector<KnownPlace>>(socket_));
  switch (question) {
    case Question::kReplay: {
      Replay replay(get_value<Deviations>(socket_));
      return answer_run(replay);
    }
    case Question::kRun: {
      RemoteStrategy remote(socket_, get_value<bool>(socket_));
      return answer_run(remote);
    }
    case Question::kWayOut:
      return answer_way_out();
    case Question::kReport:
      return answer_report();
  }
}

void FreshProcess::answer_run(Strategy& strategy) {
  MemoryModel memory(mode_);
  Answer answer = answer_of(engine().run(body_, strategy, memory, options_));
  if (outcome_ != nullptr) answer.outcome = *outcome_;
  put_value(socket_, answer);
}

void FreshProcess::answer_way_out() {
  const auto least = get_value<std::size_t>(socket_);
  const auto choices = get_value<std::vector<std::uint32_t>>(socket_);
  MemoryModel memory(mode_);
  const auto run_again = [&] {
    Replay replay(deviations_of(choices));
    return engine().run(body_, replay, memory, options_);
  };
  const std::uint64_t fingerprint = run_again().fingerprint;
  // What GoogleTest saw fail once it does not see fail again.
  const bool asserted =
      options_.assertion_failed != nullptr && options_.assertion_failed();
  WaysOn found;
  if (!asserted) {
    found = last_way_out(choices, least, [&](Strategy& strategy) {
      const RunResult result = engine().run(body_, strategy, memory, options_);
      return Ending{result.failure.kind, result.steps, result.pruned};
    });
  }
  const bool repeats = run_again().fingerprint == fingerprint;
  put_value(socket_, !asserted && repeats);
  if (!asserted && repeats) put_value(socket_, found);
}

void FreshProcess::answer_report() {
  Replay replay(get_value<Deviations>(socket_));
  const Finding finding = get_value<Finding>(socket_);
  MemoryModel memory(mode_);
  Trace trace;
  RunOptions options = options_;
  options.trace = &trace;
  const RunResult result = engine().run(body_, replay, memory, options);
  if (result.failure.endless) shorten(trace);
  put_value(socket_, make_report(result.failure, trace, finding));
}

}  // namespace interleave
