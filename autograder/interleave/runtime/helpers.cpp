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

// What is run ahead in subtrees and not yet counted: about 100 MB. Helpers wait for room.
constexpr std::size_t kMostAhead = 2'000'000;
// What takes less time is not worth handing over.
constexpr std::chrono::duration<double> kLeastSubtree{0.01};
// Between two looks at what the helpers have done.
constexpr std::chrono::microseconds kUntended{500};

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

// What a helper tells.
struct Helpers::Message {
  // How it goes on once the schedules are told.
  enum class After : std::uint8_t {
    kMore,
    kFailure,  // in the last one: this helper runs no more of its part
    kIdle,     // with its subtree: `rest` is what is left of it
    kEnd,
  };

  After after = After::kMore;
  bool repeats = false;  // kEnd
  std::vector<Line> lines;
  std::string text;  // the outcomes; with kFailure then its place
  std::vector<Reduced::Notice> notices;
  std::vector<std::uint32_t> choices;  // of the failure
  std::string rest;

  void send(int socket) const {
    const std::size_t head[] = {static_cast<std::size_t>(after),
                                repeats ? std::size_t{1} : std::size_t{0},
                                lines.size(),
                                text.size(),
                                notices.size(),
                                choices.size(),
                                rest.size()};
    send_bytes(socket, head, sizeof head);
    send_sequence(socket, lines);
    send_sequence(socket, text);
    send_sequence(socket, notices);
    send_sequence(socket, choices);
    send_sequence(socket, rest);
  }
  [[nodiscard]] bool receive(int socket) {
    std::size_t head[7];
    if (!receive_bytes(socket, head, sizeof head)) return false;
    after = static_cast<After>(head[0]);
    repeats = head[1] != 0;
    return receive_sequence(socket, lines, head[2]) &&
           receive_sequence(socket, text, head[3]) &&
           receive_sequence(socket, notices, head[4]) &&
           receive_sequence(socket, choices, head[5]) &&
           receive_sequence(socket, rest, head[6]);
  }
};

// -- The helper's side ------------------------------------------------------------------

class Helpers::Work {
 public:
  // `tree`, if this helper takes subtrees, is the only part.
  Work(int socket, const std::vector<Strategy*>& parts, Reduced* tree,
       const HelpersWork& work)
      : socket_(socket), parts_(parts), tree_(tree), work_(work) {
    rests_.assign(parts.size(), tree != nullptr);
  }

  [[noreturn]] void go_on_until_told() {
    for (;;) {
      bool any = false;
      for (std::uint32_t part = 0; part < parts_.size(); ++part) {
        if (rests_[part]) continue;
        any = true;
        run_one(part);
      }
      if (!any) obey(0);
    }
  }

 private:
  void run_one(std::uint32_t part) {
    Noting strategy(*parts_[part]);
    const Answer answer = work_.run(strategy);
    note(part, strategy.end(), answer);
    if (!answer.pruned && work_.ends(answer)) {
      rests_[part] = true;  // what comes after it will never be asked for
      ++failed_;
      message_.text += answer.place;
      message_.choices = answer.choices;
      return send(Message::After::kFailure);
    }
    if (tree_ != nullptr && tree_->finished()) {
      rests_[part] = true;
      return send(Message::After::kIdle);
    }
    const auto now = Clock::now();
    const bool enough =
        message_.lines.size() >= kMostTogether || now - last_ >= kLongestToldTogether;
    if (enough) {
      send(Message::After::kMore);
      last_ = now;
    }
    if (enough || tree_ != nullptr) obey(MSG_DONTWAIT);
  }

  void note(std::uint32_t part, const ScheduleEnd& end, const Answer& answer) {
    Line line{part,
              answer.kind,
              end,
              parts_[part]->tally(),
              static_cast<std::uint32_t>(answer.outcome.size()),
              0};
    message_.text += answer.outcome;
    if (tree_ != nullptr) {
      const std::vector<Reduced::Notice> notices = tree_->take_notices();
      line.notices = static_cast<std::uint32_t>(notices.size());
      message_.notices.insert(message_.notices.end(), notices.begin(), notices.end());
    }
    message_.lines.push_back(line);
  }

  // What the explorer says, if it says anything.
  void obey(int flags) {
    Say say{};
    if (::recv(socket_, &say, sizeof say, flags) != sizeof say) return;
    if (say == Say::kEnd) say_the_end();
    if (say == Say::kTake) {
      tree_->explore_only(get_value<std::string>(socket_));
      rests_[0] = false;
    } else if (!rests_[0]) {  // else it has just come to the subtree's end
      rests_[0] = true;
      message_.rest = tree_->rest();
      send(Message::After::kIdle);
    }
  }

  [[noreturn]] void say_the_end() {
    // Where all of its parts fail, the explorer will take a failure.
    message_.repeats = failed_ == parts_.size() || work_.first_still_repeats();
    send(Message::After::kEnd);
    for (;;) pause();
  }

  void send(Message::After after) {
    message_.after = after;
    message_.send(socket_);
    message_ = {};
  }

  int socket_;
  const std::vector<Strategy*>& parts_;
  Reduced* tree_;
  const HelpersWork& work_;
  std::vector<bool> rests_;  // of each part: nothing is to be run
  std::size_t failed_ = 0;   // parts that told a failure
  Message message_;
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

void Helpers::start(std::vector<Strategy*> parts, bool takes_subtrees,
                    const HelpersWork& work) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return;
  const pid_t explorer = getpid();
  const pid_t process = _Fork();  // as in fresh_process.cpp
  if (process == 0) {
    become_helper(explorer);
    for (const Helper& other : helpers_) close(other.socket);
    close(sockets[0]);
    Work(sockets[1], parts, takes_subtrees ? tree_ : nullptr, work).go_on_until_told();
  }
  close(sockets[1]);
  if (process < 0) {  // no more processes here: its parts are run by the explorer
    close(sockets[0]);
    return;
  }
  Helper& helper = helpers_.emplace_back();
  helper.process = process;
  helper.socket = sockets[0];
  helper.can_take = takes_subtrees;
  if (takes_subtrees) return;
  for (Strategy* const part : parts) helper.parts.push_back({part, {}});
}

// -- The explorer's side: helpers -------------------------------------------------------

Helpers::Helpers(const std::vector<Strategy*>& parts, Reduced* tree, std::size_t most,
                 HelpersWork work)
    : tree_(tree), walked_before_(tree == nullptr ? 0 : tree->walked()) {
  const bool has_both = tree != nullptr && most > 1;
  const std::size_t dealing = std::min(parts.size(), has_both ? most - 1 : most);
  std::vector<std::vector<Strategy*>> dealt(dealing);
  for (std::size_t part = 0; part < parts.size() && dealing != 0; ++part) {
    dealt[part % dealing].push_back(parts[part]);
  }
  for (std::vector<Strategy*>& own : dealt) start(std::move(own), false, work);
  for (std::size_t more = dealing; tree != nullptr && more < most; ++more) {
    start({tree}, true, work);
  }
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
  helper.can_take = false;
  if (const auto subtree = std::exchange(helper.subtree, std::nullopt)) {
    tree_->take_back(*subtree);
    forget_subtree(*subtree);
  }
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

Helpers::Got Helpers::receive(Helper& helper, Clock::time_point until) {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
    pollfd one{helper.socket, POLLIN, 0};
    // In pieces, so that a signal's handler is no reason to wait longer than `until`.
    if (::poll(&one, 1, static_cast<int>(std::clamp<long>(left, 0, 1000))) > 0) break;
    if (left <= 0) return Got::kNothing;
  }
  Got got = Got::kMore;
  if (receive_told(helper, got)) return got;
  lose(helper);
  return Got::kNothing;
}

// False if the helper is gone.
bool Helpers::receive_told(Helper& helper, Got& got) {
  Message message;
  if (!message.receive(helper.socket)) return false;
  keep(helper, message);
  switch (message.after) {
    case Message::After::kMore:
      break;
    case Message::After::kFailure:
      helper.subtree.reset();
      break;
    case Message::After::kIdle:
      helper.subtree.reset();
      helper.can_take = true;
      break;
    case Message::After::kEnd:
      got = message.repeats ? Got::kEndRepeats : Got::kEndDiffers;
  }
  return true;
}

void Helpers::keep(Helper& helper, Message& message) {
  const auto subtree = helper.subtree ? subtrees_.find(*helper.subtree) : subtrees_.end();
  if (helper.parts.empty() && subtree == subtrees_.end()) return;  // it was missed
  auto outcome = message.text.begin();
  auto notice = message.notices.begin();
  Ahead* ahead = nullptr;
  for (const Line& line : message.lines) {
    ahead = subtree != subtrees_.end() ? &subtree->second.ahead
                                       : &helper.parts[line.part].ahead;
    ahead->lines.push_back(line);
    ahead->text.insert(ahead->text.end(), outcome, outcome + line.outcome_size);
    ahead->notices.insert(ahead->notices.end(), notice, notice + line.notices);
    outcome += line.outcome_size;
    notice += line.notices;
  }
  if (subtree != subtrees_.end()) ahead_ += message.lines.size();
  if (message.after == Message::After::kFailure) {
    ahead->place.assign(outcome, message.text.end());
    ahead->choices = std::move(message.choices);
  }
  if (message.after == Message::After::kIdle && !message.rest.empty()) {
    subtree->second.rest = std::move(message.rest);
  }
}

Helpers::Got Helpers::end(Helper& helper) {
  const auto until = Clock::now() + kPatienceAtTheEnd;
  say(helper, Say::kEnd);
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

// -- The explorer's side: schedules -----------------------------------------------------

std::pair<Helpers::Helper*, Helpers::Part*> Helpers::find(const Strategy& part) {
  for (Helper& helper : helpers_) {
    for (Part& own : helper.parts) {
      if (own.strategy == &part) return {&helper, &own};
    }
  }
  return {nullptr, nullptr};
}

bool Helpers::have(const Strategy& part) {
  if (&part == tree_) return tree_->given_here().has_value();
  return find(part).first != nullptr;
}

std::optional<Told> Helpers::next(const Strategy& part, Clock::time_point until) {
  if (&part == tree_) return next_in_subtree(*tree_->given_here(), until);
  for (;;) {
    const auto [helper, own] = find(part);
    if (helper == nullptr) return std::nullopt;
    if (!own->ahead.lines.empty()) return take(own->ahead);
    if (receive(*helper, until) != Got::kMore) return std::nullopt;
  }
}

Told Helpers::take(Ahead& ahead) {
  const Line line = ahead.lines.front();
  ahead.lines.pop_front();
  const auto outcome_end = ahead.text.begin() + line.outcome_size;
  Told told{{}, line.end, line.tally};
  told.answer.kind = line.kind;
  told.answer.outcome.assign(ahead.text.begin(), outcome_end);
  told.answer.steps = line.end.steps;
  told.answer.pruned = line.end.pruned;
  told.answer.execution = line.end.execution;
  ahead.text.erase(ahead.text.begin(), outcome_end);
  if (line.notices != 0) {
    const auto notices_end = ahead.notices.begin() + line.notices;
    tree_->hear(std::vector(ahead.notices.begin(), notices_end));
    ahead.notices.erase(ahead.notices.begin(), notices_end);
  }
  if (!ahead.lines.empty()) return told;
  told.answer.place = std::move(ahead.place);
  told.answer.choices = std::move(ahead.choices);
  return told;
}

// -- The explorer's side: subtrees ------------------------------------------------------

void Helpers::tend() {
  const auto now = Clock::now();
  if (tree_ == nullptr || now < tended_ + kUntended) return;
  tended_ = now;
  for (Helper& helper : helpers_) {
    while (helper.subtree && ahead_ < kMostAhead && receive(helper, now) == Got::kMore) {
    }
  }
  for (const std::uint32_t missed : tree_->take_missed()) forget_subtree(missed);
  for (Helper& helper : helpers_) {
    if (!helper.can_take) continue;
    const std::optional<Reduced::Subtree> subtree = tree_->give_out(least_subtree());
    if (!subtree) return;
    give_subtree(helper, *subtree);
  }
}

// At the speed since the helpers began.
std::uint64_t Helpers::least_subtree() const {
  const auto walked = static_cast<double>(tree_->walked() - walked_before_);
  const std::chrono::duration<double> spent = Clock::now() - began_;
  return 1 + static_cast<std::uint64_t>(walked * (kLeastSubtree / spent));
}

void Helpers::give_subtree(Helper& helper, const Reduced::Subtree& subtree) {
  subtrees_[subtree.id];
  helper.subtree = subtree.id;
  helper.can_take = false;
  helper.told_to_stop = false;
  say(helper, Say::kTake, subtree.place);
}

// If it is gone, that is noticed when its answer does not come.
void Helpers::say(const Helper& helper, Say say, const std::string& place) {
  std::string bytes(1, static_cast<char>(say));
  if (say == Say::kTake) {
    const std::size_t size = place.size();
    bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  bytes += place;
  static_cast<void>(offer_bytes(helper.socket, bytes.data(), bytes.size()));
}

void Helpers::forget_subtree(std::uint32_t id) {
  const auto subtree = subtrees_.find(id);
  if (subtree == subtrees_.end()) return;
  ahead_ -= subtree->second.ahead.lines.size();
  subtrees_.erase(subtree);
  for (Helper& helper : helpers_) {
    if (helper.subtree == id) stop(helper);
  }
}

void Helpers::stop(Helper& helper) {
  if (!std::exchange(helper.told_to_stop, true)) say(helper, Say::kStop);
}

std::optional<Told> Helpers::next_in_subtree(std::uint32_t id, Clock::time_point until) {
  for (;;) {
    Subtree& subtree = subtrees_.at(id);
    if (!subtree.ahead.lines.empty()) {
      --ahead_;
      Told told = take(subtree.ahead);
      if (tree_->heard_last()) subtrees_.erase(id);
      return told;
    }
    if (subtree.rest) {
      tree_->adopt(*subtree.rest);
      forget_subtree(id);
      return std::nullopt;
    }
    const auto helper =
        std::find_if(helpers_.begin(), helpers_.end(),
                     [id](const Helper& one) { return one.subtree == id; });
    stop(*helper);
    if (receive(*helper, until) != Got::kMore) return std::nullopt;
  }
}

}  // namespace interleave
