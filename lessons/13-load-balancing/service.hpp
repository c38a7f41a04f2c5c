// A single-threaded service: a table of its own, asked by the Redis protocol over TCP.
//
//   clients ==> unread --words--> execute --> unsent ==> clients
//                                   |
//                                 table_        one thread, one process, no lock
//
// Threads     stop: any thread. All else: one thread, the loop's.
// Progress    No call blocks but run, and the work that the caller asked for. A client that does
//             not read is not read either.
//
// Invariants
//   I1  table_ is read and written by the loop's thread only.
//   I2  Each command is answered once, in the order in which its client sent them.
//   I3  A connection lives in its watcher: when it is no longer watched, it is closed.
//
// Left out    Anything that outlives the process; time-outs; a limit to the number of clients
//             (exercise 6.2).
#pragma once

#include <sys/socket.h>

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "../06-event-driven/event_driven.hpp"
#include "../06-event-driven/sockets.hpp"
#include "resp.hpp"

class Service {
 public:
  // What each command costs besides, before it is executed: nothing, a wait, a computation.
  using Work = std::function<void()>;

  explicit Service(Descriptor listener, Work work = {})
      : work_(std::move(work)), listener_(std::move(listener)) {
    loop_.watch(listener_.number(), Interest::kRead, [this](const Ready&) { accept(); });
  }

  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }
  void run() { loop_.run(); }
  void stop() { loop_.stop(); }

  //> region execute
  // Executes one command, and appends its reply.
  void execute(const Words& words, std::string& out) {
    if (work_) work_();
    const std::string_view command = words[0];
    const std::size_t arguments = words.size() - 1;
    if (is(command, "GET") && arguments == 1) {
      append_value(out, words[1]);
    } else if (is(command, "SET") && arguments == 2) {
      value_of(words[1]) = words[2];
      append_status(out, "OK");
    } else if (is(command, "INCR") && arguments == 1) {
      increment(words[1], out);
    } else if (is(command, "DEL") && arguments >= 1) {
      std::int64_t removed = 0;
      for (std::size_t i = 1; i < words.size(); ++i) removed += remove(words[i]);
      append_integer(out, removed);
    } else if (is(command, "MGET") && arguments >= 1) {
      append_head(out, '*', static_cast<std::int64_t>(arguments));
      for (std::size_t i = 1; i < words.size(); ++i) append_value(out, words[i]);
    } else if (is(command, "PING") && arguments == 0) {
      append_status(out, "PONG");
    } else {
      append_error(out, "this service knows PING, GET, SET, DEL, INCR and MGET");
    }
  }
  //<

 private:
  struct Connection {
    Descriptor socket;
    std::string unread;
    std::string unsent;
    bool no_more = false;  // closed as soon as all is sent
    Interest interest = Interest::kRead;
  };

  // Finds a std::string by what it says, without making one.
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  static constexpr std::size_t most_unsent = 1 << 20;

  // Whether `word` is `name`, in whatever case.
  static bool is(std::string_view word, std::string_view name) {
    if (word.size() != name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (std::toupper(static_cast<unsigned char>(word[i])) != name[i]) return false;
    }
    return true;
  }

  void append_value(std::string& out, std::string_view key) const {
    const auto found = table_.find(key);
    if (found == table_.end()) return append_null(out);
    append_bulk(out, found->second);
  }

  std::string& value_of(std::string_view key) {
    const auto found = table_.find(key);
    return found != table_.end() ? found->second : table_[std::string(key)];
  }

  bool remove(std::string_view key) {
    const auto found = table_.find(key);
    if (found == table_.end()) return false;
    table_.erase(found);
    return true;
  }

  void increment(std::string_view key, std::string& out) {
    std::string& value = value_of(key);
    if (value.empty()) value = "0";
    std::int64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || rest != end || number == INT64_MAX) {
      return append_error(out, "the value is no integer, or the largest");
    }
    value = std::to_string(++number);
    append_integer(out, number);
  }

  void accept() {
    Descriptor socket(
        ::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.number() < 0) return;  // it has left, or there is no room: it waits
    const int number = socket.number();
    const auto client = std::make_shared<Connection>();
    client->socket = std::move(socket);
    loop_.watch(number, Interest::kRead,
                [this, client](const Ready& ready) { serve(*client, ready); });
  }

  //> region serve
  // Something can be done for this client.
  void serve(Connection& client, const Ready& ready) {
    bool open = !ready.broken;
    if (open && ready.readable) open = receive(client);
    if (open && !client.unsent.empty()) open = send(client);
    if (!open || (client.no_more && client.unsent.empty())) {
      return loop_.unwatch(ready.token);  // and so closed (I3)
    }
    const bool read = !client.no_more && client.unsent.size() < most_unsent;
    const Interest wanted = client.unsent.empty() ? Interest::kRead
                            : read                ? Interest::kBoth
                                                  : Interest::kWrite;
    if (wanted != std::exchange(client.interest, wanted)) {
      loop_.change(ready.token, wanted);
    }
  }

  // Reads once, and executes every command that is whole. False if the client is gone.
  bool receive(Connection& client) {
    char bytes[16 * 1024];
    const ssize_t count = ::recv(client.socket.number(), bytes, sizeof bytes, 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    client.no_more = count == 0;
    client.unread.append(bytes, static_cast<std::size_t>(count));
    std::string_view rest = client.unread;
    Taken taken = take_command(rest, words_);
    for (; taken == Taken::kCommand; taken = take_command(rest, words_)) {
      execute(words_, client.unsent);
    }
    client.unread.erase(0, client.unread.size() - rest.size());
    if (taken == Taken::kNoCommand) {
      append_error(client.unsent, "this is no command");
      client.no_more = true;
    }
    return true;
  }
  //<

  static bool send(Connection& client) {
    const ssize_t count = ::send(client.socket.number(), client.unsent.data(),
                                 client.unsent.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    client.unsent.erase(0, static_cast<std::size_t>(count));
    return true;
  }

  // Written at construction only.
  const Work work_;
  const Descriptor listener_;

  // Written by the loop's thread.
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> table_;
  Words words_;  // of the command in hand
  EventLoop<> loop_;
};
