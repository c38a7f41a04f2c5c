// Lesson 6's experiments: one for each claim about systems that react to events.
#include "course/demo.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "../../solutions/06-event-driven/line_server.hpp"
#include "../../solutions/06-event-driven/timers.hpp"
#include "event_driven.hpp"
#include "fake_poller.hpp"
#include "interleave/interleave.hpp"
#include "process.hpp"
#include "sockets.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t servers_core = 0;
constexpr std::size_t clients_core = 1;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string percent(double share) { return course::number(std::min(100.0, 100 * share)); }

// --- A3: connections ------------------------------------------------------------------

constexpr std::string_view request = "a line of some thirty characters\n";

// Lets this process have as many open files as it may; returns how many.
std::size_t most_open_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur;
}

// Answers one client for as long as it is there. A read waits, and so does a write.
void answer_blocking(const Descriptor& socket) {
  std::string unread;
  std::array<char, 4096> bytes;
  for (;;) {
    const ssize_t count = ::recv(socket.number(), bytes.data(), bytes.size(), 0);
    if (count <= 0) return;
    unread.append(bytes.data(), static_cast<std::size_t>(count));
    const std::size_t lines = unread.rfind('\n') + 1;  // 0 if there is no whole line
    if (::send(socket.number(), unread.data(), lines, MSG_NOSIGNAL) < 0) return;
    unread.erase(0, lines);
  }
}

// A thread for each client, which says when no more can be had.
template <typename Say>
void serve_by_threads(Say say) {
  const Descriptor listener = listen_on(0);
  ::fcntl(listener.number(), F_SETFL, 0);  // accept waits, too
  say(std::to_string(port_of(listener)));
  for (;;) {
    auto socket = std::make_shared<Descriptor>(
        or_throw(::accept(listener.number(), nullptr, nullptr), "accept"));
    std::thread([socket] { answer_blocking(*socket); }).detach();
  }
}

template <typename Say>
void serve_by_a_loop(Say say) {
  LineServer server(0, [](std::string_view line) { return std::string(line); },
                    {.clients = 100'000});
  say(std::to_string(server.port()));
  server.run();
}

// Clients in one process: each connection sends a line when its turn comes, and some of them
// wait for their answers at any time.
class Crowd {
 public:
  Crowd(std::uint16_t port, std::size_t connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      clients_.push_back(Client::connected_to(port));
      epoll_.add(clients_.back().descriptor().number(), i, Interest::kRead);
    }
  }

  // Each connection is answered once, so that all of the server is there.
  void greet() {
    for (Client& client : clients_) {
      if (!client.send(request) || !client.line()) {
        throw std::runtime_error("a client was not answered");
      }
    }
  }

  // Answers a second.
  double run(double seconds) {
    const std::size_t asked = std::min<std::size_t>(clients_.size(), 64);
    for (std::size_t i = 0; i < asked; ++i) ask_the_next();
    const auto start = Clock::now();
    std::size_t answers = 0;
    while (seconds_since(start) < seconds) {
      for (const Ready& ready : epoll_.wait(Limit(1000))) {
        if (!clients_[ready.token].line()) throw std::runtime_error("no answer");
        ++answers;
        ask_the_next();
      }
    }
    return static_cast<double>(answers) / seconds_since(start);
  }

 private:
  void ask_the_next() { clients_[next_++ % clients_.size()].send(request); }

  Epoll epoll_;
  std::vector<Client> clients_;
  std::size_t next_ = 0;
};

struct Served {
  double requests_per_second = 0;
  double threads = 0;
  double kilobytes = 0;  // of resident memory, for each connection
  double server_busy = 0;
  double clients_busy = 0;
  std::string failure = {};  // why it could not be measured
};

template <typename Serve>
Served serve(std::size_t connections, Serve body) {
  Process server(servers_core, body);
  const std::string port = server.line();
  const double before = server.status("VmRSS");
  const double seconds = course::quick() ? 0.02 : 1;
  Process clients(clients_core, [&](auto say) {
    Crowd crowd(static_cast<std::uint16_t>(std::stoul(port)), connections);
    crowd.greet();
    say("ready");
    say(std::to_string(crowd.run(seconds)));
  });
  Served served;
  if (clients.line() != "ready") {
    served.failure =
        "no more than " +
        course::count(static_cast<std::int64_t>(server.status("Threads")) - 1) +
        " threads could be had";
    return served;
  }
  served.kilobytes = (server.status("VmRSS") - before) / static_cast<double>(connections);
  served.threads = server.status("Threads");
  const double server_before = server.seconds_used();
  const double clients_before = clients.seconds_used();
  const auto start = Clock::now();
  served.requests_per_second = std::stod(clients.line());
  const double passed = seconds_since(start);
  served.server_busy = (server.seconds_used() - server_before) / passed;
  served.clients_busy = (clients.seconds_used() - clients_before) / passed;
  return served;
}

void add_row(course::Table& table, std::size_t connections, const std::string& by,
             const Served& served) {
  const std::string number = course::count(static_cast<std::int64_t>(connections));
  if (!served.failure.empty()) {
    table.row({number, by + " (" + served.failure + ")", "-", "-", "-", "-", "-"});
    return;
  }
  table.row({number, by, course::number(served.requests_per_second),
             course::count(static_cast<std::int64_t>(served.threads)),
             course::number(served.kilobytes), percent(served.server_busy),
             percent(served.clients_busy)});
}

MEASURED("A3", "Connections served by a blocking thread each, and by one loop", table) {
  const std::size_t files = most_open_files();
  table.columns({"connections", "served by", "requests/s", "threads", "KiB each",
                 "server busy, %", "clients busy, %"});
  for (const std::size_t connections : {10U, 100U, 1000U, 10'000U}) {
    if (course::quick() && connections > 100) break;
    if (connections + 100 > files) {
      table.verbatim("  No more than " + course::count(static_cast<std::int64_t>(files)) +
                     " files may be open here.");
      break;
    }
    const auto by_threads = [](auto say) { serve_by_threads(say); };
    const auto by_a_loop = [](auto say) { serve_by_a_loop(say); };
    add_row(table, connections, "a thread each", serve(connections, by_threads));
    add_row(table, connections, "one loop", serve(connections, by_a_loop));
  }
  table.verbatim(
      "  The server has one core and its clients another; 64 requests are under way.\n"
      "  KiB: resident memory of the process. The kernel's own, for each thread and\n"
      "  socket, is not in it.");
  table.look_at(
      "threads and KiB, downwards; and at which of the two is busy all the time: that is "
      "what bounds the requests");
}

// --- A4: one list of all that happens -------------------------------------------------

MEASURED("A4", "What comes from outside, from time and from other workers: one list",
         table) {
  table.columns({"ms", "what happened", "came from", "run by"});
  EventLoop<> loop;
  Timers<EventLoop<>> timers(loop);
  const auto start = Clock::now();
  const auto loops_thread = std::this_thread::get_id();
  const auto note = [&](const std::string& what, const std::string& from) {
    table.row({course::number(1000 * seconds_since(start)), what, from,
               std::this_thread::get_id() == loops_thread ? "the loop's thread"
                                                          : "another thread"});
  };
  const Descriptor listener = listen_on(0);
  Descriptor socket;
  loop.watch(listener.number(), Interest::kRead, [&](const Ready& ready) {
    loop.unwatch(ready.token);
    socket =
        Descriptor(or_throw(::accept(listener.number(), nullptr, nullptr), "accept"));
    note("a client has connected", "outside: a socket");
    loop.watch(socket.number(), Interest::kRead, [&](const Ready& more) {
      std::array<char, 64> bytes;
      const ssize_t count = ::recv(socket.number(), bytes.data(), bytes.size(), 0);
      if (count <= 0) return loop.unwatch(more.token);
      note("it has sent " + course::count(count) + " bytes", "outside: a socket");
    });
  });
  timers.every(4ms, [&] { note("4 ms have passed", "time: a timer"); });
  timers.after(17ms, [&] { timers.stop(); });
  const std::jthread outside([&] {
    Client client = Client::connected_to(port_of(listener));
    for (const std::string_view bytes : {"one", "three"}) {
      std::this_thread::sleep_for(6ms);
      client.send(bytes);
    }
    std::this_thread::sleep_for(3ms);
  });
  const std::jthread worker([&] {
    for (int result = 1; result <= 3; ++result) {
      std::this_thread::sleep_for(5ms);
      loop.post([&note, result] {
        note("result " + std::to_string(result), "a worker: a post");
      });
    }
  });
  timers.run();
  table.look_at(
      "the last column: three sources, two other threads, and one thread that runs every "
      "handler");
}

// --- A4b: handlers never overlap ------------------------------------------------------

// Two workers each have something done, while a timer is due, by `run_all`. Returns the order
// in which the handlers ran, and whether two of them were inside at once.
template <typename RunAll>
std::string order_of(RunAll run_all) {
  std::string order;  // plain, like all that a handler touches
  int inside = 0;
  bool overlapped = false;
  const auto handler = [&](char name) {
    overlapped = overlapped || inside > 0;
    ++inside;
    order += name;
    --inside;
  };
  run_all(handler);
  return overlapped ? "two at once" : order;
}

std::string order_in_a_loop() {
  return order_of([](auto handler) {
    EventLoop<FakePoller> loop(FakeTime::kStands);
    Timers<EventLoop<FakePoller>> timers(loop);
    int left = 3;
    const auto handle = [&](char name) {
      handler(name);
      if (--left == 0) timers.stop();
    };
    timers.after(0ms, [&] { handle('t'); });
    timers.after(1h, [] {});  // the loop has something to wait for
    const std::jthread worker1([&] { loop.post([&] { handle('1'); }); });
    const std::jthread worker2([&] { loop.post([&] { handle('2'); }); });
    timers.run();
  });
}

std::string order_by_threads() {
  return order_of([](auto handler) {
    const std::jthread timer([&] { handler('t'); });
    const std::jthread worker1([&] { handler('1'); });
    const std::jthread worker2([&] { handler('2'); });
  });
}

EXPLORED("A4b", "A timer that is due, and a post of each of two workers: what can happen",
         table) {
  interleave::Options options;
  options.schedules = course::quick() ? 500 : 50'000;
  const auto loop = interleave::outcomes(order_in_a_loop, options);
  const auto threads = interleave::outcomes(order_by_threads, options);
  table.columns({"handlers are run by", "outcomes", "which", "is that everything?"});
  for (const auto& [by, found] : {std::pair("one loop", &loop),
                                  std::pair("the threads that caused them", &threads)}) {
    std::string all;
    for (const auto& [outcome, times] : found->seen) {
      all += (all.empty() ? "" : ", ") + outcome;
    }
    table.row({by, course::count(static_cast<std::int64_t>(found->seen.size())), all,
               found->exhaustive ? "yes" : "not shown"});
  }
  table.look_at(
      "the first row: the order is not determined, but each handler runs alone, and so "
      "needs no lock");
}

// --- A4c: the price -------------------------------------------------------------------

// Where the 50 ms of a slow request are spent.
enum class Slow { kNever, kInTheHandler, kOnAWorker };

// Answers bytes: each is a request, 's' a slow one.
class ByteServer {
 public:
  explicit ByteServer(Slow slow) : slow_(slow) {
    loop_.watch(listener_.number(), Interest::kRead, [this](const Ready&) { accept(); });
  }
  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }
  void run() { loop_.run(); }

 private:
  void accept() {
    sockets_.emplace_back(or_throw(
        ::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK), "accept"));
    const int socket = sockets_.back().number();
    loop_.watch(socket, Interest::kRead,
                [this, socket](const Ready&) { answer(socket); });
  }

  void answer(int socket) {
    char byte = 0;
    if (::recv(socket, &byte, 1, 0) != 1) return;
    const auto reply = [socket, byte] { ::send(socket, &byte, 1, MSG_NOSIGNAL); };
    if (byte != 's') return reply();
    if (slow_ == Slow::kOnAWorker) {
      // The loop's thread starts the work, and hears of its end by a post.
      std::thread([this, reply] {
        std::this_thread::sleep_for(50ms);
        loop_.post(reply);
      }).detach();
    } else {
      std::this_thread::sleep_for(50ms);
      reply();
    }
  }

  Slow slow_;
  Descriptor listener_ = listen_on(0);
  std::deque<Descriptor> sockets_;
  EventLoop<> loop_;
};

// Sends a request each millisecond, when it is due, whether or not those before were answered;
// and on a connection of its own a slow one each half second. Returns the quick ones' times,
// in milliseconds, from when they were due.
std::vector<double> times_of_requests(std::uint16_t port, bool with_slow,
                                      double seconds) {
  constexpr std::size_t connections = 200;
  std::vector<Client> clients;
  Epoll epoll;
  for (std::size_t i = 0; i < connections; ++i) {
    clients.push_back(Client::connected_to(port));
    epoll.add(clients[i].descriptor().number(), i, Interest::kRead);
  }
  Client slow = Client::connected_to(port);
  std::vector<std::deque<Clock::time_point>> due(connections);
  std::vector<double> times;
  const auto start = Clock::now();
  for (std::size_t sent = 0; seconds_since(start) < seconds;) {
    const auto next = start + sent * 1ms;
    if (Clock::now() >= next) {
      due[sent % connections].push_back(next);
      clients[sent % connections].send("q");
      if (with_slow && sent % 500 == 250) slow.send("s");
      ++sent;
    }
    for (const Ready& ready : epoll.wait(Limit(0))) {
      char byte = 0;
      const int socket = clients[ready.token].descriptor().number();
      if (::recv(socket, &byte, 1, 0) != 1) throw std::runtime_error("no answer");
      times.push_back(1000 * seconds_since(due[ready.token].front()));
      due[ready.token].pop_front();
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

MEASURED("A4c",
         "One handler in five hundred waits for 50 ms: what the other requests see",
         table) {
  table.columns({"a request takes 50 ms", "p50, ms", "p99, ms", "maximum, ms"});
  const double seconds = course::quick() ? 0.3 : 4;
  for (const auto& [name, slow] :
       {std::pair("never", Slow::kNever),
        std::pair("in its handler", Slow::kInTheHandler),
        std::pair("on a worker, which posts", Slow::kOnAWorker)}) {
    Process server(servers_core, [slow = slow](auto say) {
      ByteServer bytes(slow);
      say(std::to_string(bytes.port()));
      bytes.run();
    });
    const auto port = static_cast<std::uint16_t>(std::stoul(server.line()));
    Process generator(clients_core, [&, slow = slow](auto say) {
      const auto times = times_of_requests(port, slow != Slow::kNever, seconds);
      for (const double share : {0.5, 0.99, 1.0}) {
        say(std::to_string(times[static_cast<std::size_t>(
            share * static_cast<double>(times.size() - 1))]));
      }
    });
    std::vector<std::string> row{name};
    for (int i = 0; i < 3; ++i)
      row.push_back(course::number(std::stod(generator.line())));
    table.row(row);
  }
  table.verbatim(
      "  Open loop: a request is due each millisecond, and its time counts from then. "
      "Two\n"
      "  slow ones a second, which are not counted themselves.");
  table.look_at("the maximum and p99 of the second row, and that p50 says nothing of it");
}

}  // namespace
