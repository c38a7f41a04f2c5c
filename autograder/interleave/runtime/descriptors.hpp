// The descriptors that a body opened: pipes, sockets, eventfds, timerfds and epolls.
//
//   number --> Description --out--> Channel --in--> Description <-- number
//                                   [ portion ][ portion ]     what each writer knew
//
// The bytes are the kernel's, and so is the answer to "is it ready?". The kernel itself
// never waits: every descriptor here is non-blocking for it, whatever the program sees.
//
//   kept from the kernel   what would not be the same in the next run
//   a timerfd              is an eventfd, written to when virtual time has come
//   a socket of TCP        is one of AF_UNIX, named after its port: no port is ever in use
//                          by another process, and none lingers
//
// Threads     Called by the body's threads, of which one runs at a time; begin_run and
//             end_run by the explorer.
// Invariants
//   I1  Each run begins with the same number, and gives none twice: a number that is used
//       after its close is seen.
//   I2  After end_run the kernel has none of them left.
#pragma once

#include <sys/epoll.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "interleave/runtime/thread.hpp"
#include "interleave/trace/failure.hpp"

namespace interleave {

// Numbers below are those of the process: whatever it inherited, the body's are the same.
inline constexpr int kFirstDescriptor = 64;

// Bytes of one write, and where the memory model keeps what the writer knew.
struct Portion {
  std::uint64_t bytes = 0;
  Address key = 0;
};

// One way between two descriptors.
struct Channel {
  bool counts = false;    // an eventfd's, a timerfd's: `key` has what all writers knew
  bool messages = false;  // each read takes one portion, whatever its size
  Address key = 0;        // likewise of a close or shutdown that ended it
  std::vector<Portion> portions;  // written, and not yet read
  // The last to use it, as far as it is known.
  ThreadId writer = kNoThread;
  ThreadId reader = kNoThread;
  std::uint32_t last_write = 0;  // step; 0: never
  bool rings = true;             // no more than a byte at a time: perhaps a doorbell
  std::uint32_t writes = 0;      // so often, and read so often
  std::uint32_t reads = 0;
};

struct Description;

// What an epoll was told to look at.
struct Interest {
  int number = -1;
  std::uint64_t id = 0;                // what the kernel gets for the program's data
  Description* description = nullptr;  // nullptr: not of this body
  epoll_event event{};                 // as the program said
};

// A client that no accept has taken yet.
struct Arrival {
  Description* client = nullptr;
  Address key = 0;
};

// An open file description: what several numbers may share.
struct Description {
  DescriptorKind kind = DescriptorKind::kPipe;
  Address object = 0;    // in traces
  Groups group = 0;      // its own bit
  unsigned numbers = 0;  // open ones
  bool nonblocking = false;
  Channel* in = nullptr;  // what it reads
  Channel* out = nullptr;

  // -- Sockets
  int domain = 0;
  int type = 0;
  bool listening = false;
  std::string name;               // where it is bound, as the kernel knows it
  std::string address;            // as the program knows it: a sockaddr
  std::string peer;               // likewise, of the other end
  std::vector<Arrival> arrivals;  // in the order in which accept returns them
  std::uint64_t receive_for = 0;  // nanoseconds; 0: for ever
  std::uint64_t send_for = 0;

  // -- Timers, in virtual time
  clockid_t clock = CLOCK_MONOTONIC;
  std::uint64_t expires = kNever;
  std::uint64_t interval = 0;

  // -- Epolls
  std::uint64_t last_id = 0;
  std::vector<Interest> interests;     // in the order in which they were added
  std::vector<epoll_event> held_back;  // taken from the kernel, for a later epoll_wait
};

// A number of this run.
struct Numbered {
  Description* description = nullptr;
  bool open = true;
  ThreadId closed_by = kNoThread;
  OpenDescriptor opening;
};

struct Rung {
  bool any = false;
  bool one_was_lost = false;  // it had been rung more often than it was answered
};

class Descriptors {
 public:
  void begin_run() {
    if (groups_ != 0) forget_all();
  }
  void end_run() {
    if (groups_ != 0) close_all();
  }
  // Whether this run opened any.
  [[nodiscard]] bool were_opened() const { return groups_ != 0; }

  // -- Numbers --------------------------------------------------------------------------

  // Whether the body opened it, and perhaps closed it.
  [[nodiscard]] bool knows(int number) const {
    return number >= kFirstDescriptor && index_of(number) < numbers_.size() &&
           numbers_[index_of(number)].description != nullptr;
  }
  [[nodiscard]] Numbered& at(int number) { return numbers_[index_of(number)]; }
  // nullptr if it is not open, or not the body's.
  [[nodiscard]] Description* find(int number) {
    return knows(number) && at(number).open ? at(number).description : nullptr;
  }
  // Gives what the kernel opened as `number` a number of the run; -1 with errno set if there is
  // none left.
  int adopt(int number, Description& description, const Thread& self, ProgramCounter pc);
  // The same with the number that the kernel gave it already.
  void enter(int number, Description& description, const Thread& self, ProgramCounter pc);
  // Of those open, any that stands for the description; -1: none.
  [[nodiscard]] int number_of(const Description& description) const;
  // In the order in which they were opened.
  [[nodiscard]] std::vector<OpenDescriptor> left_open() const;

  // -- What is behind them --------------------------------------------------------------

  Description& make(DescriptorKind kind);
  Channel& make_channel() { return channels_.emplace_back(); }
  // The second end of what `first` is the first of.
  Description& make_other_end(const Description& first);
  // A name for the memory model.
  [[nodiscard]] Address fresh_key() { return kFirstKey + ++keys_; }
  [[nodiscard]] std::uint16_t fresh_port() { return ++last_port_; }
  [[nodiscard]] Description* listener_at(const std::string& name);
  // Everything that what it says depends on.
  [[nodiscard]] Groups groups_of(const Description& description) const;

  // -- Readiness ------------------------------------------------------------------------

  // Something was done to one: what was not ready may be.
  void changed() { ++changes_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] bool is_ready(const Awaited& awaited);
  // The thread that could make it ready: who used the other end last, else any other; none if no
  // thread is left.
  [[nodiscard]] ThreadId partner_of(const Thread& thread);

  // -- Timers ---------------------------------------------------------------------------

  void set_timer(Description& timer, std::uint64_t expires, std::uint64_t interval);
  // Virtual time has moved.
  void time_is(std::uint64_t now) {
    if (now >= next_expiry_) expire(now);
  }
  // When time alone makes one of them ready.
  [[nodiscard]] std::uint64_t expiry_of(const Awaited& awaited);

  // -- Doorbells ------------------------------------------------------------------------

  // The last step in which one that the thread waits for was rung; kNoStep: none is a doorbell.
  [[nodiscard]] std::uint32_t last_ring(const Thread& thread);
  // Rings those that the thread waits for and that were rung before.
  Rung ring_again(const Thread& thread);

 private:
  static constexpr Address kFirstKey = Address{1} << 63U;  // no program has memory there
  static constexpr std::uint16_t kFirstPort = 40'000;

  [[nodiscard]] static std::size_t index_of(int number) {
    return static_cast<std::size_t>(number - kFirstDescriptor);
  }
  void forget_all();
  void close_all();
  void expire(std::uint64_t now);
  template <typename Visit>
  void for_each_awaited(const Awaited& awaited, Visit visit);
  [[nodiscard]] bool is_doorbell(const Thread& thread,
                                 const Description& description) const;
  [[nodiscard]] Description* writer_of(const Channel& channel);

  // -- Written by adopt, enter and those that close
  std::vector<Numbered> numbers_;  // by number, from kFirstDescriptor on

  // -- Written by make and its kin
  std::deque<Description> descriptions_;
  std::deque<Channel> channels_;
  std::uint64_t keys_ = 0;
  std::uint16_t last_port_ = kFirstPort;
  std::uint32_t groups_ = 0;

  // -- Written by changed
  std::uint64_t changes_ = 1;

  // -- Written by set_timer and expire
  std::uint64_t next_expiry_ = kNever;
};

// Creating one, and nothing else, depends on how many there were before.
inline constexpr Groups kNumbering = Groups{1} << 63U;

// The only one. Each step of time asks it, so it is not behind a call.
[[gnu::visibility("hidden")]] extern Descriptors the_descriptors;
[[nodiscard]] inline Descriptors& descriptors() { return the_descriptors; }

}  // namespace interleave
