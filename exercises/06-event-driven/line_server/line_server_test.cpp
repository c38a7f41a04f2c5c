// Tests of exercise 6.2: clients as they are, over real sockets. Each test opens with its
// property. Nothing here waits for time to pass; a client that gets no answer gives up after
// some seconds, which is how a server that stands still is found.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <line_server.hpp>  // in <>, so that the include path decides whose it is
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "course/step_test.hpp"
#include "sockets.hpp"

namespace {

using namespace std::chrono_literals;

// --- What the tests need --------------------------------------------------------------

std::string echo(std::string_view line) { return "<" + std::string(line) + ">"; }

// A server on a thread of its own, for as long as this lives. What it throws fails the test.
class Serving {
 public:
  explicit Serving(Limits limits = {}, LineServer::Answer answer = echo)
      : server_(0, std::move(answer), limits), thread_([this] { serve(); }) {}
  ~Serving() { server_.stop(); }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] Client client() const { return Client::connected_to(port()); }

 private:
  void serve() {
    try {
      server_.run();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "the server ended: " << error.what();
    }
  }

  LineServer server_;
  std::jthread thread_;
};

// The next line that the client gets.
std::string answer(Client& client) {
  if (auto line = client.line()) return *std::move(line);
  return client.ended() ? "(no answer: the server has ended the connection)"
                        : "(no answer, however long it waits)";
}

// Has `server` handle all that there is to do, on this thread. Returns how many events that
// were: a thousand, if there is no end of it.
std::size_t handle_all(LineServer& server) {
  std::size_t events = 0;
  for (int quiet = 0; quiet < 2 && events < 1000;) {
    const std::size_t now = server.run_once(Limit(1));
    events += now;
    quiet = now == 0 ? quiet + 1 : 0;
  }
  return events;
}

// How many descriptors this process has open.
std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                    std::filesystem::directory_iterator()));
}

// Leaves this process as many descriptors, for as long as this lives.
class DescriptorsLeft {
 public:
  explicit DescriptorsLeft(std::size_t left) {
    // A sanitizer looks once at each kind of object, and needs a descriptor for that.
    for (const auto* category : {&std::generic_category(), &std::system_category()}) {
      const std::system_error error(EMFILE, *category, "as a server may throw it");
      static_cast<void>(error.what());
    }
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lower = before_;
    lower.rlim_cur = open_descriptors() + 20;
    ::setrlimit(RLIMIT_NOFILE, &lower);
    for (int taken = 0; (taken = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) {
      taken_.emplace_back(taken);
    }
    for (; left > 0 && !taken_.empty(); --left) taken_.pop_back();
  }
  ~DescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorsLeft(const DescriptorsLeft&) = delete;
  DescriptorsLeft& operator=(const DescriptorsLeft&) = delete;

 private:
  rlimit before_{};
  std::vector<Descriptor> taken_;
};

// Sends lines until the server takes no more for a while.
struct Flood {
  explicit Flood(Client& client_in) : client(client_in) {}

  // Whether the server stopped reading before it had `most` bytes.
  bool until_nothing_is_taken(std::size_t most) {
    while (sent < most) {
      if (rest.empty()) {
        rest = line(lines++);
        rest += '\n';
      }
      const std::size_t taken = client.send_some(rest);
      if (taken == 0) return true;
      sent += taken;
      rest.erase(0, taken);
    }
    return false;
  }

  // Each line is another letter, many times.
  [[nodiscard]] static std::string line(std::size_t number) {
    return std::string(999, static_cast<char>('a' + number % 26));
  }

  Client& client;
  std::string rest;  // of the line that was begun
  std::size_t lines = 0;
  std::size_t sent = 0;
};

// Four times what a client's and a server's buffers take.
std::string large_answer() { return std::string(16 << 20, 'x'); }

// More than all the buffers between a client and a server can hold.
constexpr std::size_t more_than_buffers = 64 << 20;

// --- Step 1: lines --------------------------------------------------------------------

// What take_lines finds in `unread`, one line after the other, and what it leaves there.
struct Found {
  std::vector<std::string> lines;
  std::string left;
  bool fits = true;
};

Found take_lines_from(std::string unread, std::size_t longest = 100) {
  Found found;
  found.fits = LineServer::take_lines(
      unread, longest, [&](std::string_view line) { found.lines.emplace_back(line); });
  found.left = unread;
  return found;
}

using Lines = std::vector<std::string>;

// Whole lines are found, empty ones too; the beginning of another stays.
STEP_TEST(1, TakeLines, FindsTheWholeOnes, "partial read") {
  EXPECT_EQ(take_lines_from("").lines, Lines{});
  EXPECT_EQ(take_lines_from("one\ntwo\n").lines, (Lines{"one", "two"}));
  EXPECT_EQ(take_lines_from("one\ntwo\n").left, "");
  EXPECT_EQ(take_lines_from("\n\none\n").lines, (Lines{"", "", "one"}));
  EXPECT_EQ(take_lines_from("one\nha").lines, Lines{"one"});
  EXPECT_EQ(take_lines_from("one\nha").left, "ha");
  EXPECT_EQ(take_lines_from("ha").lines, Lines{}) << "half a line is none";
  EXPECT_EQ(take_lines_from("ha").left, "ha");
  EXPECT_EQ(take_lines_from(std::string("a\0b\n", 4)).lines,
            Lines{std::string("a\0b", 3)});
}

// A line ends with a line feed, and a carriage return before it does not belong to it.
STEP_TEST(1, TakeLines, TakesOffTheEnd, "partial read") {
  EXPECT_EQ(take_lines_from("one\r\ntwo\n").lines, (Lines{"one", "two"}));
  EXPECT_EQ(take_lines_from("a\rb\r\n").lines, Lines{"a\rb"})
      << "only the one before the end";
  EXPECT_EQ(take_lines_from("\r\n").lines, Lines{""});
  EXPECT_EQ(take_lines_from("one\r").lines, Lines{}) << "the end has not come";
}

// In whatever pieces a text comes, the same lines are found.
STEP_TEST(1, TakeLines, PutsPiecesTogether, "partial read") {
  const std::string text = "one\r\n\ntwo and three\nfour\r\nfi";
  const Lines whole = take_lines_from(text).lines;
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      Lines lines;
      std::string unread;
      const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
      for (const auto& piece : {text.substr(0, first), text.substr(first, second - first),
                                text.substr(second)}) {
        unread += piece;
        EXPECT_TRUE(LineServer::take_lines(unread, 100, keep));
      }
      EXPECT_EQ(lines, whole) << "cut at " << first << " and " << second;
      EXPECT_EQ(unread, "fi") << "cut at " << first << " and " << second;
    }
  }
}

// A line may be as long as it may, and no longer; that its end is missing is no excuse.
STEP_TEST(1, TakeLines, RefusesALongLine, "hostile client") {
  EXPECT_TRUE(take_lines_from("12345\n", 5).fits);
  EXPECT_TRUE(take_lines_from("12345\r\n", 5).fits) << "the end does not count";
  EXPECT_TRUE(take_lines_from("12345", 5).fits);
  EXPECT_TRUE(take_lines_from("1\n2\n3\n4\n5\n6\n", 5).fits) << "each line counts alone";
  EXPECT_FALSE(take_lines_from("123456\n", 5).fits);
  EXPECT_FALSE(take_lines_from("123456", 5).fits) << "its end cannot make it shorter";
  EXPECT_TRUE(take_lines_from("12345\r", 5).fits) << "its end may have begun";
  EXPECT_EQ(take_lines_from("1\n123456\n2\n", 5).lines, Lines{"1"})
      << "what comes after a line that is too long is not looked at";
  EXPECT_EQ(take_lines_from("1\n1234567", 5).left, "") << "nothing of it is kept";
}

// --- Step 2: every client is answered -------------------------------------------------

// Each line is answered, in order.
STEP_TEST(2, Server, AnswersEachLine, "partial read") {
  const Serving server;
  Client client = server.client();
  for (const std::string line : {"one", "two", ""}) {
    client.send(line + "\n");
    EXPECT_EQ(answer(client), echo(line));
  }
}

// A client that sends a byte at a time gets the same answers as any other. Between its bytes
// another one is served, so that each is read alone.
STEP_TEST(2, Server, AnswersAByteAtATime, "partial read") {
  const Serving server;
  Client slow = server.client();
  Client other = server.client();
  for (const char byte : std::string_view("one\ntwo\n")) {
    slow.send(std::string(1, byte));
    other.send("other\n");
    ASSERT_EQ(answer(other), "<other>");
  }
  EXPECT_EQ(answer(slow), "<one>");
  EXPECT_EQ(answer(slow), "<two>");
}

// One that sends thousands of lines at once gets thousands of answers.
STEP_TEST(2, Server, AnswersManyLinesAtOnce, "level and edge") {
  const Serving server;
  Client client = server.client();
  std::string lines;
  for (int line = 0; line < 5000; ++line) lines += std::to_string(line) + "\n";
  client.send(lines);
  for (int line = 0; line < 5000; ++line) {
    ASSERT_EQ(answer(client), echo(std::to_string(line)))
        << "of 5,000 lines that were sent in one piece";
  }
}

// A client that sends half a line, and then nothing, delays no other.
STEP_TEST(2, Server, HalfALineDelaysNoOther, "head-of-line blocking") {
  const Serving server;
  Client slow = server.client();
  slow.send("ha");
  for (int other = 0; other < 3; ++other) {
    Client client = server.client();
    client.send("one\n");
    ASSERT_EQ(answer(client), "<one>") << "another client has sent half a line";
  }
  slow.send("lf\n");
  EXPECT_EQ(answer(slow), "<half>");
}

// A client that says that it sends no more still gets all its answers; then the connection
// ends. What it sent last, and did not end, is no line.
STEP_TEST(2, Server, AnswersOneThatSendsNoMore, "half-close") {
  const Serving server;
  Client client = server.client();
  client.send("one\ntwo\nha");
  client.end_sending();
  EXPECT_EQ(answer(client), "<one>");
  EXPECT_EQ(answer(client), "<two>");
  EXPECT_EQ(client.line(), std::nullopt) << "half a line has no answer";
  EXPECT_TRUE(client.ended()) << "all is answered: the server must close the connection";
}

// One that never ends its line is told so, and cut off.
STEP_TEST(2, Server, CutsOffALineWithoutEnd, "hostile client") {
  const Serving server;
  Client client = server.client();
  client.send("one\n" + std::string(5000, 'x'));
  EXPECT_EQ(answer(client), "<one>");
  const auto error = client.line();
  ASSERT_TRUE(error.has_value()) << "a line of 5,000 bytes must be answered by an error";
  EXPECT_EQ(error->substr(0, 7), "error: ");
  EXPECT_TRUE(client.ended()) << "and the connection must be closed";
}

// Any program that speaks TCP can talk to it: here a shell, another process.
STEP_TEST(2, Server, TalksToAShell, "partial read") {
  const Serving server;
  const std::string script = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/" +
                             std::to_string(server.port()) +
                             "; echo hello >&3; head -n 1 <&3'";
  const std::unique_ptr<FILE, int (*)(FILE*)> shell(::popen(script.c_str(), "r"),
                                                    ::pclose);
  ASSERT_NE(shell, nullptr);
  std::array<char, 64> said{};
  static_cast<void>(std::fgets(said.data(), said.size(), shell.get()));
  EXPECT_STREQ(said.data(), "<hello>\n");
}

// A port that is taken is an error that names it.
STEP_TEST(2, Server, SaysWhichPortIsTaken, "exception safety") {
  const LineServer server(0, echo);
  std::string said;
  try {
    const LineServer other(server.port(), echo);
  } catch (const std::system_error& error) {
    said = error.what();
  }
  EXPECT_NE(said.find("port " + std::to_string(server.port())), said.npos)
      << "it says: " << said;
}

// --- Step 3: slow clients -------------------------------------------------------------

// One that sends and never reads delays no other.
STEP_TEST(3, Server, AClientThatDoesNotReadDelaysNoOther, "head-of-line blocking") {
  const Serving server;
  Client deaf(300ms);
  deaf.connect(server.port());
  Flood(deaf).until_nothing_is_taken(more_than_buffers);
  Client client = server.client();
  client.send("one\n");
  ASSERT_EQ(answer(client), "<one>") << "another client does not read its answers";
}

// And when it reads at last, it misses nothing.
STEP_TEST(3, Server, AClientThatReadsLateMissesNothing, "partial write") {
  const Serving server;
  Client deaf(300ms);
  deaf.connect(server.port());
  Flood flood(deaf);
  flood.until_nothing_is_taken(more_than_buffers);
  deaf.set_patience(3s);
  for (std::size_t line = 0; line + 1 < flood.lines; ++line) {
    ASSERT_EQ(answer(deaf), echo(Flood::line(line)))
        << "this is the answer to line " << line + 1 << " of " << flood.lines;
  }
  ASSERT_TRUE(deaf.send(flood.rest)) << "it has read all, and the server reads no more";
  EXPECT_EQ(answer(deaf), echo(Flood::line(flood.lines - 1)));
}

// Nor is it read from any more, once so much is unsent: else all of it would be kept.
STEP_TEST(3, Server, AClientThatDoesNotReadIsNotRead, "backpressure") {
  const Serving server;
  Client deaf(300ms);
  deaf.connect(server.port());
  EXPECT_TRUE(Flood(deaf).until_nothing_is_taken(more_than_buffers))
      << "it has read no answer, and the server still reads from it: where are they all?";
}

// An answer may be larger than what the system takes at once: all of it is sent.
STEP_TEST(3, Server, SendsALargeAnswerInParts, "partial write") {
  const Serving server({}, [](std::string_view) { return large_answer(); });
  Client client = server.client();
  for (int times = 0; times < 2; ++times) {
    client.send("one\n");
    const auto answer = client.line();
    ASSERT_TRUE(answer.has_value()) << "the answer of 16 MB did not come to its end";
    ASSERT_TRUE(answer == large_answer()) << "16 MB came, but not those that were sent";
  }
}

// Also to a client that has said that it sends no more, before the connection ends.
STEP_TEST(3, Server, KeepsWhatIsUnsentAtTheEnd, "half-close") {
  const Serving server({.unsent = more_than_buffers},
                       [](std::string_view) { return large_answer(); });
  Client client = server.client();
  client.send("one\n");
  client.end_sending();
  const auto answer = client.line();
  ASSERT_TRUE(answer.has_value()) << "the answer of 16 MB did not come to its end";
  EXPECT_TRUE(answer == large_answer()) << "16 MB came, but not those that were sent";
  EXPECT_TRUE(client.ended()) << "all is answered: the server must close the connection";
}

// A socket that takes nothing now will take something later.
STEP_TEST(3, Server, ASocketThatIsFullIsNotGone, "partial write") {
  LineServer server(0, [](std::string_view) { return large_answer(); },
                    {.unsent = 2 * more_than_buffers});
  Client client = Client::connected_to(server.port());
  for (int line = 0; line < 5; ++line) {
    client.send("again\n");
    handle_all(server);
    ASSERT_EQ(server.connections(), 1U) << "it is there, and only slow";
  }
}

// While nothing can be done for a client, no event comes for it, again and again.
STEP_TEST(3, Server, AClientThatDoesNotReadCostsNothing, "busy waiting") {
  LineServer server(0, [](std::string_view) { return large_answer(); });
  Client client = Client::connected_to(server.port());
  client.send("one\n");
  EXPECT_LT(handle_all(server), 1000U)
      << "nothing can be sent, and the events do not end";
  client.send("two\n");
  EXPECT_LT(handle_all(server), 1000U)
      << "a line has come that is not to be read yet, and the events do not end";
}

// A client that has nothing to say costs nothing: no event comes for it.
STEP_TEST(3, Server, AnIdleClientCostsNothing, "busy waiting") {
  LineServer server(0, echo);
  Client client = Client::connected_to(server.port());
  client.send("one\n");
  EXPECT_LT(handle_all(server), 10U)
      << "one client has connected and sent one line, and the events do not end";
  EXPECT_EQ(answer(client), "<one>");
}

// --- Step 4: limits and ends ----------------------------------------------------------

// A client that breaks the connection takes nothing with it but itself.
STEP_TEST(4, Server, OutlivesAReset, "broken pipe") {
  const Serving server;
  Client other = server.client();
  for (int times = 0; times < 3; ++times) {
    Client client = server.client();
    client.send("one\n");
    EXPECT_EQ(answer(client), "<one>");
    client.send("ha");
    client.reset();
  }
  other.send("two\n");
  EXPECT_EQ(answer(other), "<two>") << "three other clients have reset their connections";
}

// One that is gone when its answer is sent is no reason to die: neither by an error, nor by
// SIGPIPE, which ends a process that has not said otherwise.
STEP_TEST(4, Server, OutlivesAClientThatIsGone, "broken pipe") {
  std::vector<Client> gone;
  LineServer server(0, [&](std::string_view line) {
    for (Client& client : gone) client.reset();  // while its line is being answered
    gone.clear();
    return echo(line);
  });
  gone.push_back(Client::connected_to(server.port()));
  gone.back().send("one\n");
  gone.back().end_sending();
  handle_all(server);
  EXPECT_EQ(server.connections(), 0U) << "its connection must be closed";
  Client client = Client::connected_to(server.port());
  client.send("two\n");
  handle_all(server);
  EXPECT_EQ(answer(client), "<two>");
}

// However a client ends, its descriptor is closed.
STEP_TEST(4, Server, LeaksNoDescriptor, "descriptor leak") {
  LineServer server(0, echo, {.clients = 3});
  const std::size_t before = open_descriptors();
  for (int way = 0; way < 20; ++way) {
    Client client = Client::connected_to(server.port());
    handle_all(server);
    client.send(way % 4 == 0 ? std::string(5000, 'x') : "one\nha");
    handle_all(server);
    if (way % 4 == 1) client.reset();
    if (way % 4 == 2) client.end_sending();
    handle_all(server);
  }
  {
    std::vector<Client> more(6);
    for (Client& client : more) client.connect(server.port());
    handle_all(server);
  }
  handle_all(server);
  EXPECT_EQ(server.connections(), 0U) << "all clients have gone";
  EXPECT_EQ(open_descriptors(), before)
      << "as many must be open as before the clients came";
}

// One client more than there is room for: the one that has been silent for longest goes.
STEP_TEST(4, Server, MakesRoomAtItsLimit, "hostile client") {
  LineServer server(0, echo, {.clients = 2});
  Client first = Client::connected_to(server.port());
  handle_all(server);
  Client second = Client::connected_to(server.port());
  handle_all(server);
  first.send("one\n");
  handle_all(server);
  Client third = Client::connected_to(server.port());
  handle_all(server);
  EXPECT_EQ(server.connections(), 2U) << "no more than 2 are allowed";
  third.send("three\n");
  first.send("again\n");
  handle_all(server);
  EXPECT_EQ(answer(third), "<three>");
  EXPECT_EQ(answer(first), "<one>");
  EXPECT_EQ(answer(first), "<again>") << "the second was silent for longer: it has to go";
  EXPECT_TRUE(second.ended());
}

// More clients than descriptors: the newest are served, and the loop does not spin.
STEP_TEST(4, Server, MakesRoomWhenDescriptorsAreOut, "busy waiting") {
  LineServer server(0, echo);
  std::vector<Client> clients(6);
  const DescriptorsLeft left(3);
  for (Client& client : clients) {
    client.connect(server.port());
    client.send("one\n");
  }
  EXPECT_LT(handle_all(server), 1000U)
      << "the events do not end: it tries again and again "
         "to accept, and has no descriptor";
  // Or one less: accept4 fails for lack of a descriptor also where no client waits.
  EXPECT_GE(server.connections(), 2U) << "6 clients, 3 descriptors";
  EXPECT_EQ(answer(clients.back()), "<one>") << "the newest client must be served";
  EXPECT_TRUE(clients.front().ended()) << "the oldest must be told that it is not";
}

// Where there is no descriptor, and none that could be given up, that is a clear error.
STEP_TEST(4, Server, SaysThatThereAreNoDescriptors, "busy waiting") {
  LineServer server(0, echo);
  Client client;
  std::string said = "nothing: it did not throw";
  try {
    // Over before the error is looked at: a sanitizer needs a descriptor for that.
    const DescriptorsLeft none(0);
    client.connect(server.port());
    handle_all(server);
  } catch (const std::system_error& error) {
    said = error.what();
  }
  EXPECT_TRUE(said.find("Too many open files") != said.npos)
      << "a client waits, there is no descriptor for it, and no connection that could be "
         "closed: run must throw std::system_error with EMFILE; what it said is "
      << said;
}

// A connection is closed while an event of its own is in the same batch, and the next client
// gets its descriptor's number. The old event is not the new client's.
STEP_TEST(4, Server, AnOldEventIsNotTheNextClients, "reused descriptor") {
  LineServer server(0, echo, {.clients = 1});
  for (int times = 0; times < 3; ++times) {
    Client first = Client::connected_to(server.port());
    handle_all(server);
    Client second = Client::connected_to(server.port());  // the first has to go
    first.reset();                                        // and says so itself
    handle_all(server);
    EXPECT_EQ(server.connections(), 1U)
        << "the first client's reset has closed the second one's connection";
    second.send("two\n");
    handle_all(server);
    EXPECT_EQ(answer(second), "<two>");
  }
}

}  // namespace
