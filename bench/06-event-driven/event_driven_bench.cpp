// Lesson 6's benchmarks: the exercises' solutions beside libuv, libevent and Boost.Asio.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../../solutions/06-event-driven/line_server.hpp"
#include "../../solutions/06-event-driven/timers.hpp"
#include "epoll.hpp"
#include "sockets.hpp"
#if COURSE_HAS_LIBUV
#include <uv.h>
#endif
#if COURSE_HAS_LIBEVENT
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>
#endif
#if COURSE_HAS_BOOST_ASIO
#include <boost/asio.hpp>
#endif

namespace {

using namespace std::chrono_literals;

// --- Timers ---------------------------------------------------------------------------

// How many are started, then cancelled or fired, in one go.
constexpr std::size_t batch = 10'000;

// Delays between half an hour and an hour: none of these timers is due while we measure.
std::vector<std::chrono::milliseconds> delays(std::size_t count) {
  std::mt19937 random(1);
  std::vector<std::chrono::milliseconds> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.emplace_back(1'800'000 + random() % 1'800'000);
  }
  return all;
}

// The numbers below batch, each once, in disorder.
std::vector<std::size_t> disorder() {
  std::vector<std::size_t> order(batch);
  for (std::size_t i = 0; i < batch; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(2));
  return order;
}

// The same for every library. `L` is made with the number of timers that only wait; then
//   start(i, delay)  starts timer i of the batch
//   cancel(i)        cancels it
//   fire()           runs the loop until all of the batch, started with no delay, have run
template <typename L>
void started_and_cancelled(benchmark::State& state) {
  const auto waiting = delays(static_cast<std::size_t>(state.range(0)));
  const auto times = delays(batch);
  const auto order = disorder();
  L library(waiting);
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) library.start(i, times[i]);
    for (const std::size_t i : order) library.cancel(i);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
  state.SetLabel("timers per second");
}

template <typename L>
void started_and_fired(benchmark::State& state) {
  const auto waiting = delays(static_cast<std::size_t>(state.range(0)));
  L library(waiting);
  for (auto _ : state) {
    library.fired = 0;
    for (std::size_t i = 0; i < batch; ++i) library.start(i, 0ms);
    library.fire();
    if (library.fired != batch) return state.SkipWithError("a timer did not fire");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
  state.SetLabel("timers per second");
}

using Delays = std::vector<std::chrono::milliseconds>;

struct Ours {
  struct Enough {};

  explicit Ours(const Delays& waiting) : ids(batch) {
    for (const auto delay : waiting) timers.after(delay, [] {});
  }
  void start(std::size_t i, std::chrono::milliseconds delay) {
    ids[i] = timers.after(delay, [this] {
      if (++fired == batch) throw Enough();
    });
  }
  void cancel(std::size_t i) { timers.cancel(ids[i]); }
  void fire() {
    try {
      timers.run();
    } catch (const Enough&) {
    }
  }

  std::size_t fired = 0;
  Epoll epoll;
  Timers<Epoll> timers{epoll};
  std::vector<Timers<Epoll>::Id> ids;
};

#if COURSE_HAS_LIBUV
struct Libuv {
  explicit Libuv(const Delays& waiting) : idle(waiting.size()), timers(batch) {
    uv_loop_init(&loop);
    for (std::size_t i = 0; i < idle.size(); ++i) {
      uv_timer_init(&loop, &idle[i]);
      uv_timer_start(&idle[i], nothing, static_cast<std::uint64_t>(waiting[i].count()),
                     0);
    }
    for (uv_timer_t& timer : timers) {
      uv_timer_init(&loop, &timer);
      timer.data = this;
    }
  }
  ~Libuv() {
    for (auto& timer : idle) uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    for (auto& timer : timers) uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
  }
  Libuv(const Libuv&) = delete;
  Libuv& operator=(const Libuv&) = delete;

  static void nothing(uv_timer_t*) {}
  void start(std::size_t i, std::chrono::milliseconds delay) {
    uv_timer_start(
        &timers[i], [](uv_timer_t* timer) { ++static_cast<Libuv*>(timer->data)->fired; },
        static_cast<std::uint64_t>(delay.count()), 0);
  }
  void cancel(std::size_t i) { uv_timer_stop(&timers[i]); }
  void fire() {
    while (fired < batch) uv_run(&loop, UV_RUN_NOWAIT);
  }

  std::size_t fired = 0;
  uv_loop_t loop{};
  std::vector<uv_timer_t> idle;
  std::vector<uv_timer_t> timers;
};
#endif

#if COURSE_HAS_LIBEVENT
struct Libevent {
  explicit Libevent(const Delays& waiting)
      : base(event_base_new()), idle(waiting.size()), timers(batch) {
    for (std::size_t i = 0; i < idle.size(); ++i) {
      evtimer_assign(&idle[i], base, nothing, nullptr);
      const timeval delay = time_of(waiting[i]);
      evtimer_add(&idle[i], &delay);
    }
    for (event& timer : timers) {
      evtimer_assign(
          &timer, base,
          [](evutil_socket_t, short, void* self) {
            ++static_cast<Libevent*>(self)->fired;
          },
          this);
    }
  }
  ~Libevent() {
    for (event& timer : idle) event_del(&timer);
    for (event& timer : timers) event_del(&timer);
    event_base_free(base);
  }
  Libevent(const Libevent&) = delete;
  Libevent& operator=(const Libevent&) = delete;

  static void nothing(evutil_socket_t, short, void*) {}
  static timeval time_of(std::chrono::milliseconds delay) {
    return {delay.count() / 1000, delay.count() % 1000 * 1000};
  }
  void start(std::size_t i, std::chrono::milliseconds delay) {
    const timeval time = time_of(delay);
    evtimer_add(&timers[i], &time);
  }
  void cancel(std::size_t i) { evtimer_del(&timers[i]); }
  void fire() {
    while (fired < batch) event_base_loop(base, EVLOOP_NONBLOCK);
  }

  std::size_t fired = 0;
  event_base* base;
  std::vector<event> idle;
  std::vector<event> timers;
};
#endif

#if COURSE_HAS_BOOST_ASIO
struct Asio {
  explicit Asio(const Delays& waiting) {
    for (const auto delay : waiting) {
      idle.emplace_back(io, delay);
      idle.back().async_wait([](const boost::system::error_code&) {});
    }
    for (std::size_t i = 0; i < batch; ++i) timers.emplace_back(io);
  }
  void start(std::size_t i, std::chrono::milliseconds delay) {
    timers[i].expires_after(delay);
    timers[i].async_wait([this](const boost::system::error_code& error) {
      if (!error) ++fired;
    });
  }
  // What was cancelled is told to its handler: run them, so that they do not pile up.
  void cancel(std::size_t i) {
    timers[i].cancel();
    if (++cancelled % 100 == 0) io.poll();
  }
  void fire() {
    while (fired < batch) io.poll();
  }

  std::size_t fired = 0;
  std::size_t cancelled = 0;
  boost::asio::io_context io{1};
  std::vector<boost::asio::steady_timer> idle;
  std::vector<boost::asio::steady_timer> timers;
};
#endif

void for_waiting(benchmark::internal::Benchmark* plot) {
  plot->ArgName("timers that wait")->Arg(1'000)->Arg(100'000)->UseRealTime();
}

BENCHMARK(started_and_cancelled<Ours>)
    ->Name("Timers started and cancelled/ours")
    ->Apply(for_waiting);
#if COURSE_HAS_LIBUV
BENCHMARK(started_and_cancelled<Libuv>)
    ->Name("Timers started and cancelled/libuv")
    ->Apply(for_waiting);
#endif
#if COURSE_HAS_LIBEVENT
BENCHMARK(started_and_cancelled<Libevent>)
    ->Name("Timers started and cancelled/libevent")
    ->Apply(for_waiting);
#endif
#if COURSE_HAS_BOOST_ASIO
BENCHMARK(started_and_cancelled<Asio>)
    ->Name("Timers started and cancelled/Boost.Asio")
    ->Apply(for_waiting);
#endif

BENCHMARK(started_and_fired<Ours>)
    ->Name("Timers started and fired/ours")
    ->Apply(for_waiting);
#if COURSE_HAS_LIBUV
BENCHMARK(started_and_fired<Libuv>)
    ->Name("Timers started and fired/libuv")
    ->Apply(for_waiting);
#endif
#if COURSE_HAS_LIBEVENT
BENCHMARK(started_and_fired<Libevent>)
    ->Name("Timers started and fired/libevent")
    ->Apply(for_waiting);
#endif
#if COURSE_HAS_BOOST_ASIO
BENCHMARK(started_and_fired<Asio>)
    ->Name("Timers started and fired/Boost.Asio")
    ->Apply(for_waiting);
#endif

// --- Lines ----------------------------------------------------------------------------

// What a client sends at a time: sixteen lines.
constexpr std::int64_t lines_at_once = 16;

std::string lines_to_send() {
  std::string lines;
  for (int line = 0; line < lines_at_once; ++line)
    lines += "a line of thirty characters..\n";
  return lines;
}

// Answers the lines that are whole in `unread`, and takes them off it: for the libraries that
// do not know lines.
void echo_lines(std::string& unread, std::string& unsent) {
  std::size_t end = 0;
  for (std::size_t begin = 0; (end = unread.find('\n', begin)) != unread.npos;) {
    unsent.append(unread, begin, end + 1 - begin);
    begin = end + 1;
  }
  unread.erase(0, unread.rfind('\n') + 1);
}

// The same for every server, which has a thread of its own; the clients have another. Each
// connection sends its lines, then all answers are read.
template <typename Server>
void echoed(benchmark::State& state) {
  Server server;
  std::jthread serving([&] { server.run(); });
  std::vector<Client> clients;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    clients.push_back(Client::connected_to(server.port()));
  }
  const std::string lines = lines_to_send();
  bool complete = true;
  for (auto _ : state) {
    for (Client& client : clients) client.send(lines);
    for (Client& client : clients) {
      for (int line = 0; line < lines_at_once; ++line)
        complete &= client.line().has_value();
    }
  }
  if (!complete) state.SkipWithError("an answer is missing");
  state.SetItemsProcessed(state.iterations() * state.range(0) * lines_at_once);
  state.SetLabel("lines per second");
  clients.clear();
  server.stop();
}

struct OurServer {
  OurServer()
      : server(0, [](std::string_view line) { return std::string(line); },
               {.clients = 10'000}) {}
  [[nodiscard]] std::uint16_t port() const { return server.port(); }
  void run() { server.run(); }
  void stop() { server.stop(); }

  LineServer server;
};

#if COURSE_HAS_LIBUV
class LibuvServer {
 public:
  LibuvServer() {
    uv_loop_init(&loop_);
    uv_async_init(&loop_, &stop_, [](uv_async_t* stop) { uv_stop(stop->loop); });
    uv_tcp_init(&loop_, &listener_);
    listener_.data = this;
    sockaddr_in address = loopback(0);
    uv_tcp_bind(&listener_, general(address), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), SOMAXCONN, accept);
  }
  ~LibuvServer() {
    uv_walk(
        &loop_, [](uv_handle_t* handle, void*) { uv_close(handle, nullptr); }, nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  LibuvServer(const LibuvServer&) = delete;
  LibuvServer& operator=(const LibuvServer&) = delete;

  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in address{};
    int size = sizeof address;
    uv_tcp_getsockname(&listener_, general(address), &size);
    return ntohs(address.sin_port);
  }
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
  void stop() { uv_async_send(&stop_); }

 private:
  struct Connection {
    uv_tcp_t socket{};
    std::array<char, 16 * 1024> bytes{};
    std::string unread;
    std::string unsent;
  };

  static void accept(uv_stream_t* listener, int) {
    auto& self = *static_cast<LibuvServer*>(listener->data);
    self.connections_.push_back(std::make_unique<Connection>());
    Connection& client = *self.connections_.back();
    uv_tcp_init(&self.loop_, &client.socket);
    client.socket.data = &client;
    auto* stream = reinterpret_cast<uv_stream_t*>(&client.socket);
    uv_accept(listener, stream);
    uv_read_start(
        stream,
        [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
          auto& bytes = static_cast<Connection*>(handle->data)->bytes;
          *buffer = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
        },
        read);
  }

  static void read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
    if (count < 0) {
      uv_read_stop(stream);
      return;
    }
    auto& client = *static_cast<Connection*>(stream->data);
    client.unread.append(buffer->base, static_cast<std::size_t>(count));
    echo_lines(client.unread, client.unsent);
    if (client.unsent.empty()) return;
    const uv_buf_t out =
        uv_buf_init(client.unsent.data(), static_cast<unsigned>(client.unsent.size()));
    // The clients of this benchmark read: there is always room.
    uv_try_write(stream, &out, 1);
    client.unsent.clear();
  }

  uv_loop_t loop_{};
  uv_async_t stop_{};
  uv_tcp_t listener_{};
  std::vector<std::unique_ptr<Connection>> connections_;
};
#endif

#if COURSE_HAS_LIBEVENT
class LibeventServer {
 public:
  LibeventServer() {
    evthread_use_pthreads();
    base_ = event_base_new();
    accepts_ = event_new(base_, listener_.number(), EV_READ | EV_PERSIST, accept, this);
    event_add(accepts_, nullptr);
  }
  ~LibeventServer() {
    for (bufferevent* client : clients_) bufferevent_free(client);
    event_free(accepts_);
    event_base_free(base_);
  }
  LibeventServer(const LibeventServer&) = delete;
  LibeventServer& operator=(const LibeventServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }
  void run() { event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY); }
  void stop() { event_base_loopbreak(base_); }

 private:
  static void accept(evutil_socket_t listener, short, void* server) {
    auto& self = *static_cast<LibeventServer*>(server);
    const int socket =
        ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    bufferevent* client =
        bufferevent_socket_new(self.base_, socket, BEV_OPT_CLOSE_ON_FREE);
    self.clients_.push_back(client);
    bufferevent_setcb(client, read, nullptr, nullptr, nullptr);
    bufferevent_enable(client, EV_READ | EV_WRITE);
  }

  static void read(bufferevent* client, void*) {
    std::size_t size = 0;
    while (char* line =
               evbuffer_readln(bufferevent_get_input(client), &size, EVBUFFER_EOL_LF)) {
      evbuffer_add(bufferevent_get_output(client), line, size);
      evbuffer_add(bufferevent_get_output(client), "\n", 1);
      std::free(line);
    }
  }

  Descriptor listener_ = listen_on(0);
  event_base* base_ = nullptr;
  event* accepts_ = nullptr;
  std::vector<bufferevent*> clients_;
};
#endif

#if COURSE_HAS_BOOST_ASIO
class AsioServer {
 public:
  AsioServer() { accept(); }
  [[nodiscard]] std::uint16_t port() const { return listener_.local_endpoint().port(); }
  void run() { io_.run(); }
  void stop() { io_.stop(); }

 private:
  using Tcp = boost::asio::ip::tcp;

  struct Connection {
    explicit Connection(Tcp::socket accepted) : socket(std::move(accepted)) {}
    Tcp::socket socket;
    std::array<char, 16 * 1024> bytes{};
    std::string unread;
    std::string unsent;
  };

  void accept() {
    listener_.async_accept(
        [this](const boost::system::error_code& error, Tcp::socket socket) {
          if (error) return;
          connections_.push_back(std::make_unique<Connection>(std::move(socket)));
          read(*connections_.back());
          accept();
        });
  }

  void read(Connection& client) {
    client.socket.async_read_some(
        boost::asio::buffer(client.bytes),
        [this, &client](const boost::system::error_code& error, std::size_t count) {
          if (error) return;
          client.unread.append(client.bytes.data(), count);
          echo_lines(client.unread, client.unsent);
          boost::asio::async_write(
              client.socket, boost::asio::buffer(client.unsent),
              [this, &client](const boost::system::error_code& failed, std::size_t) {
                client.unsent.clear();
                if (!failed) read(client);
              });
        });
  }

  boost::asio::io_context io_{1};
  Tcp::acceptor listener_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::vector<std::unique_ptr<Connection>> connections_;
};
#endif

void for_connections(benchmark::internal::Benchmark* plot) {
  plot->ArgName("connections")->Arg(1)->Arg(100)->Arg(1'000)->UseRealTime();
}

BENCHMARK(echoed<OurServer>)->Name("Lines echoed/ours")->Apply(for_connections);
#if COURSE_HAS_LIBUV
BENCHMARK(echoed<LibuvServer>)->Name("Lines echoed/libuv")->Apply(for_connections);
#endif
#if COURSE_HAS_LIBEVENT
BENCHMARK(echoed<LibeventServer>)->Name("Lines echoed/libevent")->Apply(for_connections);
#endif
#if COURSE_HAS_BOOST_ASIO
BENCHMARK(echoed<AsioServer>)->Name("Lines echoed/Boost.Asio")->Apply(for_connections);
#endif

}  // namespace
