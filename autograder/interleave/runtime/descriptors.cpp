#include "interleave/runtime/descriptors.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/engine.hpp"

namespace interleave {

Descriptors the_descriptors;

namespace {

constexpr std::uint32_t kGroups = 63;  // the last bit is kNumbering's

// What an epoll event and a pollfd call by the same name has the same value.
short poll_events(std::uint32_t epoll_events) {
  return static_cast<short>(epoll_events & 0xFFFFU);
}

}  // namespace

// -- A run ------------------------------------------------------------------------------

void Descriptors::forget_all() {
  numbers_.clear();
  descriptions_.clear();
  channels_.clear();
  keys_ = 0;
  last_port_ = kFirstPort;
  groups_ = 0;
  changes_ = 1;
  next_expiry_ = kNever;
}

void Descriptors::close_all() {
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    const Numbered& numbered = numbers_[i];
    if (numbered.description == nullptr || !numbered.open) continue;
    ::close(kFirstDescriptor + static_cast<int>(i));
  }
  forget_all();
}

// -- Numbers ----------------------------------------------------------------------------

int Descriptors::adopt(int number, Description& description, const Thread& self,
                       ProgramCounter pc) {
  const bool closes_on_exec = (::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0;
  const int command = closes_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD;
  int adopted =
      ::fcntl(number, command, kFirstDescriptor + static_cast<int>(numbers_.size()));
  if (adopted < 0) adopted = ::fcntl(number, command, kFirstDescriptor);
  const int error = errno;
  ::close(number);
  errno = error;
  if (adopted >= 0) enter(adopted, description, self, pc);
  return adopted;
}

void Descriptors::enter(int number, Description& description, const Thread& self,
                        ProgramCounter pc) {
  if (index_of(number) >= numbers_.size()) numbers_.resize(index_of(number) + 1);
  Numbered& numbered = at(number);
  numbered = {};
  numbered.description = &description;
  numbered.opening = {number, description.object, self.id, {pc}};
  if (tracer().wanted()) numbered.opening.stack = stack_at(self, pc);
  ++description.numbers;
}

int Descriptors::number_of(const Description& description) const {
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    const bool stands = numbers_[i].description == &description && numbers_[i].open;
    if (stands) return kFirstDescriptor + static_cast<int>(i);
  }
  return -1;
}

std::vector<OpenDescriptor> Descriptors::left_open() const {
  std::vector<OpenDescriptor> left;
  for (const Numbered& numbered : numbers_) {
    if (numbered.description != nullptr && numbered.open)
      left.push_back(numbered.opening);
  }
  return left;
}

// -- What is behind them ----------------------------------------------------------------

Description& Descriptors::make(DescriptorKind kind) {
  const auto alike =
      std::count_if(descriptions_.begin(), descriptions_.end(),
                    [&](const Description& other) { return other.kind == kind; });
  const std::ptrdiff_t ends = kind == DescriptorKind::kPipe ? 2 : 1;
  Description& made = descriptions_.emplace_back();
  made.kind = kind;
  made.object = descriptor_object(kind, static_cast<std::uint32_t>(alike / ends));
  made.group = Groups{1} << (groups_++ % kGroups);
  return made;
}

Description& Descriptors::make_other_end(const Description& first) {
  const Groups group = first.group;
  Description& second = make(first.kind);
  if (first.kind == DescriptorKind::kPipe) second.object = first.object + kWritingEnd;
  second.group = group;
  return second;
}

Description* Descriptors::listener_at(const std::string& name) {
  for (Description& description : descriptions_) {
    const bool there = description.listening && description.numbers > 0;
    if (there && description.name == name) return &description;
  }
  return nullptr;
}

Groups Descriptors::groups_of(const Description& description) const {
  Groups groups = description.group;
  for (const Interest& interest : description.interests) {
    if (interest.description != nullptr) groups |= groups_of(*interest.description);
  }
  for (const Arrival& arrival : description.arrivals) groups |= arrival.client->group;
  return groups;
}

// -- Readiness --------------------------------------------------------------------------

// Visits each description that the thread waits for, through epolls too, with the events
// that it waits for.
template <typename Visit>
void Descriptors::for_each_awaited(const Awaited& awaited, Visit visit) {
  for (const pollfd& one : awaited.descriptors) {
    Description* const description = find(one.fd);
    if (description == nullptr) continue;
    visit(*description, one.events);
    for (const Interest& interest : description->interests) {
      const bool open =
          interest.description != nullptr && interest.description->numbers > 0;
      if (open) visit(*interest.description, poll_events(interest.event.events));
    }
  }
}

bool Descriptors::is_ready(const Awaited& awaited) {
  if (changes_ <= awaited.after) return false;
  if (awaited.descriptors.empty()) return awaited.after != 0;
  if (awaited.asked == changes_) return awaited.was_ready;
  bool own = true;
  bool ready = false;
  for (const pollfd& one : awaited.descriptors) {
    const Description* const description = find(one.fd);
    own = own && description != nullptr;
    ready = ready || (description != nullptr && !description->held_back.empty());
  }
  const int error = errno;
  ready = ::poll(awaited.descriptors.data(), awaited.descriptors.size(), 0) > 0 || ready;
  errno = error;
  awaited.asked = own ? changes_ : 0;
  awaited.was_ready = ready;
  return ready;
}

ThreadId Descriptors::partner_of(const Thread& thread) {
  const ThreadList& threads = engine().threads();
  const auto could = [&](ThreadId id) {
    return id != kNoThread && id != thread.id && !threads[id].finished;
  };
  ThreadId partner = kNoThread;
  for_each_awaited(thread.awaited, [&](const Description& description, short events) {
    const bool writes = (events & POLLIN) == 0;
    const Channel* const channel = writes ? description.out : description.in;
    if (channel == nullptr || could(partner)) return;
    partner = writes ? channel->reader : channel->writer;
  });
  if (could(partner)) return partner;
  for (const Wait first : {Wait::kReady, Wait::kExclusive, Wait::kSignal, Wait::kJoin}) {
    for (const Thread& other : threads) {
      if (could(other.id) && other.wait == first) return other.id;
    }
  }
  return kNoThread;
}

// -- Timers -----------------------------------------------------------------------------

void Descriptors::set_timer(Description& timer, std::uint64_t expires,
                            std::uint64_t interval) {
  timer.expires = expires;
  timer.interval = interval;
  next_expiry_ = std::min(next_expiry_, expires);
}

void Descriptors::expire(std::uint64_t now) {
  next_expiry_ = kNever;
  for (Description& timer : descriptions_) {
    if (timer.expires <= now) {
      std::uint64_t times = 1;
      if (timer.interval != 0) times += (now - timer.expires) / timer.interval;
      const int number = number_of(timer);
      if (number >= 0) static_cast<void>(::write(number, &times, sizeof times));
      timer.expires =
          timer.interval == 0 ? kNever : timer.expires + times * timer.interval;
      changed();
    }
    next_expiry_ = std::min(next_expiry_, timer.expires);
  }
}

std::uint64_t Descriptors::expiry_of(const Awaited& awaited) {
  std::uint64_t first = kNever;
  for_each_awaited(awaited, [&](const Description& description, short events) {
    if ((events & POLLIN) != 0) first = std::min(first, description.expires);
  });
  return first;
}

// -- Doorbells --------------------------------------------------------------------------

Description* Descriptors::writer_of(const Channel& channel) {
  for (Description& description : descriptions_) {
    if (description.out == &channel && description.numbers > 0) return &description;
  }
  return nullptr;
}

// An eventfd always is. A pipe may be: if single bytes are written, and waited for by one that
// does not read them at once, and then until there are none.
bool Descriptors::is_doorbell(const Thread& thread,
                              const Description& description) const {
  if (description.in == nullptr || description.in->last_write == 0) return false;
  if (description.kind == DescriptorKind::kEvent) return true;
  const OperationKind kind = thread.pending.kind;
  return description.kind != DescriptorKind::kTimer && description.nonblocking &&
         description.in->rings &&
         (kind == OperationKind::kPoll || kind == OperationKind::kEpollWait);
}

std::uint32_t Descriptors::last_ring(const Thread& thread) {
  std::uint32_t last = 0;
  for_each_awaited(thread.awaited, [&](const Description& description, short) {
    if (is_doorbell(thread, description))
      last = std::max(last, description.in->last_write);
  });
  return last == 0 ? kNoStep : last;
}

Rung Descriptors::ring_again(const Thread& thread) {
  Rung rung;
  constexpr std::uint64_t once = 1;
  for_each_awaited(thread.awaited, [&](const Description& description, short events) {
    if ((events & POLLIN) == 0 || !is_doorbell(thread, description)) return;
    const Description* const writer = writer_of(*description.in);
    if (writer == nullptr) return;
    const bool counts = description.in->counts;
    rung.any = true;
    rung.one_was_lost |= description.in->writes > description.in->reads;
    static_cast<void>(::write(number_of(*writer), &once, counts ? sizeof once : 1));
  });
  changed();
  return rung;
}

}  // namespace interleave
