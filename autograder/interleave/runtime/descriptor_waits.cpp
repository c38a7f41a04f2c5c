// Waiting for one of several descriptors, and for a time.
//
// What the kernel says in an order of its own, such as the events of one epoll_wait, is
// put in the order in which the program added them; then the search chooses one.
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "interleave/runtime/descriptor_calls.hpp"

namespace interleave {
namespace {

constexpr short kReadable = POLLIN | POLLRDNORM | POLLRDHUP | POLLHUP | POLLERR;

// -- poll and select --------------------------------------------------------------------

// Those that the thread waits for are in self.awaited. Of its operation: what it depends on.
Operation look_at_awaited(Thread& self, ProgramCounter pc) {
  Operation operation{.thread = self.id, .kind = OperationKind::kPoll, .pc = pc};
  std::size_t known = 0;
  for (const pollfd& one : self.awaited.descriptors) {
    if (!descriptors().knows(one.fd)) continue;
    const Description& description = opened(self, one.fd, pc);
    operation.second_object |= descriptors().groups_of(description);
    operation.object = ++known == 1 ? description.object : 0;
  }
  return operation;
}

void expect_open(Thread& self, ProgramCounter pc) {
  for (const pollfd& one : self.awaited.descriptors) {
    if (descriptors().knows(one.fd)) opened(self, one.fd, pc);
  }
}

// Waits as far as it is to. False: time is up.
bool wait_for_awaited(Thread& self, const Operation& operation, std::uint64_t deadline) {
  self.awaited.after = 0;
  if (deadline != 0) return arrive_at_awaited(self, operation, deadline);
  scheduler().point(self, operation);
  expect_open(self, operation.pc);
  return true;
}

int conclude(Thread& self, const Operation& operation, int result, bool in_time) {
  const int error = errno;
  if (!in_time) return give_up(self, operation, result, error);
  if (result <= 0) scheduler().observe(self, operation.pc, operation.object, 0);
  if (Step* const step = looked(self, operation)) {
    step->amount = result > 0 ? static_cast<std::uint64_t>(result) : 0;
  }
  errno = error;
  return result;
}

}  // namespace

int poll_all(Thread& self, pollfd* all, nfds_t count, std::uint64_t deadline,
             ProgramCounter pc) {
  touch(self, all, count * sizeof *all, false, pc);
  self.awaited.descriptors.assign(all, all + count);
  const Operation wanted = look_at_awaited(self, pc);
  const bool in_time = wait_for_awaited(self, wanted, deadline);
  const Operation operation = self.pending;
  const int result = ::poll(all, count, 0);
  for (nfds_t i = 0; i < count; ++i) {
    const Description* const description = descriptors().find(all[i].fd);
    if (description == nullptr || (all[i].revents & kReadable) == 0) continue;
    see_what_is_there(self, *description);
  }
  const int answer = conclude(self, operation, result, in_time);
  touch(self, all, count * sizeof *all, true, pc);
  return answer;
}

int select_all(Thread& self, const Selected& all, std::uint64_t deadline,
               ProgramCounter pc) {
  self.awaited.descriptors.clear();
  for (int number = 0; number < all.count; ++number) {
    const auto has = [number](const fd_set* set) {
      return set != nullptr && FD_ISSET(number, set);
    };
    short events = 0;
    if (has(all.readable)) events |= POLLIN;
    if (has(all.writable)) events |= POLLOUT;
    if (has(all.exceptional)) events |= POLLPRI;
    if (events != 0) self.awaited.descriptors.push_back({number, events, 0});
  }
  const Operation wanted = look_at_awaited(self, pc);
  const bool in_time = wait_for_awaited(self, wanted, deadline);
  const Operation operation = self.pending;
  timeval none{};
  const int result =
      ::select(all.count, all.readable, all.writable, all.exceptional, &none);
  for (const pollfd& one : self.awaited.descriptors) {
    const Description* const description = descriptors().find(one.fd);
    const bool readable = all.readable != nullptr && FD_ISSET(one.fd, all.readable);
    if (description != nullptr && readable) see_what_is_there(self, *description);
  }
  return conclude(self, operation, result, in_time);
}

// -- epoll ------------------------------------------------------------------------------

namespace {

Interest* interest_with_id(Description& epoll, std::uint64_t id) {
  for (Interest& interest : epoll.interests) {
    if (interest.id == id) return &interest;
  }
  return nullptr;
}

std::vector<Interest>::iterator interest_in(Description& epoll, int number,
                                            const Description* description) {
  return std::find_if(epoll.interests.begin(), epoll.interests.end(),
                      [&](const Interest& one) {
                        return one.number == number && one.description == description;
                      });
}

void forget_held_back(Description& epoll, std::uint64_t id) {
  std::erase_if(epoll.held_back,
                [id](const epoll_event& held) { return held.data.u64 == id; });
}

// The program's own data stays here: the kernel gets a number that tells the order.
void note_control(Description& epoll, int command, int other, std::uint64_t id,
                  const epoll_event* event) {
  Description* const description = descriptors().find(other);
  const auto known = interest_in(epoll, other, description);
  const bool is_known = known != epoll.interests.end();
  if (is_known) forget_held_back(epoll, known->id);
  if (command == EPOLL_CTL_ADD) {
    if (is_known) epoll.interests.erase(known);
    epoll.interests.push_back({other, id, description, *event});
  } else if (is_known && command == EPOLL_CTL_DEL) {
    epoll.interests.erase(known);
  } else if (is_known) {
    known->event = *event;
  }
}

// What was taken before and is still so.
void take_held_back(Description& epoll, std::vector<epoll_event>& events) {
  for (const epoll_event& held : epoll.held_back) {
    const Interest* const interest = interest_with_id(epoll, held.data.u64);
    if (interest == nullptr) continue;
    const int number = interest->description == nullptr
                           ? interest->number
                           : descriptors().number_of(*interest->description);
    const bool again = std::any_of(
        events.begin(), events.end(),
        [&](const epoll_event& other) { return other.data.u64 == held.data.u64; });
    if (number < 0 || again) continue;
    pollfd now{number, static_cast<short>(interest->event.events), 0};
    if (::poll(&now, 1, 0) <= 0) continue;
    events.push_back(held);
    events.back().events = static_cast<std::uint16_t>(now.revents);
  }
  epoll.held_back.clear();
}

// All that there are, in the order in which they were added.
std::vector<epoll_event> all_events(int number, Description& epoll) {
  std::vector<epoll_event> events(epoll.interests.size() + 1);
  const int count =
      ::epoll_wait(number, events.data(), static_cast<int>(events.size()), 0);
  events.resize(static_cast<std::size_t>(std::max(count, 0)));
  take_held_back(epoll, events);
  std::erase_if(events, [&](const epoll_event& event) {
    return interest_with_id(epoll, event.data.u64) == nullptr;
  });
  std::sort(events.begin(), events.end(),
            [](const epoll_event& one, const epoll_event& other) {
              return one.data.u64 < other.data.u64;
            });
  return events;
}

// The first `most` in an order that the search chooses; the others wait for the next call.
void choose_order(Description& epoll, const Operation& operation,
                  std::vector<epoll_event>& events, std::size_t most) {
  const std::size_t count = std::min(most, events.size());
  for (std::size_t i = 0; i < count && i + 1 < events.size(); ++i) {
    const std::vector<Alternative> alternatives(
        events.size() - i, {.thread = operation.thread, .pending = operation});
    const std::size_t chosen = scheduler().decide(DecisionKind::kEvent, alternatives);
    const auto first = events.begin() + static_cast<std::ptrdiff_t>(i);
    const auto next = first + static_cast<std::ptrdiff_t>(chosen);
    std::rotate(first, next, next + 1);
  }
  const auto rest = events.begin() + static_cast<std::ptrdiff_t>(count);
  epoll.held_back.assign(rest, events.end());
  events.resize(count);
}

// Gives the program the events with its own data.
void hand_out(Thread& self, Description& epoll, const std::vector<epoll_event>& from,
              epoll_event* to) {
  for (const epoll_event& event : from) {
    const Interest& interest = *interest_with_id(epoll, event.data.u64);
    to->events = event.events;
    to->data = interest.event.data;
    ++to;
    engine().memory().acquire_from(self.id, epoll.in->key);
    const bool readable = (event.events & ~std::uint32_t{EPOLLOUT}) != 0;
    if (interest.description != nullptr && readable) {
      see_what_is_there(self, *interest.description);
    }
  }
}

}  // namespace

int control_epoll(Thread& self, int number, int command, int other, epoll_event* event,
                  ProgramCounter pc) {
  Description& epoll = opened(self, number, pc);
  Operation operation = operation_on(self, OperationKind::kControl, epoll, pc);
  if (descriptors().knows(other)) {
    operation.second_object |= descriptors().groups_of(opened(self, other, pc));
  }
  scheduler().point(self, operation);
  opened(self, number, pc);
  if (descriptors().knows(other)) opened(self, other, pc);
  operation = self.pending;
  const auto known = interest_in(epoll, other, descriptors().find(other));
  const std::uint64_t id = known != epoll.interests.end() && command != EPOLL_CTL_ADD
                               ? known->id
                               : ++epoll.last_id;
  epoll_event for_kernel{};
  if (event != nullptr) {
    for_kernel = *event;
    for_kernel.data.u64 = id;
  }
  const int result =
      ::epoll_ctl(number, command, other, event == nullptr ? nullptr : &for_kernel);
  const int error = errno;
  if (result == 0) {
    note_control(epoll, command, other, id, event);
    engine().memory().merge_to(self.id, epoll.in->key);
    spread(epoll.group, descriptors().groups_of(epoll));
    done(self, operation);
  } else {
    looked(self, operation);
  }
  errno = error;
  return result;
}

int wait_on_epoll(Thread& self, int number, epoll_event* events, int most,
                  std::uint64_t deadline, ProgramCounter pc) {
  Description& epoll = opened(self, number, pc);
  if (most <= 0) {
    errno = EINVAL;
    return -1;
  }
  Need need{
      .number = number, .events = POLLIN, .waits = deadline != 0, .deadline = deadline};
  for (;;) {
    Operation operation = operation_on(self, OperationKind::kEpollWait, epoll, pc);
    const bool in_time = arrive(self, operation, need);
    if (!in_time) return give_up(self, operation, 0, errno);
    operation = self.pending;
    std::vector<epoll_event> found = all_events(number, epoll);
    choose_order(epoll, operation, found, static_cast<std::size_t>(most));
    need.after = descriptors().changes();
    if (found.empty() && need.waits) continue;
    hand_out(self, epoll, found, events);
    Step* const step = found.empty() ? looked(self, operation) : taken(self, operation);
    if (step != nullptr) step->amount = found.size();
    if (found.empty()) scheduler().observe(self, pc, operation.object, 0);
    touch(self, events, found.size() * sizeof *events, true, pc);
    return static_cast<int>(found.size());
  }
}

// -- Timers -----------------------------------------------------------------------------

namespace {

timespec time_of(std::uint64_t nanoseconds) {
  constexpr std::uint64_t second = 1'000'000'000;
  return {static_cast<time_t>(nanoseconds / second),
          static_cast<long>(nanoseconds % second)};
}

void tell_timer(const Description& timer, itimerspec& told) {
  told.it_interval = time_of(timer.interval);
  told.it_value =
      time_of(timer.expires == kNever ? 0 : timer.expires - scheduler().now());
}

}  // namespace

int set_timer(Thread& self, int number, int flags, const itimerspec& wanted,
              itimerspec* before, ProgramCounter pc) {
  Description& timer = opened(self, number, pc);
  const Operation operation = operation_on(self, OperationKind::kControl, timer, pc);
  scheduler().point(self, operation);
  opened(self, number, pc);
  if (before != nullptr) tell_timer(timer, *before);
  std::uint64_t expired = 0;
  static_cast<void>(::read(number, &expired, sizeof expired));
  std::uint64_t expires = kNever;
  if (nanoseconds(wanted.it_value) != 0) {
    expires = (flags & TFD_TIMER_ABSTIME) != 0
                  ? virtual_time(timer.clock, wanted.it_value)
                  : scheduler().now() + nanoseconds(wanted.it_value);
  }
  engine().memory().merge_to(self.id, timer.in->key);
  descriptors().set_timer(timer, expires, nanoseconds(wanted.it_interval));
  descriptors().time_is(scheduler().now());
  done(self, operation);
  return 0;
}

int get_timer(Thread& self, int number, itimerspec& left, ProgramCounter pc) {
  tell_timer(opened(self, number, pc), left);
  return 0;
}

}  // namespace interleave
