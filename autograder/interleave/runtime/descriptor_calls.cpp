// Opening and closing; what all calls on descriptors share.
//
// Each call lets others go first, waits until the kernel says "ready" if it would block, and
// then does what the kernel does without waiting. If another thread was faster, it waits again.
#include "interleave/runtime/descriptor_calls.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace interleave {

// -- What all share ---------------------------------------------------------------------

Description& opened(Thread& self, int number, ProgramCounter pc) {
  Numbered& numbered = descriptors().at(number);
  if (numbered.open) return *numbered.description;
  tracer().remark(self, {.thread = self.id,
                         .kind = OperationKind::kUse,
                         .object = numbered.description->object,
                         .pc = pc});
  misuse(self, pc, numbered.description->object,
         "uses descriptor " + std::to_string(number) + ", which " +
             engine().threads()[numbered.closed_by].name + " closed before");
}

Operation operation_on(const Thread& self, OperationKind kind,
                       const Description& description, ProgramCounter pc) {
  return {.thread = self.id,
          .kind = kind,
          .object = description.object,
          .second_object = descriptors().groups_of(description),
          .pc = pc};
}

bool arrive(Thread& self, const Operation& operation, const Need& need) {
  self.awaited.descriptors.clear();
  if (!need.waits) {
    scheduler().point(self, operation);
    opened(self, need.number, operation.pc);
    return true;
  }
  if (need.events != 0) self.awaited.descriptors.push_back({need.number, need.events, 0});
  self.awaited.after = need.after;
  return arrive_at_awaited(self, operation, need.deadline);
}

bool arrive_at_awaited(Thread& self, const Operation& operation, std::uint64_t deadline) {
  self.awaited.asked = 0;
  self.wait = Wait::kReady;
  self.deadline = deadline;
  return scheduler().point(self, operation);
}

int give_up(Thread& self, const Operation& operation, int result, int error) {
  scheduler().observe(self, operation.pc, operation.object, 0);
  Operation late = operation;
  late.kind = OperationKind::kTimeOut;
  late.second_object = 0;
  tracer().performed(self, late, false);
  errno = error;
  return result;
}

Step* done(Thread& self, const Operation& operation) {
  descriptors().changed();
  scheduler().changed(self);
  return tracer().performed(self, operation, true);
}

Step* looked(Thread& self, const Operation& operation) {
  return tracer().performed(self, operation, false);
}

Step* taken(Thread& self, const Operation& operation) {
  descriptors().changed();
  if (!probe().running()) scheduler().changed(self);
  return tracer().performed(self, operation, true);
}

void spread(Groups from, Groups groups) {
  for (Thread& thread : engine().threads()) {
    if (thread.finished || (groups_of(thread.pending) & from) == 0) continue;
    thread.pending.second_object |= groups;
  }
}

void see_what_is_there(Thread& self, const Description& description) {
  if (description.in != nullptr) {
    MemoryModel& memory = engine().memory();
    for (const Portion& portion : description.in->portions) {
      memory.acquire_from(self.id, portion.key);
    }
    if (description.in->key != 0) memory.acquire_from(self.id, description.in->key);
  }
  for (const Arrival& arrival : description.arrivals) {
    engine().memory().acquire_from(self.id, arrival.key);
  }
}

void touch(Thread& self, const void* object, std::uint64_t size, bool write,
           ProgramCounter pc) {
  if (probe().running() || size == 0) return;
  const ProgramScope scope(self);
  plain_access(object, size, write, pc);
}

int deliver(Thread& self, int kernel_number, Description& description, bool nonblocking,
            ProgramCounter pc) {
  description.nonblocking = nonblocking;
  return descriptors().adopt(kernel_number, description, self, pc);
}

namespace {

// To come before one that makes a new descriptor.
Operation about_to_open(Thread& self, ProgramCounter pc) {
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kOpen,
                            .second_object = kNumbering,
                            .pc = pc};
  scheduler().point(self, operation);
  return operation;
}

int opened_one(Thread& self, Operation operation, int kernel_number, DescriptorKind kind,
               bool nonblocking, ProgramCounter pc) {
  if (kernel_number < 0) return -1;
  Description& description = descriptors().make(kind);
  const int number = deliver(self, kernel_number, description, nonblocking, pc);
  if (number < 0) return -1;
  operation.object = description.object;
  done(self, operation);
  return number;
}

}  // namespace

// -- Opening and closing ----------------------------------------------------------------

int open_pipe(Thread& self, int* ends, int flags, ProgramCounter pc) {
  Operation operation = about_to_open(self, pc);
  int made[2];
  if (::pipe2(made, flags | O_NONBLOCK) != 0) return -1;
  Description& reading = descriptors().make(DescriptorKind::kPipe);
  Description& writing = descriptors().make_other_end(reading);
  reading.in = writing.out = &descriptors().make_channel();
  const bool nonblocking = (flags & O_NONBLOCK) != 0;
  const int first = deliver(self, made[0], reading, nonblocking, pc);
  const int second = deliver(self, made[1], writing, nonblocking, pc);
  if (first < 0 || second < 0) return -1;
  ends[0] = first;
  ends[1] = second;
  operation.object = reading.object;
  done(self, operation);
  return 0;
}

int open_event(Thread& self, unsigned count, int flags, ProgramCounter pc) {
  const Operation operation = about_to_open(self, pc);
  const int made = ::eventfd(count, flags | EFD_NONBLOCK);
  const int number = opened_one(self, operation, made, DescriptorKind::kEvent,
                                (flags & EFD_NONBLOCK) != 0, pc);
  if (Description* const event = descriptors().find(number)) {
    event->in = event->out = &descriptors().make_channel();
    event->in->counts = true;
    event->in->key = descriptors().fresh_key();
  }
  return number;
}

int open_timer(Thread& self, clockid_t clock, int flags, ProgramCounter pc) {
  const Operation operation = about_to_open(self, pc);
  const int probe_of_arguments = ::timerfd_create(clock, flags);
  if (probe_of_arguments < 0) return -1;
  ::close(probe_of_arguments);
  int event_flags = EFD_NONBLOCK;
  if ((flags & TFD_CLOEXEC) != 0) event_flags |= EFD_CLOEXEC;
  const int number = opened_one(self, operation, ::eventfd(0, event_flags),
                                DescriptorKind::kTimer, (flags & TFD_NONBLOCK) != 0, pc);
  if (Description* const timer = descriptors().find(number)) {
    timer->clock = clock;
    timer->in = &descriptors().make_channel();
    timer->in->counts = true;
    timer->in->key = descriptors().fresh_key();
  }
  return number;
}

int open_epoll(Thread& self, int flags, ProgramCounter pc) {
  const Operation operation = about_to_open(self, pc);
  const int number = opened_one(self, operation, ::epoll_create1(flags),
                                DescriptorKind::kEpoll, false, pc);
  if (Description* const epoll = descriptors().find(number)) {
    epoll->in =
        &descriptors().make_channel();  // for what those knew who told it what to do
    epoll->in->key = descriptors().fresh_key();
  }
  return number;
}

int duplicate(Thread& self, int number, int wanted, bool closes_on_exec,
              ProgramCounter pc) {
  Description& description = opened(self, number, pc);
  if (wanted >= 0 && wanted < kFirstDescriptor) {
    engine().unsupported(self, pc, "dup2 onto a descriptor that it did not open");
  }
  Operation operation = operation_on(self, OperationKind::kOpen, description, pc);
  operation.second_object |= kNumbering;
  scheduler().point(self, operation);
  opened(self, number, pc);
  if (wanted == number) return number;
  const int least = std::max(wanted, 0);
  if (descriptors().find(wanted) != nullptr) close_number(self, wanted, pc);
  const int made = ::fcntl(number, closes_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, least);
  if (made < 0) return -1;
  if (wanted >= 0 && made != wanted) {
    ::close(made);
    engine().unsupported(self, pc, "dup2 onto a descriptor that it did not open");
  }
  int result = made;
  if (wanted < 0) {
    result = descriptors().adopt(made, description, self, pc);
  } else {
    descriptors().enter(made, description, self, pc);
  }
  if (result >= 0) done(self, operation);
  return result;
}

namespace {

// A thread that waits in a call on the number would wait on for what is no more, or get
// another's bytes once the number is used again.
void expect_no_waiter(Thread& self, int number, const Description& description,
                      ProgramCounter pc) {
  for (Thread& other : engine().threads()) {
    if (other.finished || other.id == self.id || other.wait != Wait::kReady) continue;
    for (const pollfd& awaited : other.awaited.descriptors) {
      if (awaited.fd != number) continue;
      if (Step* const step = tracer().remark(other, other.pending)) step->blocked = true;
      tracer().remark(self, self.pending);
      misuse(self, pc, description.object,
             "closes descriptor " + std::to_string(number) + " while " + other.name +
                 " is in a call on it");
    }
  }
}

// The last number is gone: who reads gets to know that, and all that was done before.
void end_channel(Thread& self, Channel* channel) {
  if (channel == nullptr || channel->counts) return;
  if (channel->key == 0) channel->key = descriptors().fresh_key();
  engine().memory().merge_to(self.id, channel->key);
}

}  // namespace

int close_number(Thread& self, int number, ProgramCounter pc) {
  Description& description = opened(self, number, pc);
  const Operation operation = operation_on(self, OperationKind::kClose, description, pc);
  scheduler().point(self, operation);
  opened(self, number, pc);
  const Operation now = self.pending;
  expect_no_waiter(self, number, description, pc);
  const int result = ::close(number);
  Numbered& numbered = descriptors().at(number);
  numbered.open = false;
  numbered.closed_by = self.id;
  if (--description.numbers == 0) end_channel(self, description.out);
  taken(self, now);
  return result;
}

// -- Whether calls wait -----------------------------------------------------------------

void set_nonblocking(Thread& self, int number, bool nonblocking, ProgramCounter pc) {
  opened(self, number, pc).nonblocking = nonblocking;
}

int set_flags(Thread& self, int number, int flags, ProgramCounter pc) {
  const int result = ::fcntl(number, F_SETFL, flags | O_NONBLOCK);
  if (result == 0) set_nonblocking(self, number, (flags & O_NONBLOCK) != 0, pc);
  return result;
}

int flags_of(Thread& self, int number, ProgramCounter pc) {
  const bool nonblocking = opened(self, number, pc).nonblocking;
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0) return flags;
  return nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
}

}  // namespace interleave
