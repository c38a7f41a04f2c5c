// A server that answers lines, for many clients at once, on one thread.
//
//   client --bytes--> unread --lines--> answer --> unsent --bytes--> client
//                                          ^
//             one thread: whichever client has something to do
//
// Threads     stop: any thread. All else: one thread, the loop's.
// Progress    No call blocks but the wait for events: no client waits for another one.
//
// Invariants
//   I1  A connection has one token, and no later one has it again. What is closed has none.
//   I2  Per client no more than `line` bytes are kept unread after each read, and the "\r" of
//       an end that has half come; and nothing is read while `unsent` bytes or more of its
//       answers are kept.
//   I3  Each answer is sent once, whole, in the order of the lines.
//   I4  There are never more than `clients` connections.
//
// Edges       STOP  stop stores stopped_  -->  run loads it.
//
// Left out    Time-outs (exercise 6.1 has what they need), encryption, more than one
//             core.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "descriptor.hpp"
#include "epoll.hpp"
#include "sockets.hpp"

// How much of the server one client, and all of them, may have.
struct Limits {
  std::size_t line = 4096;     // bytes of a line, without its end
  std::size_t unsent = 65536;  // bytes of answers: from here on nothing more is read
  std::size_t clients = 1000;  // connections at a time
};

class LineServer {
 public:
  // Returns the answer to a line, without its end. Must not block: every client waits. What a
  // client sends behind its last '\n', and then ends, is no line, and has no answer.
  using Answer = std::function<std::string(std::string_view line)>;

  // Listens on `port` of this machine, for this machine; 0: the system chooses one. Throws
  // std::system_error, which names the port, if another program has it.
  LineServer(std::uint16_t port, Answer answer, Limits limits = {})
      : answer_(std::move(answer)), limits_(limits), listener_(listen_on(port)) {
    epoll_.add(listener_.number(), kListener, Interest::kRead);
  }

  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

  // Serves until `stop`.
  void run() {
    // STOP, acquire: what was done before the stop is seen after run.
    while (!stopped_.load(std::memory_order_acquire)) run_once({});
  }

  // Waits for events, for `limit` at most, and handles them; returns how many there were.
  std::size_t run_once(Limit limit) {
    const auto events = epoll_.wait(limit);
    for (const Ready& ready : events) handle(ready);
    return events.size();
  }

  void stop() {
    // STOP, release: see run. Before the wake, which must not find it unset.
    stopped_.store(true, std::memory_order_release);
    epoll_.wake();
  }

  // Takes the whole lines from the front of `unread` and calls `each` with every one of
  // them, without its end, which is "\n" or "\r\n". What is left is the beginning of a line.
  // Returns false at a line of more than `longest` bytes, whether its end has come or not;
  // then no later one is looked at, and nothing is left.
  static bool take_lines(std::string& unread, std::size_t longest,
                         const std::function<void(std::string_view)>& each) {
    //> step 1(unread, longest, each): every line that is whole, and none that is not
    std::string_view rest = unread;
    bool fits = true;
    for (std::size_t end; fits && (end = rest.find('\n')) != rest.npos;) {
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      fits = line.size() <= longest;
      if (fits) each(line);
    }
    // A "\r" at the end may belong to a "\n" that is on its way.
    fits = fits && rest.size() <= longest + (rest.ends_with('\r') ? 1 : 0);
    unread.erase(0, fits ? unread.size() - rest.size() : unread.size());
    return fits;
    //<
  }

 private:
  struct Connection {
    Descriptor socket;
    std::string unread;    // came, and is not a whole line yet
    std::string unsent;    // answers, each with its "\n", that the system has not taken
    bool no_more = false;  // nothing more is read: closed as soon as all is sent
    Interest interest = Interest::kRead;  // what epoll_ was told
    std::uint64_t heard = 0;              // events_, when its last one came
  };

  void handle(const Ready& ready) {
    ++events_;
    if (ready.token == kListener) return accept_client();
    const auto found = connections_.find(ready.token);
    if (found == connections_.end()) return;  // closed since this batch began (I1)
    Connection& client = found->second;
    client.heard = events_;
    bool open = !ready.broken;
    if (open && ready.readable) open = receive(client);
    if (open && !client.unsent.empty()) open = send(client);
    if (!open || (client.no_more && client.unsent.empty())) {
      connections_.erase(found);  // closes its socket, and the system forgets it
    } else if (!client.unsent.empty() || client.interest != Interest::kRead) {
      choose_interest(ready.token, client);
    }
  }

  // Accepts a client that waits: gives it a token, and makes it a connection. Where there is
  // no descriptor for it, or no room by limits_, another one has to go (make_room).
  void accept_client() {
    //> step 2(listener_, last_token_): one, and epoll_ tells again while others wait
    Descriptor socket(
        ::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.number() < 0) {
      if (errno == EMFILE || errno == ENFILE) return make_room();
      if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
        return;  // it has left
      or_throw(-1, "accepting a client");
    }
    if (connections_.size() >= limits_.clients) make_room();
    const std::uint64_t token = ++last_token_;
    epoll_.add(socket.number(), token, Interest::kRead);
    Connection& client = connections_[token];
    client.socket = std::move(socket);
    client.heard = events_;
    //<
  }

  // Reads once, and answers the whole lines that there are now. At the end of the data, or at
  // a line that is too long, nothing more is read; the latter is answered "error: " and why.
  // Returns false if the connection is gone.
  bool receive(Connection& client) {
    //> step 2(client, answer_): what came, be it half a line or many
    char bytes[16 * 1024];
    const ssize_t count = ::recv(client.socket.number(), bytes, sizeof bytes, 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    client.no_more = count == 0;
    client.unread.append(bytes, static_cast<std::size_t>(count));
    const bool fits = take_lines(client.unread, limits_.line, [&](std::string_view line) {
      client.unsent += answer_(line);
      client.unsent += '\n';
    });
    if (!fits) {
      client.unsent +=
          "error: a line may have " + std::to_string(limits_.line) + " bytes\n";
      client.no_more = true;
    }
    return true;
    //<
  }

  // Sends as much of client.unsent as is taken at once. Returns false if the connection is
  // gone.
  bool send(Connection& client) {
    //> step 2(client): as much as fits, and no signal
    const ssize_t count = ::send(client.socket.number(), client.unsent.data(),
                                 client.unsent.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    client.unsent.erase(0, static_cast<std::size_t>(count));
    return true;
    //<
  }

  // Tells epoll_ what this client is waiting for now, if that has changed: to be read from,
  // unless nothing more is read from it or too much is unsent (I2); to be sent to, if
  // anything is unsent.
  void choose_interest(std::uint64_t token, Connection& client) {
    //> step 3(token, client): read, write, both or nothing
    const bool read = !client.no_more && client.unsent.size() < limits_.unsent;
    const bool write = !client.unsent.empty();
    const Interest wanted = read && write ? Interest::kBoth
                            : read        ? Interest::kRead
                            : write       ? Interest::kWrite
                                          : Interest::kNothing;
    if (wanted == client.interest) return;
    client.interest = wanted;
    epoll_.change(client.socket.number(), token, wanted);
    //<
  }

  // Closes the connection that has been silent for longest. Throws std::system_error if there
  // is none: then others have all the descriptors of this process.
  void make_room() {
    //> step 4(connections_): the one whose last event is oldest
    const auto silent = std::min_element(
        connections_.begin(), connections_.end(),
        [](const auto& a, const auto& b) { return a.second.heard < b.second.heard; });
    if (silent == connections_.end()) {
      errno = EMFILE;
      or_throw(-1, "accepting a client: no connection is left to close");
    }
    connections_.erase(silent);
    //<
  }

  static constexpr std::uint64_t kListener = 0;

  // Written at construction only.
  const Answer answer_;
  const Limits limits_;
  const Descriptor listener_;

  // Written by the thread that calls stop.
  std::atomic<bool> stopped_ = false;

  // Written by the loop's thread.
  Epoll epoll_;
  std::unordered_map<std::uint64_t, Connection> connections_;  // by token
  std::uint64_t last_token_ = kListener;
  std::uint64_t events_ = 0;
};
