// What the program's calls on descriptors mean in a running body. The hooks come here once
// they know the calling thread, and that the descriptor is the body's.
//
//   hooks_descriptors.cpp --> descriptor_calls.cpp    opening, closing
//                         --> descriptor_bytes.cpp    reading, writing
//                         --> descriptor_sockets.cpp  names, connections
//                         --> descriptor_waits.cpp    poll, select, epoll, timers
//
// Return values and errno are those of the functions they stand for.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>

#include <cstdint>

#include "interleave/runtime/descriptors.hpp"
#include "interleave/runtime/program.hpp"

namespace interleave {

// -- Opening and closing ----------------------------------------------------------------

int open_pipe(Thread& self, int* ends, int flags, ProgramCounter pc);
int open_event(Thread& self, unsigned count, int flags, ProgramCounter pc);
int open_timer(Thread& self, clockid_t clock, int flags, ProgramCounter pc);
int open_epoll(Thread& self, int flags, ProgramCounter pc);
// Another number for the same; `wanted` -1: any.
int duplicate(Thread& self, int number, int wanted, bool closes_on_exec,
              ProgramCounter pc);
int close_number(Thread& self, int number, ProgramCounter pc);

// -- Bytes ------------------------------------------------------------------------------

// Of one call: where its bytes are or go, and the flags of send and recv.
struct Transfer {
  msghdr* message = nullptr;
  int flags = 0;
  bool only_sockets = false;  // it is send, recv or their kin
};

ssize_t read_bytes(Thread& self, int number, const Transfer& transfer, ProgramCounter pc);
ssize_t write_bytes(Thread& self, int number, const Transfer& transfer,
                    ProgramCounter pc);

// Whether calls wait: F_SETFL, FIONBIO; the flags of F_GETFL.
void set_nonblocking(Thread& self, int number, bool nonblocking, ProgramCounter pc);
int set_flags(Thread& self, int number, int flags, ProgramCounter pc);
int flags_of(Thread& self, int number, ProgramCounter pc);

// -- Sockets ----------------------------------------------------------------------------

int open_socket(Thread& self, int domain, int type, int protocol, ProgramCounter pc);
int open_socket_pair(Thread& self, int domain, int type, int protocol, int* ends,
                     ProgramCounter pc);
int bind_socket(Thread& self, int number, const sockaddr* address, socklen_t size,
                ProgramCounter pc);
int listen_socket(Thread& self, int number, int backlog, ProgramCounter pc);
int accept_socket(Thread& self, int number, sockaddr* address, socklen_t* size, int flags,
                  ProgramCounter pc);
int connect_socket(Thread& self, int number, const sockaddr* address, socklen_t size,
                   ProgramCounter pc);
int shut_down(Thread& self, int number, int how, ProgramCounter pc);
// getsockname; of the peer: getpeername.
int name_of_socket(Thread& self, int number, bool of_peer, sockaddr* address,
                   socklen_t* size, ProgramCounter pc);
int set_option(Thread& self, int number, int level, int option, const void* value,
               socklen_t size, ProgramCounter pc);
int get_option(Thread& self, int number, int level, int option, void* value,
               socklen_t* size, ProgramCounter pc);

// -- Waiting for several ----------------------------------------------------------------

// `deadline` in virtual time: kNever waits for ever, 0 not at all.
int poll_all(Thread& self, pollfd* all, nfds_t count, std::uint64_t deadline,
             ProgramCounter pc);
struct Selected {
  int count = 0;
  fd_set* readable = nullptr;
  fd_set* writable = nullptr;
  fd_set* exceptional = nullptr;
};
int select_all(Thread& self, const Selected& all, std::uint64_t deadline,
               ProgramCounter pc);
int control_epoll(Thread& self, int number, int command, int other, epoll_event* event,
                  ProgramCounter pc);
int wait_on_epoll(Thread& self, int number, epoll_event* events, int most,
                  std::uint64_t deadline, ProgramCounter pc);

int set_timer(Thread& self, int number, int flags, const itimerspec& wanted,
              itimerspec* before, ProgramCounter pc);
int get_timer(Thread& self, int number, itimerspec& left, ProgramCounter pc);

// -- What these files share -------------------------------------------------------

// The description behind the number; a mistake of the program's if it was closed.
Description& opened(Thread& self, int number, ProgramCounter pc);

[[nodiscard]] Operation operation_on(const Thread& self, OperationKind kind,
                                     const Description& description, ProgramCounter pc);

// Needs `events` of the number before its operation, if it waits at all.
struct Need {
  int number = -1;
  short events = 0;
  bool waits = false;
  std::uint64_t deadline = kNever;
  std::uint64_t after = 0;  // see Awaited
};
// Lets others go first. False: time is up.
bool arrive(Thread& self, const Operation& operation, const Need& need);
// The same, where `self.awaited` was filled already.
bool arrive_at_awaited(Thread& self, const Operation& operation, std::uint64_t deadline);
// Makes up for a call that came too late: EAGAIN.
int give_up(Thread& self, const Operation& operation, int result, int error);

// The operation that the thread came to do is done; what others see has changed.
Step* done(Thread& self, const Operation& operation);
// Likewise, and nothing has.
Step* looked(Thread& self, const Operation& operation);
// The same, of what is no progress while it is only found out what was lost.
Step* taken(Thread& self, const Operation& operation);

// The operations that depend on `from` depend on `groups` too from now on.
void spread(Groups from, Groups groups);

// Acquires what is known to be there, of a descriptor that was reported ready.
void see_what_is_there(Thread& self, const Description& description);

// A plain access of the program's memory by the call.
void touch(Thread& self, const void* object, std::uint64_t size, bool write,
           ProgramCounter pc);

// `kernel_number` becomes the program's, or errno says why not.
int deliver(Thread& self, int kernel_number, Description& description, bool nonblocking,
            ProgramCounter pc);

}  // namespace interleave
