#include "interleave/runtime/fresh_process.hpp"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "interleave/runtime/ending.hpp"
#include "interleave/runtime/replay.hpp"

namespace interleave {
namespace {

// The exit status of a schedule's process that gave its answer; a body's own exit is none.
constexpr int kAnswered = 86;

// How often a likely inflection may be refuted before it counts as unknown.
constexpr int kMostProofs = 4;

// What a schedule's process says to the explorer.
enum class Message : std::uint8_t { kDecision, kEnd };

[[noreturn]] void lost_contact() {
  std::fputs("interleave: the process that replays schedules is gone\n", stderr);
  std::_Exit(3);
}

void send_bytes(int socket, const void* bytes, std::size_t size) {
  const char* rest = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t sent = ::send(socket, rest, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) lost_contact();
    rest += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

// False if the other side is gone.
bool receive_bytes(int socket, void* bytes, std::size_t size) {
  char* rest = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t received = ::recv(socket, rest, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    rest += received;
    size -= static_cast<std::size_t>(received);
  }
  return true;
}

template <typename T>
void put_value(int socket, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  send_bytes(socket, &value, sizeof value);
}

template <typename T>
T get_value(int socket) {
  T value;
  if (!receive_bytes(socket, &value, sizeof value)) lost_contact();
  return value;
}

// A vector of numbers or a string.
template <typename Sequence>
void put_sequence(int socket, const Sequence& sequence) {
  put_value(socket, sequence.size());
  send_bytes(socket, sequence.data(), sequence.size() * sizeof(sequence[0]));
}

template <typename Sequence>
Sequence get_sequence(int socket) {
  Sequence sequence;
  sequence.resize(get_value<std::size_t>(socket));
  if (!receive_bytes(socket, sequence.data(), sequence.size() * sizeof(sequence[0]))) {
    lost_contact();
  }
  return sequence;
}

void put_finding(int socket, const Finding& finding) {
  put_sequence(socket, finding.test);
  put_value(socket, finding.schedule);
  put_value(socket, finding.schedules);
  put_value(socket, finding.milliseconds);
  put_sequence(socket, finding.coverage);
  put_sequence(socket, finding.token);
  put_sequence(socket, finding.replay_command);
  put_value(socket, finding.inflection);
  put_value(socket, finding.replayed);
  put_value(socket, finding.same_steps);
}

Finding get_finding(int socket) {
  Finding finding;
  finding.test = get_sequence<std::string>(socket);
  finding.schedule = get_value<std::uint64_t>(socket);
  finding.schedules = get_value<std::uint64_t>(socket);
  finding.milliseconds = get_value<double>(socket);
  finding.coverage = get_sequence<std::string>(socket);
  finding.token = get_sequence<std::string>(socket);
  finding.replay_command = get_sequence<std::string>(socket);
  finding.inflection = get_value<Inflection>(socket);
  finding.replayed = get_value<bool>(socket);
  finding.same_steps = get_value<bool>(socket);
  return finding;
}

void put_report(int socket, const Report& report) {
  put_sequence(socket, report.concept_name);
  put_sequence(socket, report.headline);
  put_sequence(socket, report.picture);
  put_sequence(socket, report.file);
  put_value(socket, report.line);
  put_sequence(socket, report.json);
}

Report get_report(int socket) {
  Report report;
  report.concept_name = get_sequence<std::string>(socket);
  report.headline = get_sequence<std::string>(socket);
  report.picture = get_sequence<std::string>(socket);
  report.file = get_sequence<std::string>(socket);
  report.line = get_value<std::uint32_t>(socket);
  report.json = get_sequence<std::string>(socket);
  return report;
}

using NumberedDeviation = std::pair<std::uint32_t, std::uint32_t>;

void put_deviations(int socket, const Deviations& deviations) {
  put_value(socket, deviations.size());
  for (const NumberedDeviation& deviation : deviations) {
    put_value(socket, deviation.first);
    put_value(socket, deviation.second);
  }
}

Deviations get_deviations(int socket) {
  Deviations deviations(get_value<std::size_t>(socket));
  for (NumberedDeviation& deviation : deviations) {
    deviation.first = get_value<std::uint32_t>(socket);
    deviation.second = get_value<std::uint32_t>(socket);
  }
  return deviations;
}

}  // namespace

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
    put_value(socket_, operations_.size());
    send_bytes(socket_, operations_.data(), operations_.size() * sizeof(Executed));
    operations_.clear();
  }

  int socket_;
  bool wants_operations_;
  std::vector<Executed> operations_;
};

FreshProcess::FreshProcess(const std::function<void()>& body, const std::string* outcome,
                           MemoryMode mode, const RunOptions& options)
    : body_(body), outcome_(outcome), mode_(mode), options_(options) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) lost_contact();
  std::fflush(nullptr);
  // Not fork(): that would hand the stacks of the threads that lend their thread pointers back to the C library.
  keeper_ = _Fork();
  if (keeper_ < 0) lost_contact();
  if (keeper_ == 0) {
    close(sockets[0]);
    socket_ = sockets[1];
    keep();
  }
  close(sockets[1]);
  socket_ = sockets[0];
}

FreshProcess::~FreshProcess() {
  close(socket_);
  int status = 0;
  while (waitpid(keeper_, &status, 0) < 0 && errno == EINTR) {
  }
}

// -- The explorer's side -----------------------------------------------------------------------

Answer FreshProcess::replay(const Deviations& deviations) {
  put_value(socket_, Question::kReplay);
  put_deviations(socket_, deviations);
  return read_answer();
}

Answer FreshProcess::run(Strategy& strategy) {
  put_value(socket_, Question::kRun);
  put_value(socket_, strategy.wants_operations());
  strategy.begin_schedule();
  const auto take_operations = [&] {
    for (std::size_t left = get_value<std::size_t>(socket_); left > 0; --left) {
      const auto executed = get_value<RemoteStrategy::Executed>(socket_);
      strategy.executed(executed.operation, executed.wrote);
    }
  };
  while (get_value<Message>(socket_) == Message::kDecision) {
    auto decision = get_value<Decision>(socket_);
    std::vector<Alternative> alternatives(get_value<std::size_t>(socket_));
    for (Alternative& alternative : alternatives)
      alternative = get_value<Alternative>(socket_);
    decision.alternatives = alternatives;
    take_operations();
    put_value(socket_, strategy.choose(decision));
  }
  const auto end = get_value<ScheduleEnd>(socket_);
  take_operations();
  strategy.end_schedule(end);
  return read_answer();
}

// Nothing if the process that looked for it did not come to an end.
std::optional<WaysOn> FreshProcess::last_way_out_from(
    std::size_t least, const std::vector<std::uint32_t>& choices) {
  put_value(socket_, Question::kWayOut);
  put_value(socket_, least);
  put_sequence(socket_, choices);
  if (!get_value<bool>(socket_)) return std::nullopt;
  return get_value<WaysOn>(socket_);
}

Inflection FreshProcess::inflection(const std::vector<std::uint32_t>& choices) {
  const RunSchedule alone = [this](Strategy& strategy) {
    const Answer answer = run(strategy);
    return Ending{answer.kind, answer.steps, answer.pruned};
  };
  std::size_t least = 0;
  for (int proof = 0; proof < kMostProofs; ++proof) {
    const auto likely = last_way_out_from(least, choices);
    if (!likely || likely->kept > choices.size()) return {};
    const WaysOn ways = ways_on(choices, likely->kept, alone);
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
  put_value(socket_, Question::kReport);
  put_deviations(socket_, deviations);
  put_finding(socket_, finding);
  return get_report(socket_);
}

Answer FreshProcess::read_answer() {
  Answer answer;
  answer.kind = get_value<FailureKind>(socket_);
  answer.message = get_sequence<std::string>(socket_);
  answer.place = get_sequence<std::string>(socket_);
  answer.outcome = get_sequence<std::string>(socket_);
  answer.choices = get_sequence<std::vector<std::uint32_t>>(socket_);
  answer.steps = get_value<std::uint32_t>(socket_);
  answer.pruned = get_value<bool>(socket_);
  answer.fingerprint = get_value<std::uint64_t>(socket_);
  answer.execution = get_value<std::uint64_t>(socket_);
  return answer;
}

// -- The other side ----------------------------------------------------------------------------

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
    put_value(socket_, false);  // one of the ways to go on led out of the process
  }
  std::_Exit(0);
}

void FreshProcess::answer(Question question) {
  const EndingGuard guard;
  switch (question) {
    case Question::kReplay: {
      Replay replay(get_deviations(socket_));
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
  const RunResult result = engine().run(body_, strategy, memory, options_);
  put_value(socket_, result.failure.kind);
  put_sequence(socket_, result.failure.message);
  put_sequence(socket_, result.failure.file + ":" + std::to_string(result.failure.line) +
                            ":" + std::to_string(result.failure.pc));
  put_sequence(socket_, outcome_ == nullptr ? std::string() : *outcome_);
  put_sequence(socket_, result.choices);
  put_value(socket_, result.steps);
  put_value(socket_, result.pruned);
  put_value(socket_, result.fingerprint);
  put_value(socket_, result.execution);
}

void FreshProcess::answer_way_out() {
  const auto least = get_value<std::size_t>(socket_);
  const auto choices = get_sequence<std::vector<std::uint32_t>>(socket_);
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
  Replay replay(get_deviations(socket_));
  const Finding finding = get_finding(socket_);
  MemoryModel memory(mode_);
  Trace trace;
  RunOptions options = options_;
  options.trace = &trace;
  const RunResult result = engine().run(body_, replay, memory, options);
  put_report(socket_, make_report(result.failure, trace, finding));
}

}  // namespace interleave
