// Tests of the reference. Each opens with its property. Services and the balancer run on threads
// of this process, except where one of them is to be killed.
#include "load_balancing.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server_process.hpp"
#include "service.hpp"

namespace {

using namespace std::chrono_literals;

// Runs a server on a thread of its own, for as long as this lives.
template <typename Server>
class Running {
 public:
  template <typename... Arguments>
  explicit Running(Arguments... arguments)
      : server_(listen_on(0), std::move(arguments)...),
        thread_([this] { server_.run(); }) {}
  ~Running() { server_.stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] Client client() const { return Client::connected_to(port()); }

 private:
  Server server_;
  std::jthread thread_;
};

std::string command(const Words& words) {
  std::string bytes;
  append_command(bytes, words);
  return bytes;
}

// Sends a command, and returns so many lines of its reply, joined by spaces.
std::string ask(Client& client, const Words& words, int lines = 1) {
  client.send(command(words));
  std::string reply;
  for (int i = 0; i < lines; ++i) {
    std::string line = client.line().value_or("(no reply)\r");
    if (!line.empty()) line.pop_back();
    reply += (i == 0 ? "" : " ") + line;
  }
  return reply;
}

// --- The protocol ---------------------------------------------------------------------

// A command is taken when all of it has come, wherever it is cut, and what follows it stays.
TEST(Resp, TakesWholeCommands) {
  const std::string bytes = command({"SET", "key", "a\r\nb"}) + command({"PING"});
  const std::size_t first = bytes.size() - command({"PING"}).size();
  Words words;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    std::string_view rest = std::string_view(bytes).substr(0, cut);
    const Taken taken = take_command(rest, words);
    ASSERT_EQ(taken, cut < first ? Taken::kNotYet : Taken::kCommand) << "cut at " << cut;
    ASSERT_EQ(rest.size(), cut < first ? cut : cut - first);
    if (cut >= first) {
      ASSERT_EQ(words, (Words{"SET", "key", "a\r\nb"}));
    }
  }
}

// What can never become a command is told from what has not come yet.
TEST(Resp, RefusesWhatIsNone) {
  Words words;
  for (const char* bytes : {"PING\r\n", "*0\r\n", "*-1\r\n", "*1\n", "*1x\r\n",
                            "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*1\r\n$3\r\nabcd\r\n",
                            "*99999999999999\r\n", "*1\r\n$99999999\r\n", "*1025\r\n"}) {
    std::string_view rest = bytes;
    EXPECT_EQ(take_command(rest, words), Taken::kNoCommand) << bytes;
  }
}

// --- A service ------------------------------------------------------------------------

// It does what the commands are for.
TEST(Service, KnowsSixCommands) {
  const Running<Service> service;
  Client client = service.client();
  EXPECT_EQ(ask(client, {"PING"}), "+PONG");
  EXPECT_EQ(ask(client, {"GET", "a"}), "$-1");
  EXPECT_EQ(ask(client, {"SET", "a", "one"}), "+OK");
  EXPECT_EQ(ask(client, {"get", "a"}, 2), "$3 one");
  EXPECT_EQ(ask(client, {"INCR", "n"}), ":1");
  EXPECT_EQ(ask(client, {"INCR", "n"}), ":2");
  EXPECT_EQ(ask(client, {"INCR", "a"}).substr(0, 4), "-ERR");
  EXPECT_EQ(ask(client, {"MGET", "a", "no", "n"}, 6), "*3 $3 one $-1 $1 2");
  EXPECT_EQ(ask(client, {"DEL", "a", "no", "n"}), ":2");
  EXPECT_EQ(ask(client, {"GET", "a"}), "$-1");
  EXPECT_EQ(ask(client, {"CONFIG", "GET", "save"}).substr(0, 4), "-ERR");
  EXPECT_EQ(ask(client, {"GET"}).substr(0, 4), "-ERR");
}

// Many commands at once are all answered, in their order (I2).
TEST(Service, AnswersInOrder) {
  const Running<Service> service;
  Client client = service.client();
  std::string commands;
  for (int i = 0; i < 5000; ++i) commands += command({"INCR", "n"});
  client.send(commands);
  for (int i = 1; i <= 5000; ++i) {
    ASSERT_EQ(client.line(), ":" + std::to_string(i) + "\r");
  }
}

// One that sends what is no command is told so, after its answers, and cut off; others stay.
TEST(Service, CutsOffWhatIsNoCommand) {
  const Running<Service> service;
  Client other = service.client();
  Client client = service.client();
  client.send(command({"PING"}) + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(client.line(), "+PONG\r");
  EXPECT_EQ(client.line().value_or("").substr(0, 4), "-ERR");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(ask(other, {"PING"}), "+PONG");
}

// A client that does not read is not read either, and delays no other.
TEST(Service, ADeafClientDelaysNoOther) {
  const Running<Service> service;
  Client client = service.client();
  ask(client, {"SET", "large", std::string(100'000, 'x')});
  Client deaf(200ms);
  deaf.connect(service.port());
  std::string commands;
  for (int i = 0; i < 1000; ++i) commands += command({"GET", "large"});
  deaf.send(commands);
  EXPECT_EQ(ask(client, {"PING"}), "+PONG");
}

// --- Round robin ----------------------------------------------------------------------

// Connections go to the services in turn, and stay where they are.
TEST(RoundRobin, TakesTurns) {
  const Running<Service> a;
  const Running<Service> b;
  const Running<RoundRobin> front(std::vector{a.port(), b.port()});
  std::vector<Client> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(front.client());
    ask(clients.back(), {"PING"});  // it is accepted, before the next one comes
  }
  for (int round = 1; round <= 3; ++round) {
    for (std::size_t i = 0; i < 4; ++i) {
      // Each service has its own n: two of the four clients count in each.
      const int expected = 2 * (round - 1) + (i < 2 ? 1 : 2);
      EXPECT_EQ(ask(clients[i], {"INCR", "n"}), ":" + std::to_string(expected));
    }
  }
}

// Large values pass in both directions.
TEST(RoundRobin, HandsOnAllBytes) {
  const Running<Service> service;
  const Running<RoundRobin> front(std::vector{service.port()});
  Client client = front.client();
  const std::string large(900'000, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(client, {"SET", "large", large}), "+OK");
    EXPECT_EQ(ask(client, {"GET", "large"}, 2), "$900000 " + large);
  }
}

// A service that refuses is passed over; where all do, the client is not left waiting.
TEST(RoundRobin, PassesOverWhatRefuses) {
  std::uint16_t dead = 0;
  {
    const Descriptor listener = listen_on(0);
    dead = port_of(listener);
  }
  const Running<Service> service;
  const Running<RoundRobin> front(std::vector{dead, service.port(), dead});
  for (int i = 0; i < 5; ++i) {
    Client client = front.client();
    EXPECT_EQ(ask(client, {"PING"}), "+PONG");
  }
  const Running<RoundRobin> hopeless(std::vector{dead, dead});
  Client client = hopeless.client();
  EXPECT_TRUE(client.ended());
}

// --- Processes ------------------------------------------------------------------------

// A killed service takes its connections and its table with it; others do not notice; started
// again it is empty. Forks, so it starts no thread of its own before the last of them.
TEST(ServerProcess, MayBeKilled) {
  const auto serve = [](Descriptor listener) { Service(std::move(listener)).run(); };
  ServerProcess a(serve);
  ServerProcess b(serve);
  Client of_a = Client::connected_to(a.port());
  Client of_b = Client::connected_to(b.port());
  EXPECT_EQ(ask(of_a, {"INCR", "n"}), ":1");
  EXPECT_EQ(ask(of_b, {"INCR", "n"}), ":1");
  a.kill();
  EXPECT_TRUE(of_a.ended());
  EXPECT_THROW(static_cast<void>(Client::connected_to(a.port())), std::system_error);
  EXPECT_EQ(ask(of_b, {"INCR", "n"}), ":2");
  a.start();
  Client again = Client::connected_to(a.port());
  EXPECT_EQ(ask(again, {"INCR", "n"}), ":1") << "what it knew is gone";
}

// When its owner ends, however it ends, so does the server.
TEST(ServerProcess, EndsWithItsOwner) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    auto* server = new ServerProcess(  // never destroyed: its owner is killed
        [](Descriptor listener) { Service(std::move(listener)).run(); });
    const std::uint16_t port = server->port();
    static_cast<void>(::write(ends[1], &port, sizeof port));
    for (;;) ::pause();
  }
  std::uint16_t port = 0;
  ASSERT_EQ(::read(ends[0], &port, sizeof port), static_cast<ssize_t>(sizeof port));
  Client client = Client::connected_to(port);
  EXPECT_EQ(ask(client, {"PING"}), "+PONG");
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(client.ended());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
