// Lesson 8's benchmarks: ways to publish to several subscribers, in one process and through a
// server. A message has 64 bytes.
//
// "Delivered": nothing is lost; the clock stops when every subscriber has everything. "While
// none reads": every queue is full, and none waits; ours drops the oldest, ZeroMQ the newest.
// Redis and NATS cut off a subscriber that does not read, as Slow::kCutOff does, so they are in
// the first plot alone. A topic's subscriber sleeps where it has nothing to read, as its peers'
// do; a ring's polls. The last plots are ratios to the fastest peer, and how often the threads
// of those two that share this process waited.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../../solutions/08-channels/broadcast_ring.hpp"
#include "channels.hpp"
#include "nats.hpp"

#if COURSE_HAS_ZEROMQ
#include <zmq.h>
#endif
#if __has_include(<hiredis/hiredis.h>)
#include <hiredis/hiredis.h>

#include "../../lessons/04-stateless-workers/redis_server.hpp"
#endif

namespace {

using Clock = std::chrono::steady_clock;

struct Quote {
  std::uint64_t number = 0;
  char text[56] = {};
};
static_assert(sizeof(Quote) == 64);

// The numbers of messages that are no quotes.
constexpr std::uint64_t probe = ~std::uint64_t{0} - 1;  // does it arrive?
constexpr std::uint64_t last = ~std::uint64_t{0};       // there is no more

constexpr std::size_t room = 4096;

std::string_view bytes_of(const Quote& quote) {
  return {reinterpret_cast<const char*>(&quote), sizeof quote};
}

Quote quote_of(std::string_view bytes) {
  if (bytes.size() != sizeof(Quote)) throw std::runtime_error("a message was cut");
  Quote quote;
  std::memcpy(&quote, bytes.data(), sizeof quote);
  return quote;
}

// --- What is measured -------------------------------------------------------------------

// A medium publishes quotes, and gives each subscriber a receiver on a thread of its own.
struct Receiver {
  virtual ~Receiver() = default;
  virtual Quote receive() = 0;  // waits for the next one
};
struct Medium {
  virtual ~Medium() = default;
  virtual void publish(const Quote& quote) = 0;
  virtual void flush() {}                             // what was published is on its way
  virtual std::unique_ptr<Receiver> subscribe() = 0;  // any thread, one at a time
};

class TopicMedium final : public Medium {
 public:
  explicit TopicMedium(std::size_t capacity = room, Slow slow = Slow::kWait)
      : capacity_(capacity), slow_(slow) {}

  void publish(const Quote& quote) override { topic_.publish(quote); }
  std::unique_ptr<Receiver> subscribe() override {
    return std::make_unique<Own>(topic_.subscribe(capacity_, slow_));
  }

 private:
  struct Own final : Receiver {
    explicit Own(Topic<Quote>::Subscription its) : subscription(std::move(its)) {}
    Quote receive() override { return *subscription.receive(); }
    Topic<Quote>::Subscription subscription;
  };

  const std::size_t capacity_;
  const Slow slow_;
  Topic<Quote> topic_;
};

// Receives from a source that has nothing to sleep by.
template <typename Source>
struct Polling final : Receiver {
  explicit Polling(Source its) : source(std::move(its)) {}
  Quote receive() override {
    for (;;) {
      if (const auto quote = source.try_receive()) return *quote;
      std::this_thread::yield();
    }
  }
  Source source;
};

class RingMedium final : public Medium {
 public:
  void publish(const Quote& quote) override {
    while (!ring_.try_publish(quote)) std::this_thread::yield();
  }
  std::unique_ptr<Receiver> subscribe() override {
    return std::make_unique<Polling<BroadcastRing<Quote>::Subscriber>>(ring_.subscribe());
  }

 private:
  BroadcastRing<Quote> ring_{room, 16};
};

class LossyRingMedium final : public Medium {
 public:
  void publish(const Quote& quote) override { ring_.publish(quote); }
  std::unique_ptr<Receiver> subscribe() override {
    return std::make_unique<Polling<LossyRing<Quote>::Listener>>(ring_.listen());
  }

 private:
  LossyRing<Quote> ring_{1024};
};

#if COURSE_HAS_ZEROMQ
void zmq_must(int result) {
  if (result < 0)
    throw std::runtime_error(std::string("ZeroMQ says: ") + zmq_strerror(zmq_errno()));
}

class ZeroMqMedium final : public Medium {
 public:
  // At most `limit` messages wait for a subscriber, on either side; 0: as many as there is memory.
  explicit ZeroMqMedium(int limit) : limit_(limit) {
    zmq_must(zmq_setsockopt(publisher_.get(), ZMQ_SNDHWM, &limit_, sizeof limit_));
    zmq_must(zmq_bind(publisher_.get(), "inproc://quotes"));
  }

  void publish(const Quote& quote) override {
    zmq_must(zmq_send(publisher_.get(), &quote, sizeof quote, 0));
  }
  std::unique_ptr<Receiver> subscribe() override { return std::make_unique<Own>(*this); }

 private:
  struct Closes {
    void operator()(void* socket) const { zmq_close(socket); }
  };
  struct Terminates {
    void operator()(void* context) const { zmq_ctx_term(context); }
  };
  using Socket = std::unique_ptr<void, Closes>;

  struct Own final : Receiver {
    explicit Own(ZeroMqMedium& medium)
        : socket(zmq_socket(medium.context_.get(), ZMQ_SUB)) {
      zmq_must(
          zmq_setsockopt(socket.get(), ZMQ_RCVHWM, &medium.limit_, sizeof medium.limit_));
      zmq_must(zmq_setsockopt(socket.get(), ZMQ_SUBSCRIBE, "", 0));
      zmq_must(zmq_connect(socket.get(), "inproc://quotes"));
    }
    Quote receive() override {
      Quote quote;
      zmq_must(zmq_recv(socket.get(), &quote, sizeof quote, 0));
      return quote;
    }
    Socket socket;
  };

  const int limit_;
  std::unique_ptr<void, Terminates> context_{zmq_ctx_new()};
  Socket publisher_{zmq_socket(context_.get(), ZMQ_PUB)};
};
#endif

class NatsMedium final : public Medium {
 public:
  void publish(const Quote& quote) override {
    publisher_.publish("quotes", bytes_of(quote));
  }
  void flush() override { publisher_.flush(); }
  std::unique_ptr<Receiver> subscribe() override {
    return std::make_unique<Own>(server_.port());
  }

 private:
  struct Own final : Receiver {
    explicit Own(std::uint16_t port) : client(port) { client.subscribe("quotes"); }
    Quote receive() override { return quote_of(client.receive()); }
    NatsClient client;
  };

  NatsServer server_;
  NatsClient publisher_{server_.port()};
};

#if __has_include(<hiredis/hiredis.h>)
class RedisMedium final : public Medium {
 public:
  void publish(const Quote& quote) override {
    redisAppendCommand(publisher_.get(), "PUBLISH quotes %b", &quote, sizeof quote);
    if (++unanswered_ == 256) flush();
  }
  void flush() override {
    for (; unanswered_ > 0; --unanswered_) static_cast<void>(reply_of(*publisher_));
  }
  std::unique_ptr<Receiver> subscribe() override {
    return std::make_unique<Own>(server_.port());
  }

 private:
  struct Frees {
    void operator()(redisContext* context) const { redisFree(context); }
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using Context = std::unique_ptr<redisContext, Frees>;
  using Reply = std::unique_ptr<redisReply, Frees>;

  static Reply reply_of(redisContext& context) {
    void* reply = nullptr;
    if (redisGetReply(&context, &reply) != REDIS_OK) {
      throw std::runtime_error(std::string("redis-server: ") + context.errstr);
    }
    return Reply(static_cast<redisReply*>(reply));
  }
  static Context connected(std::uint16_t port) {
    return Context(redisConnect("127.0.0.1", port));
  }

  struct Own final : Receiver {
    explicit Own(std::uint16_t port) : context(connected(port)) {
      redisAppendCommand(context.get(), "SUBSCRIBE quotes");
      static_cast<void>(reply_of(*context));
    }
    // ["message", "quotes", payload]
    Quote receive() override {
      const Reply reply = reply_of(*context);
      if (reply->elements != 3)
        throw std::runtime_error("redis-server answers something else");
      return quote_of({reply->element[2]->str, reply->element[2]->len});
    }
    Context context;
  };

  RedisServer server_;
  Context publisher_ = connected(server_.port());
  int unanswered_ = 0;
};
#endif

// --- How it is measured -----------------------------------------------------------------

// What a run took. `waits`: how often a thread of this process gave up its core to wait.
struct Run {
  double messages;
  double seconds;
  double waits;

  [[nodiscard]] double rate() const { return messages / seconds; }
};

// Counts from its construction on.
class Stopwatch {
 public:
  [[nodiscard]] Run after(std::uint64_t messages) const {
    const std::chrono::duration<double> seconds = Clock::now() - start_;
    return {static_cast<double>(messages), seconds.count(), waits() - waits_};
  }

 private:
  static double waits() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_nvcsw);
  }

  const double waits_ = waits();
  const Clock::time_point start_ = Clock::now();
};

// The fastest run of each: by plot, then series and number of subscribers.
using Key = std::pair<std::string, std::int64_t>;
std::map<std::string, std::map<Key, Run>>& fastest() {
  static std::map<std::string, std::map<Key, Run>> all;
  return all;
}

void tell(benchmark::State& state, const std::string& plot, const std::string& series,
          const Run& run) {
  state.SetItemsProcessed(static_cast<std::int64_t>(run.messages));
  state.SetLabel("messages published per second");
  auto& before = fastest()[plot].try_emplace({series, state.range(0)}, run).first->second;
  if (run.rate() > before.rate()) before = run;
}

// The subscribers' threads, and how far each has come.
class Subscribers {
 public:
  Subscribers(Medium& medium, std::int64_t count) : medium_(medium) {
    for (std::int64_t i = 0; i < count; ++i) {
      received_.push_back(std::make_unique<Count>());
      threads_.emplace_back([receiver = medium.subscribe(), &count = *received_.back()] {
        for (;;) {
          const Quote quote = receiver->receive();
          if (quote.number == last) return;
          if (quote.number == probe) {
            count.probed.store(true, std::memory_order_release);
          } else {
            count.received.store(quote.number, std::memory_order_release);
          }
        }
      });
    }
    // A subscription takes its time to reach the publisher, or its server.
    for (const auto& one : received_) {
      while (!one->probed.load(std::memory_order_acquire)) {
        medium_.publish({probe, {}});
        medium_.flush();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  }
  ~Subscribers() {
    medium_.publish({last, {}});
    medium_.flush();
  }

  // Waits until all have received quote `number`.
  void wait_for(std::uint64_t number) const {
    for (const auto& one : received_) {
      while (one->received.load(std::memory_order_acquire) < number)
        std::this_thread::yield();
    }
  }

 private:
  struct alignas(64) Count {
    std::atomic<std::uint64_t> received = 0;
    std::atomic<bool> probed = false;
  };

  Medium& medium_;
  std::vector<std::unique_ptr<Count>> received_;
  std::vector<std::jthread> threads_;
};

using Make = std::function<std::unique_ptr<Medium>()>;

using Measure = Run (*)(benchmark::State&, Medium&);

Run delivered(benchmark::State& state, Medium& medium) {
  constexpr std::uint64_t batch = 10'000;
  const Subscribers subscribers(medium, state.range(0));
  std::uint64_t number = 0;
  const Stopwatch stopwatch;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < batch; ++i) medium.publish({++number, {}});
    medium.flush();
    subscribers.wait_for(number);
  }
  return stopwatch.after(number);
}

Run unread(benchmark::State& state, Medium& medium) {
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    receivers.push_back(medium.subscribe());
  }
  std::uint64_t number = 0;
  while (number < 4 * room) medium.publish({++number, {}});  // full, from here on
  const std::uint64_t before = number;
  const Stopwatch stopwatch;
  for (auto _ : state) medium.publish({++number, {}});
  return stopwatch.after(number - before);
}

void one_and_four(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("subscribers")->Arg(1)->Arg(4);
}

void add(const std::string& plot, const std::string& series, Measure measure,
         const Make& make) {
  const auto run = [=](benchmark::State& state) {
    const auto medium = make();
    tell(state, plot, series, measure(state, *medium));
  };
  benchmark::RegisterBenchmark((plot + "/" + series).c_str(), run)
      ->Apply(one_and_four)
      ->UseRealTime();
}

void add_missing(const std::string& plot, const std::string& series) {
  const auto run = [](benchmark::State& state) {
    state.SkipWithError("not installed here");
  };
  benchmark::RegisterBenchmark((plot + "/" + series).c_str(), run)->Apply(one_and_four);
}

// Registers a number that earlier runs lead to, under the same axis as theirs; 0 if none was
// made here. Iterated once: nothing is left to be measured.
void add_derived(const std::string& name, const std::string& unit,
                 const std::function<double(std::int64_t subscribers)>& number) {
  const auto run = [=](benchmark::State& state) {
    for (auto _ : state) benchmark::ClobberMemory();
    const double value = number(state.range(0));
    if (value == 0) return state.SkipWithError("not measured here");
    state.counters["items_per_second"] = value;
    state.SetLabel(unit);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->Apply(one_and_four)->Iterations(1);
}

// How many times as many messages `ours` published as the fastest of `peers`.
void add_ratio(const std::string& plot, const std::string& ours,
               const std::vector<std::string>& peers) {
  add_derived(plot + ", beside the best peer/" + ours, "times the best peer",
              [=](std::int64_t subscribers) {
                const auto& runs = fastest()[plot];
                const auto one = runs.find({ours, subscribers});
                double best = 0;
                for (const std::string& peer : peers) {
                  const auto other = runs.find({peer, subscribers});
                  if (other != runs.end()) best = std::max(best, other->second.rate());
                }
                return one == runs.end() || best == 0 ? 0 : one->second.rate() / best;
              });
}

// How often a thread waited while `series` was at its fastest.
void add_waits(const std::string& plot, const std::string& series) {
  add_derived(plot + ": how often its threads wait/" + series, "waits per 1,000 messages",
              [=](std::int64_t subscribers) {
                const auto& runs = fastest()[plot];
                const auto run = runs.find({series, subscribers});
                return run == runs.end() ? 0
                                         : 1e3 * run->second.waits / run->second.messages;
              });
}

template <typename Medium, typename... Arguments>
Make made(Arguments... arguments) {
  return [=] { return std::make_unique<Medium>(arguments...); };
}

const bool registered = [] {
  const std::string all = "Delivered to every subscriber";
  add(all, "topic", delivered, made<TopicMedium>());
  add(all, "BroadcastRing", delivered, made<RingMedium>());
#if COURSE_HAS_ZEROMQ
  add(all, "ZeroMQ", delivered, made<ZeroMqMedium>(0));
#else
  add_missing(all, "ZeroMQ");
#endif
  bool redis = false;
#if __has_include(<hiredis/hiredis.h>)
  redis = RedisServer::is_installed();
  if (redis) add(all, "Redis", delivered, made<RedisMedium>());
#endif
  if (!redis) add_missing(all, "Redis");
  if (NatsServer::is_installed()) {
    add(all, "NATS", delivered, made<NatsMedium>());
  } else {
    add_missing(all, "NATS");
  }

  const std::string none = "While none reads";
  add(none, "topic", unread, made<TopicMedium>(std::size_t{1000}, Slow::kDropOldest));
  add(none, "LossyRing", unread, made<LossyRingMedium>());
#if COURSE_HAS_ZEROMQ
  add(none, "ZeroMQ", unread, made<ZeroMqMedium>(1000));
#else
  add_missing(none, "ZeroMQ");
#endif

  for (const char* series : {"topic", "ZeroMQ"}) add_waits(all, series);
  for (const char* ours : {"topic", "BroadcastRing"}) {
    add_ratio(all, ours, {"ZeroMQ", "Redis", "NATS"});
  }
  for (const char* ours : {"topic", "LossyRing"}) add_ratio(none, ours, {"ZeroMQ"});
  return true;
}();

}  // namespace
