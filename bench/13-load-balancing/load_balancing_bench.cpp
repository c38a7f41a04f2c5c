// Lesson 13's benchmarks: the reference and exercise 13.1 beside Redis, HAProxy and hiredis.
//
// Services and balancers have the first usable core, redis-benchmark and all else the second:
// what is measured is what one core answers, as far as the load can ask. Ours and its peer are
// asked by the same calls.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../lessons/04-stateless-workers/redis_server.hpp"
#include "../../lessons/06-event-driven/process.hpp"
#include "../../solutions/13-load-balancing/resp_parser.hpp"
#include "haproxy.hpp"
#include "load_balancing.hpp"
#include "redis_benchmark.hpp"
#include "server_process.hpp"
#include "service.hpp"

#if __has_include(<hiredis/hiredis.h>)
#include <hiredis/hiredis.h>
#endif

namespace {

constexpr std::size_t servers_core = 0;
constexpr std::size_t load_core = 1;

// Starts a server, which stays on the servers' core; from then on this process stays on the
// other one, where there is one.
template <typename Start>
auto started_apart(Start start) {
  keep_to_core(servers_core);
  auto started = start();
  keep_to_core(load_core);
  return started;
}

// --- What is measured -----------------------------------------------------------------

// A server at a port, for as long as this lives.
struct Target {
  virtual ~Target() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

std::unique_ptr<ServerProcess> service() {
  return std::make_unique<ServerProcess>(
      [](Descriptor listener) { Service(std::move(listener)).run(); });
}

struct OurService final : Target {
  [[nodiscard]] std::uint16_t port() const override { return process->port(); }
  std::unique_ptr<ServerProcess> process = started_apart(service);
};

struct Redis final : Target {
  [[nodiscard]] std::uint16_t port() const override { return server->port(); }
  std::unique_ptr<RedisServer> server =
      started_apart([] { return std::make_unique<RedisServer>(); });
};

// Two of our services, behind whichever balancer.
struct TwoServices {
  [[nodiscard]] std::vector<std::uint16_t> ports() const {
    return {a->port(), b->port()};
  }
  std::unique_ptr<ServerProcess> a = started_apart(service);
  std::unique_ptr<ServerProcess> b = started_apart(service);
};

struct OurBalancer final : Target {
  [[nodiscard]] std::uint16_t port() const override { return process->port(); }
  TwoServices services;
  std::unique_ptr<ServerProcess> process = started_apart([this] {
    return std::make_unique<ServerProcess>(
        [ports = services.ports()](Descriptor listener) {
          RoundRobin(std::move(listener), ports).run();
        });
  });
};

struct HaProxyInFront final : Target {
  [[nodiscard]] std::uint16_t port() const override { return process->port(); }
  TwoServices services;
  std::unique_ptr<HaProxy> process =
      started_apart([this] { return std::make_unique<HaProxy>(services.ports()); });
};

void by_pipeline(benchmark::internal::Benchmark* plot) {
  plot->ArgName("requests at a time")->Arg(1)->Arg(16);
}

void add_missing(const std::string& name) {
  benchmark::RegisterBenchmark(name.c_str(), [](benchmark::State& state) {
    state.SkipWithError("not installed here");
  })->Apply(by_pipeline);
}

// The same call of redis-benchmark for every target.
template <typename T>
void add(const std::string& plot, const std::string& series, const std::string& test) {
  const auto run = [=](benchmark::State& state) {
    const T target;
    const int pipeline = static_cast<int>(state.range(0));
    const int requests = pipeline == 1 ? 20'000 : 100'000;
    for (auto _ : state) {
      const double rate = run_redis_benchmark(
          target.port(), {.test = test, .requests = requests, .pipeline = pipeline});
      state.SetIterationTime(requests / rate);
    }
    state.SetItemsProcessed(state.iterations() * requests);
    state.SetLabel("requests per second");
  };
  benchmark::RegisterBenchmark((plot + "/" + series).c_str(), run)
      ->Apply(by_pipeline)
      ->UseManualTime();
}

// --- Replies parsed -------------------------------------------------------------------

// Replies as a client with a pipeline gets them: values, numbers, an array now and then.
std::string replies_of(std::int64_t count) {
  std::string bytes;
  for (std::int64_t i = 0; i < count; ++i) {
    if (i % 8 == 0) {
      bytes += "*3\r\n$3\r\none\r\n$-1\r\n$5\r\nthree\r\n";
    } else if (i % 2 == 0) {
      bytes += ":" + std::to_string(i) + "\r\n";
    } else {
      bytes += "$32\r\n0123456789abcdef0123456789abcdef\r\n";
    }
  }
  return bytes;
}

constexpr std::int64_t replies = 4'000;

// Feeds the replies in pieces of so many bytes to `Parser::feed`, which returns how many values
// were whole.
template <typename Parser>
void parsed(benchmark::State& state) {
  const std::string bytes = replies_of(replies);
  const auto piece = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    Parser parser;
    std::int64_t values = 0;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      values += parser.feed(std::string_view(bytes).substr(i, piece));
    }
    if (values != replies) return state.SkipWithError("a reply is missing");
  }
  state.SetItemsProcessed(state.iterations() * replies);
  state.SetLabel("replies per second");
}

class OurParser {
 public:
  std::int64_t feed(std::string_view bytes) {
    std::int64_t values = 0;
    parser_.feed(bytes, [&](const Value&) { ++values; });
    return values;
  }

 private:
  RespParser parser_;
};

#if __has_include(<hiredis/hiredis.h>)
class Hiredis {
 public:
  std::int64_t feed(std::string_view bytes) {
    redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
    std::int64_t values = 0;
    for (void* reply = nullptr;; ++values) {
      if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK || reply == nullptr) {
        return values;
      }
      freeReplyObject(reply);
    }
  }

 private:
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader_{redisReaderCreate(),
                                                               redisReaderFree};
};
#endif

void by_piece(benchmark::internal::Benchmark* plot) {
  plot->ArgName("bytes at a time")->Arg(16)->Arg(1024)->Arg(16 * 1024);
}

const bool registered = [] {
  const bool load = is_installed("redis-benchmark");
  for (const std::string test : {"get", "set"}) {
    const std::string plot =
        (test == "get" ? std::string("GET") : std::string("SET")) + ", one service";
    if (load) {
      add<OurService>(plot, "ours", test);
    } else {
      add_missing(plot + "/ours");
    }
    if (load && RedisServer::is_installed()) {
      add<Redis>(plot, "Redis", test);
    } else {
      add_missing(plot + "/Redis");
    }
  }
  const std::string front = "GET, two services behind a balancer";
  if (load) {
    add<OurBalancer>(front, "ours", "get");
  } else {
    add_missing(front + "/ours");
  }
  if (load && is_installed("haproxy")) {
    add<HaProxyInFront>(front, "HAProxy", "get");
  } else {
    add_missing(front + "/HAProxy");
  }

  benchmark::RegisterBenchmark("Replies parsed/ours", parsed<OurParser>)->Apply(by_piece);
#if __has_include(<hiredis/hiredis.h>)
  benchmark::RegisterBenchmark("Replies parsed/hiredis", parsed<Hiredis>)
      ->Apply(by_piece);
#endif
  return true;
}();

}  // namespace
