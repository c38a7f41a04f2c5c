#include "interleave/runtime/helpers.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "interleave/runtime/ending.hpp"
#include "interleave/runtime/messages.hpp"
#include "interleave/runtime/others.hpp"

namespace interleave {
namespace {

// Told together: a message costs as much as a short schedule.
constexpr std::size_t kMostTogether = 256;
constexpr std::chrono::milliseconds kLongestToldTogether{2};
// Longer than the longest schedule (see ending.hpp).
constexpr std::chrono::seconds kPatienceAtTheEnd{6};

// How a message goes on once its schedules are told.
enum class After : std::uint8_t { kMore, kFailure, kEnd };

struct Parcel {
  After after = After::kMore;
  bool repeats = false;     // kEnd
  std::size_t lines = 0;    // the lengths of what follows
  std::size_t text = 0;     // the outcomes; with kFailure then its place
  std::size_t choices = 0;  // of the failure
};

template <typename Sequence>
bool receive_sequence(int socket, Sequence& sequence, std::size_t size) {
  sequence.resize(size);
  return receive_bytes(socket, sequence.data(), size * sizeof(sequence[0]));
}

template <typename Sequence>
void send_sequence(int socket, const Sequence& sequence) {
  send_bytes(socket, sequence.data(), sequence.size() * sizeof(sequence[0]));
}

// Passes everything on, and keeps how the schedule ended.
class Noting final : public Strategy {
 public:
  explicit Noting(Strategy& strategy) : strategy_(strategy) {}
  void begin_schedule() override { strategy_.begin_schedule(); }
  std::size_t choose(const Decision& decision) override {
    return strategy_.choose(decision);
  }
  void executed(const Operation& operation, bool wrote) override {
    strategy_.executed(operation, wrote);
  }
  [[nodiscard]] bool wants_operations() const override {
    return strategy_.wants_operations();
  }
  void end_schedule(const ScheduleEnd& end) override {
    strategy_.end_schedule(end);
    end_ = end;
  }
  [[nodiscard]] std::string coverage() const override { return strategy_.coverage(); }
  [[nodiscard]] std::string_view name() const override { return strategy_.name(); }
  [[nodiscard]] const ScheduleEnd& end() const { return end_; }

 private:
  Strategy& strategy_;
  ScheduleEnd end_;
};

}  // namespace

// In a message of plain memory; its outcome follows in the message's text.
struct Helpers::Line {
  std::uint32_t part = 0;  // among the helper's
  FailureKind kind = FailureKind::kNone;
  ScheduleEnd end;
  std::uint64_t tally = 0;
  std::size_t outcome_size = 0;
};

// -- The helper's side ------------------------------------------------------------------

class Helpers::Work {
 public:
  Work(int socket, std::vector<Part>& parts, const HelpersWork& work)
      : socket_(socket), parts_(parts), work_(work), over_(parts.size(), false) {}

  [[noreturn]] void go_on_until_told() {
    for (;;) {
      for (std::uint32_t part = 0; part < parts_.size(); ++part) {
        if (!over_[part]) run_one(part);
      }
      if (std::count(over_.begin(), over_.end(), false) != 0) continue;
      while (!is_to_end(0)) {
      }
      say_the_end(true);
    }
  }

 private:
  void run_one(std::uint32_t part) {
    Noting strategy(*parts_[part].strategy);
    const Answer answer = work_.run(strategy);
    const std::size_t outcome_size = answer.outcome.size();
    lines_.push_back({part, answer.kind, strategy.end(), parts_[part].strategy->tally(),
                      outcome_size});
    text_ += answer.outcome;
    if (!answer.pruned && work_.ends(answer)) {
      over_[part] = true;  // what comes after it will never be asked for
      text_ += answer.place;
      return send({.after = After::kFailure}, answer.choices);
    }
    const auto now = Clock::now();
    if (lines_.size() < kMostTogether && now - last_ < kLongestToldTogether) return;
    send({}, {});
    last_ = now;
    if (is_to_end(MSG_DONTWAIT)) say_the_end(work_.first_still_repeats());
  }

  [[noreturn]] void say_the_end(bool repeats) {
    Parcel parcel;
    parcel.after = After::kEnd;
    parcel.repeats = repeats;
    send(parcel, {});
    for (;;) pause();
  }

  void send(Parcel parcel, const std::vector<std::uint32_t>& choices) {
    parcel.lines = lines_.size();
    parcel.text = text_.size();
    parcel.choices = choices.size();
    send_bytes(socket_, &parcel, sizeof parcel);
    send_sequence(socket_, lines_);
    send_sequence(socket_, text_);
    send_sequence(socket_, choices);
    lines_.clear();
    text_.clear();
  }

  [[nodiscard]] bool is_to_end(int flags) const {
    char byte = 0;
    return ::recv(socket_, &byte, sizeof byte, flags) == sizeof byte;
  }

  int socket_;
  std::vector<Part>& parts_;
  const HelpersWork& work_;
  std::vector<bool> over_;  // of each part: it told a failure
  std::vector<Line> lines_;
  std::string text_;
  Clock::time_point last_ = Clock::now();
};

namespace {

// The process that was just forked is to be seen by nobody but the explorer.
void become_helper(pid_t explorer) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != explorer) std::_Exit(1);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) std::_Exit(1);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  others().kept_out = true;
  // Before the handlers of the program, if the body itself should call exit.
  std::atexit([] { std::_Exit(1); });
  EndingGuard::go_on_in_fork();
}

}  // namespace

void Helpers::start(std::vector<Part> parts, const HelpersWork& work) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return;
  const pid_t explorer = getpid();
  const pid_t process = _Fork();  // as in fresh_process.cpp
  if (process == 0) {
    become_helper(explorer);
    for (const Helper& other : helpers_) close(other.socket);
    close(sockets[0]);
    Work(sockets[1], parts, work).go_on_until_told();
  }
  close(sockets[1]);
  if (process < 0) {  // no more processes here: its parts are run by the explorer
    close(sockets[0]);
    return;
  }
  helpers_.push_back({process, sockets[0], std::move(parts)});
}

// -- The explorer's side ----------------------------------------------------------------

Helpers::Helpers(const std::vector<Strategy*>& parts, std::size_t most,
                 HelpersWork work) {
  std::vector<std::vector<Part>> dealt(std::min(most, parts.size()));
  for (std::size_t part = 0; part < parts.size() && !dealt.empty(); ++part) {
    dealt[part % dealt.size()].push_back({parts[part], {}});
  }
  for (std::vector<Part>& own : dealt) start(std::move(own), work);
}

Helpers::~Helpers() {
  for (Helper& helper : helpers_) end_process(helper);
}

// Returns its status, also if it had ended before.
int Helpers::end_process(Helper& helper) {
  int status = 0;
  if (helper.process < 0) return status;
  ::kill(helper.process, SIGKILL);
  while (waitpid(helper.process, &status, 0) < 0 && errno == EINTR) {
  }
  close(helper.socket);
  helper.process = -1;
  helper.parts.clear();
  return status;
}

void Helpers::lose(Helper& helper) {
  if (WIFEXITED(end_process(helper))) {
    // As it would have ended this process, if it had been run here.
    std::fputs("interleave: a schedule ended the process that ran it\n", stderr);
    std::_Exit(3);
  }
  ++lost_;
}

std::pair<Helpers::Helper*, Helpers::Part*> Helpers::find(const Strategy& part) {
  for (Helper& helper : helpers_) {
    for (Part& own : helper.parts) {
      if (own.strategy == &part) return {&helper, &own};
    }
  }
  return {nullptr, nullptr};
}

std::optional<Told> Helpers::next(const Strategy& part, Clock::time_point until) {
  for (;;) {
    const auto [helper, own] = find(part);
    if (helper == nullptr) return std::nullopt;
    if (!own->ahead.empty()) {
      Told told = std::move(own->ahead.front());
      own->ahead.pop_front();
      return told;
    }
    if (receive(*helper, until) != Got::kMore) return std::nullopt;
  }
}

Helpers::Got Helpers::receive(Helper& helper, Clock::time_point until) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
  pollfd one{helper.socket, POLLIN, 0};
  // In pieces, so that a signal's handler is no reason to wait longer than `until`.
  const int ready = ::poll(&one, 1, static_cast<int>(std::clamp<long>(left, 0, 1000)));
  if (ready <= 0) return left > 0 ? receive(helper, until) : Got::kNothing;
  Got got = Got::kMore;
  if (receive_told(helper, got)) return got;
  lose(helper);
  return Got::kNothing;
}

// False if the helper is gone.
bool Helpers::receive_told(Helper& helper, Got& got) {
  Parcel parcel;
  std::vector<Line> lines;
  std::string text;
  std::vector<std::uint32_t> choices;
  const int socket = helper.socket;
  if (!receive_bytes(socket, &parcel, sizeof parcel) ||
      !receive_sequence(socket, lines, parcel.lines) ||
      !receive_sequence(socket, text, parcel.text) ||
      !receive_sequence(socket, choices, parcel.choices)) {
    return false;
  }
  std::size_t at = 0;
  for (const Line& line : lines) {
    Told told{{}, line.end, line.tally};
    told.answer.kind = line.kind;
    told.answer.outcome = text.substr(at, line.outcome_size);
    told.answer.steps = line.end.steps;
    told.answer.pruned = line.end.pruned;
    told.answer.execution = line.end.execution;
    at += line.outcome_size;
    helper.parts[line.part].ahead.push_back(std::move(told));
  }
  if (parcel.after == After::kFailure) {
    Answer& failure = helper.parts[lines.back().part].ahead.back().answer;
    failure.place = text.substr(at);
    failure.choices = std::move(choices);
  }
  if (parcel.after == After::kEnd) {
    got = parcel.repeats ? Got::kEndRepeats : Got::kEndDiffers;
  }
  return true;
}

Helpers::Got Helpers::end(Helper& helper) {
  const auto until = Clock::now() + kPatienceAtTheEnd;
  const char byte = 0;
  static_cast<void>(::send(helper.socket, &byte, sizeof byte, MSG_NOSIGNAL));
  Got got = Got::kMore;
  while (got == Got::kMore) got = receive(helper, until);
  return got;
}

void Helpers::lose_all() {
  for (Helper& helper : helpers_) {
    if (helper.process >= 0) ++lost_;
    end_process(helper);
  }
}

bool Helpers::end_all() {
  bool all_repeat = true;
  for (Helper& helper : helpers_) {
    if (helper.process < 0) continue;
    const Got got = end(helper);
    if (got == Got::kNothing && helper.process >= 0) ++lost_;
    all_repeat = all_repeat && got != Got::kEndDiffers;
    end_process(helper);
  }
  return all_repeat;
}

}  // namespace interleave
