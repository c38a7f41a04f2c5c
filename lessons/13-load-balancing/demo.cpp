// Lesson 13's experiments: single-threaded services, each a process, behind a balancer.
#include "course/demo.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
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

#include "../../solutions/13-load-balancing/balancer.hpp"
#include "../../solutions/13-load-balancing/hash_ring.hpp"
#include "../../solutions/13-load-balancing/resp_parser.hpp"
#include "load_balancing.hpp"
#include "redis_benchmark.hpp"
#include "server_process.hpp"
#include "service.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using Ports = std::vector<std::uint16_t>;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string whole(std::size_t number) {
  return course::count(static_cast<std::int64_t>(number));
}

// --- The processes --------------------------------------------------------------------

// So many services, each of which does `work` for every command.
class Services {
 public:
  explicit Services(std::size_t count, const Service::Work& work = {}) {
    for (std::size_t i = 0; i < count; ++i) {
      all_.push_back(std::make_unique<ServerProcess>(
          [work](Descriptor listener) { Service(std::move(listener), work).run(); }));
    }
  }
  [[nodiscard]] Ports ports() const {
    Ports ports;
    for (const auto& service : all_) ports.push_back(service->port());
    return ports;
  }
  ServerProcess& operator[](std::size_t i) { return *all_[i]; }

 private:
  std::vector<std::unique_ptr<ServerProcess>> all_;
};

ServerProcess round_robin(const Ports& ports) {
  return ServerProcess(
      [ports](Descriptor listener) { RoundRobin(std::move(listener), ports).run(); });
}

// A client that waits for its answers.
class Asker {
 public:
  explicit Asker(std::uint16_t port) : client_(Client::connected_to(port)) {}

  // Sends the commands at once; returns a reply to each.
  std::vector<Value> ask(const std::vector<Words>& commands) {
    std::string bytes;
    for (const Words& words : commands) append_command(bytes, words);
    if (!client_.send(bytes)) throw std::runtime_error("a service takes nothing");
    std::vector<Value> replies;
    std::array<char, 16 * 1024> came;
    while (replies.size() < commands.size()) {
      const ssize_t count =
          ::recv(client_.descriptor().number(), came.data(), came.size(), 0);
      if (count <= 0) throw std::runtime_error("a service is gone");
      if (!parser_.feed({came.data(), static_cast<std::size_t>(count)},
                        [&](Value value) { replies.push_back(std::move(value)); })) {
        throw std::runtime_error(parser_.error());
      }
    }
    return replies;
  }

 private:
  Client client_;
  RespParser parser_;
};

// --- S3: throughput -------------------------------------------------------------------

// Where redis-benchmark is not installed: so many connections, each of which asks for a value
// when it has got the last one. Returns the answers a second.
double run_own_load(std::uint16_t port, int requests, std::size_t connections) {
  std::vector<Client> clients;
  Epoll epoll;
  std::string get;
  append_command(get, {"GET", "key"});
  for (std::size_t i = 0; i < connections; ++i) {
    clients.push_back(Client::connected_to(port));
    epoll.add(clients[i].descriptor().number(), i, Interest::kRead);
  }
  const auto start = Clock::now();
  for (Client& client : clients) client.send(get);
  for (int answers = 0; answers < requests;) {
    for (const Ready& ready : epoll.wait(Limit(1000))) {
      if (!clients[ready.token].line()) throw std::runtime_error("no answer");
      ++answers;
      clients[ready.token].send(get);
    }
  }
  return requests / seconds_since(start);
}

double load(std::uint16_t port, int requests) {
  if (!is_installed("redis-benchmark")) return run_own_load(port, requests, 32);
  return run_redis_benchmark(port, {.requests = requests});
}

// Uses so much processor time: while another process has the core, none passes.
void compute(std::chrono::nanoseconds time) {
  const auto used = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  const auto end = used() + time;
  while (used() < end) {
  }
}

MEASURED("S3", "Requests a second by the number of single-threaded services", table) {
  table.columns({"services", "a request", "requests/s", "times one service"});
  const unsigned cores = course::usable_cores();
  struct Kind {
    const char* name;
    Service::Work work;
    int requests;  // for each service
  };
  const std::vector<Kind> kinds{
      {"waits 1 ms", [] { std::this_thread::sleep_for(1ms); }, 1500},
      {"computes 0.5 ms", [] { compute(500us); }, 1500}};
  for (const Kind& kind : kinds) {
    double one = 0;
    for (const std::size_t count : {1U, 2U, 4U}) {
      const Services services(count, kind.work);
      const ServerProcess front = round_robin(services.ports());
      const int requests = course::quick() ? 40 : kind.requests * static_cast<int>(count);
      const double rate = load(front.port(), requests);
      if (count == 1) one = rate;
      table.row(
          {whole(count), kind.name, course::number(rate), course::number(rate / one)});
    }
  }
  table.verbatim(
      std::string("  Load: ") +
      (is_installed("redis-benchmark")
           ? "redis-benchmark"
           : "the course's own (redis-benchmark is not here)") +
      ", GET on 32 connections, without pipelining.\n  Cores: " + whole(cores) +
      ". N services, the balancer and the load want N + 2" +
      (cores < 4
           ? ": that services which compute\n  scale with cores cannot be measured here."
           : "."));
  table.look_at(
      "the last column: services that wait add up whatever the cores; services that "
      "compute "
      "stop where the cores end");
}

// --- S3: one of them is killed --------------------------------------------------------

// Requests that are due in bursts, whether or not those before them were answered.
struct Report {
  std::size_t sent = 0;
  std::size_t errors = 0;  // connections that were refused, broke, or were given up
  std::size_t lost = 0;    // requests that were sent, and never answered
  double longest = 0;      // time of an answer from when it was due, in ms
  double well_after = 0;  // ms from the blow until the last request that suffered was due
};

class Crowd {
 public:
  static constexpr auto patience = 250ms;  // then a connection is given up
  static constexpr auto late = 200ms;      // an answer after it has suffered
  static constexpr auto between = 100ms;   // from burst to burst
  static constexpr int burst = 30;         // requests

  // So many connections to each port. With one port, that is a balancer's; with more, this
  // client chooses among services itself, by exercise 13.3.
  Crowd(Ports ports, std::size_t connections) : ports_(std::move(ports)) {
    if (ports_.size() > 1) balancer_.emplace(ports_.size(), 13);
    for (std::size_t target = 0; target < ports_.size(); ++target) {
      for (std::size_t i = 0; i < connections; ++i) {
        connections_.push_back(std::make_unique<Connection>());
        connections_.back()->target = target;
      }
    }
    each_ = connections;
    append_command(request_, {"INCR", "n"});
    for (const auto& connection : connections_) connect(*connection);
  }

  // Runs for so long; calls `blow` after a quarter of it, just after a burst, and `then` 300 ms
  // later.
  Report run(std::chrono::milliseconds length, const std::function<void()>& blow,
             const std::function<void()>& then) {
    const auto start = Clock::now();
    const auto blow_at = start + length / 4;
    bool blown = false;
    bool followed = false;
    for (auto due = start; Clock::now() < start + length;) {
      if (Clock::now() >= due) {
        for (int i = 0; i < burst; ++i) send(due);
        if (!blown && due >= blow_at) {
          blow_ = due;
          blow();
          blown = true;
        }
        due += between;
      }
      if (blown && !followed && Clock::now() >= blow_ + 300ms) {
        then();
        followed = true;
      }
      receive();
      give_up_hopeless();
    }
    settle();
    return report_;
  }

 private:
  struct Waiting {
    Clock::time_point due;
    std::optional<Balancer::Request> request;
  };
  struct Connection {
    std::size_t target = 0;
    std::optional<Client> client;
    std::deque<Waiting> waiting;
  };

  bool connect(Connection& connection) {
    try {
      connection.client.emplace(Client::connected_to(ports_[connection.target]));
    } catch (const std::system_error&) {
      connection.client.reset();
      return false;
    }
    const auto index = static_cast<std::uint64_t>(
        std::find_if(connections_.begin(), connections_.end(),
                     [&](const auto& c) { return c.get() == &connection; }) -
        connections_.begin());
    epoll_.add(connection.client->descriptor().number(), index, Interest::kRead);
    return true;
  }

  void send(Clock::time_point due) {
    std::size_t target = 0;
    Waiting waiting{due, std::nullopt};
    if (balancer_) {
      if (auto request = balancer_->take(Clock::now())) {
        target = request->service();
        waiting.request.emplace(std::move(*request));
      }
    }
    Connection& connection = *connections_[target * each_ + next_++ % each_];
    if (!connection.client && !connect(connection)) {
      ++report_.errors;
      suffered(due);
      if (waiting.request) waiting.request->failed(Clock::now());
      return;
    }
    ++report_.sent;
    connection.client->send(request_);
    connection.waiting.push_back(std::move(waiting));
  }

  void receive() {
    for (const Ready& ready : epoll_.wait(Limit(1))) {
      Connection& connection = *connections_[ready.token];
      std::array<char, 4096> bytes;
      const ssize_t count = ::recv(connection.client->descriptor().number(), bytes.data(),
                                   bytes.size(), MSG_DONTWAIT);
      if (count <= 0) {
        lose(connection);
        continue;
      }
      // Each answer is one line.
      const auto now = Clock::now();
      auto answers = std::count(bytes.begin(), bytes.begin() + count, '\n');
      for (; answers > 0 && !connection.waiting.empty(); --answers) {
        Waiting& first = connection.waiting.front();
        const std::chrono::duration<double, std::milli> time = now - first.due;
        report_.longest = std::max(report_.longest, time.count());
        if (time > late) suffered(first.due);
        if (first.request) first.request->succeeded(now);
        connection.waiting.pop_front();
      }
    }
  }

  void give_up_hopeless() {
    const auto now = Clock::now();
    for (const auto& connection : connections_) {
      if (!connection->waiting.empty() &&
          now - connection->waiting.front().due > patience) {
        lose(*connection);
      }
    }
  }

  // The connection is gone, or given up, and so is all that was under way on it.
  void lose(Connection& connection) {
    ++report_.errors;
    report_.lost += connection.waiting.size();
    for (Waiting& waiting : connection.waiting) {
      suffered(waiting.due);
      if (waiting.request) waiting.request->failed(Clock::now());
    }
    connection.waiting.clear();
    connection.client.reset();
  }

  void suffered(Clock::time_point due) {
    const std::chrono::duration<double, std::milli> after = due - blow_;
    if (blow_ != Clock::time_point{}) {
      report_.well_after = std::max(report_.well_after, after.count());
    }
  }

  // Waits for what is still under way.
  void settle() {
    const auto end = Clock::now() + patience;
    while (Clock::now() < end) receive();
    for (const auto& connection : connections_) {
      if (!connection->waiting.empty()) lose(*connection);
    }
  }

  const Ports ports_;
  std::optional<Balancer> balancer_;  // before what holds its requests
  Epoll epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t each_ = 0;
  std::size_t next_ = 0;
  std::string request_;
  Clock::time_point blow_{};
  Report report_;
};

MEASURED("S3b", "One of three services is killed under load: what clients see", table) {
  table.columns({"what happens to it", "chosen by", "sent", "errors seen",
                 "requests lost", "longest, ms", "all is well after, ms"});
  const auto length = course::quick() ? 400ms : 2000ms;
  enum class Blow { kNone, kKill, kRestart, kStop };
  const std::vector<std::pair<Blow, const char*>> blows{
      {Blow::kNone, "nothing"},
      {Blow::kKill, "killed, by signal 9"},
      {Blow::kRestart, "killed, back after 0.3 s"},
      {Blow::kStop, "stopped: it lives, and is mute"}};
  for (const auto& [what, name] : blows) {
    for (const bool choosing : {false, true}) {
      Services services(3, [] { std::this_thread::sleep_for(1ms); });
      const ServerProcess front = round_robin(services.ports());
      Crowd crowd(choosing ? services.ports() : Ports{front.port()}, choosing ? 10 : 30);
      const auto blow = [&, what = what] {
        if (what == Blow::kKill || what == Blow::kRestart) services[1].kill();
        if (what == Blow::kStop) services[1].send_signal(SIGSTOP);
      };
      const auto then = [&, what = what] {
        if (what == Blow::kRestart) services[1].start();
      };
      const Report report = crowd.run(length, blow, then);
      table.row({name, choosing ? "two choices" : "round robin", whole(report.sent),
                 whole(report.errors), whole(report.lost), course::number(report.longest),
                 course::number(std::max(0.0, report.well_after))});
    }
  }
  table.verbatim(
      "  Thirty requests are due every 100 ms, on 30 connections, and a service waits 1 "
      "ms\n"
      "  before it answers one. The blow falls just after a burst was sent. A client "
      "gives a\n"
      "  connection up after 250 ms, and connects again when it has a request for it. "
      "Well: no\n"
      "  request that is due later fails, or takes more than 200 ms. Two choices: the "
      "client asks\n"
      "  exercise 13.3 which service it is to be.");
  table.look_at(
      "requests lost, killed against stopped: a killed service refuses, a stopped one "
      "takes "
      "all that it is given");
}

// --- S4: keys over services -----------------------------------------------------------

std::string key(int number) { return "user:" + std::to_string(number); }

// A client that knows where each key is, and asks its service.
class ShardedClient {
 public:
  using OwnerOf = std::function<std::size_t(const std::string& key)>;

  explicit ShardedClient(const Ports& ports) {
    for (const std::uint16_t port : ports)
      askers_.push_back(std::make_unique<Asker>(port));
  }

  // The values of `keys`, in their order: from each service those that it has. Returns how many
  // services were asked.
  std::size_t get(const std::vector<std::string>& keys, const OwnerOf& owner_of,
                  std::vector<std::string>& values) {
    std::map<std::size_t, std::vector<std::size_t>> of_service;
    for (std::size_t i = 0; i < keys.size(); ++i)
      of_service[owner_of(keys[i])].push_back(i);
    values.assign(keys.size(), "");
    for (const auto& [service, indices] : of_service) {
      Words words{"MGET"};
      for (const std::size_t i : indices) words.push_back(keys[i]);
      const std::vector<Value> replies = askers_[service]->ask({words});
      for (std::size_t j = 0; j < indices.size(); ++j) {
        values[indices[j]] = replies[0].items.at(j).text;
      }
    }
    return of_service.size();
  }

  Asker& operator[](std::size_t service) { return *askers_[service]; }

 private:
  std::vector<std::unique_ptr<Asker>> askers_;
};

// Where keys lie: on the service whose name the ring gives, or at the hash's remainder.
ShardedClient::OwnerOf by_ring(std::size_t services, std::size_t points) {
  const auto ring = std::make_shared<HashRing<>>(points);
  for (std::size_t i = 0; i < services; ++i) ring->add(std::to_string(i));
  return [ring](const std::string& of) {
    return static_cast<std::size_t>(std::stoul(*ring->owner(of)));
  };
}
ShardedClient::OwnerOf by_remainder(std::size_t services) {
  return [services](const std::string& of) {
    return static_cast<std::size_t>(Hash64()(of) % services);
  };
}

// Gives every key a value that says which it is.
void fill(ShardedClient& client, int keys, const ShardedClient::OwnerOf& owner_of) {
  for (int i = 0; i < keys; ++i) {
    const std::string name = key(i);
    client[owner_of(name)].ask({{"SET", name, name}});
  }
}

MEASURED("S4", "Keys sharded over four services: which requests cross", table) {
  const int keys = course::quick() ? 200 : 4000;
  const int requests = course::quick() ? 20 : 1000;
  const Services services(4);
  ShardedClient client(services.ports());
  const auto owner_of = by_ring(4, 256);
  fill(client, keys, owner_of);
  table.columns(
      {"keys in a request", "services asked", "cross, %", "requests/s", "wrong values"});
  for (const std::size_t count : {1U, 2U, 10U, 50U}) {
    std::size_t asked = 0;
    int crossed = 0;
    std::size_t wrong = 0;
    std::vector<std::string> wanted(count);
    std::vector<std::string> values;
    const auto start = Clock::now();
    for (int request = 0; request < requests; ++request) {
      for (std::size_t i = 0; i < count; ++i) {
        wanted[i] = key((request * 37 + static_cast<int>(i) * 101) % keys);
      }
      const std::size_t now = client.get(wanted, owner_of, values);
      asked += now;
      crossed += now > 1;
      for (std::size_t i = 0; i < count; ++i) wrong += values[i] != wanted[i];
    }
    const double seconds = seconds_since(start);
    table.row({whole(count), course::number(static_cast<double>(asked) / requests),
               course::number(100.0 * crossed / requests),
               course::number(requests / seconds), whole(wrong)});
  }
  table.verbatim("  One client, which asks one service after the other, by MGET.");
  table.look_at(
      "services asked: beyond a few keys nearly every request needs all of them, and no "
      "order "
      "between two services holds them together");
}

MEASURED("S4b", "A fifth service is added: how many keys move", table) {
  const int keys = course::quick() ? 200 : 5000;
  table.columns({"placed by", "keys moved", "of all, %", "moved between old ones",
                 "fullest has, %", "moving takes, ms", "not found after"});
  struct Way {
    std::string name;
    ShardedClient::OwnerOf before;
    ShardedClient::OwnerOf after;
  };
  const std::vector<Way> ways{
      {"remainder of the hash", by_remainder(4), by_remainder(5)},
      {"ring, 1 point each", by_ring(4, 1), by_ring(5, 1)},
      {"ring, 16 points each", by_ring(4, 16), by_ring(5, 16)},
      {"ring, 256 points each", by_ring(4, 256), by_ring(5, 256)}};
  for (const Way& way : ways) {
    const Services services(5);
    ShardedClient client(services.ports());
    fill(client, keys, way.before);
    std::size_t moved = 0;
    std::size_t between = 0;
    std::map<std::size_t, std::size_t> load_of;
    const auto start = Clock::now();
    for (int i = 0; i < keys; ++i) {
      const std::string name = key(i);
      const std::size_t from = way.before(name);
      const std::size_t to = way.after(name);
      ++load_of[to];
      if (from == to) continue;
      ++moved;
      between += to != 4;
      const std::string value = client[from].ask({{"GET", name}})[0].text;
      client[to].ask({{"SET", name, value}});
      client[from].ask({{"DEL", name}});
    }
    const double milliseconds = 1000 * seconds_since(start);
    std::size_t missing = 0;
    for (int i = 0; i < keys; ++i) {
      const std::string name = key(i);
      missing += client[way.after(name)].ask({{"GET", name}})[0].text != name;
    }
    std::size_t fullest = 0;
    for (const auto& [service, count] : load_of) fullest = std::max(fullest, count);
    table.row({way.name, whole(moved),
               course::number(100.0 * static_cast<double>(moved) / keys), whole(between),
               course::number(100.0 * static_cast<double>(fullest) / keys),
               course::number(milliseconds), whole(missing)});
  }
  table.verbatim(
      "  " + course::count(keys) +
      " keys. One at a time: read it, write it at its new place, delete the old.");
  table.look_at(
      "keys moved: a fifth is the least that gives the new one its share; the remainder "
      "moves "
      "four fifths");
}

}  // namespace
