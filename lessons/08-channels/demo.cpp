// Lesson 8's experiments: what a publisher pays for its subscribers, and what they get.
#include "course/demo.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../../solutions/08-channels/broadcast_ring.hpp"
#include "channels.hpp"
#include "interleave/interleave.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void must_be(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

// --- A6: what a publisher pays --------------------------------------------------------

//> region publisher
// All that a publisher does, however many listen, and whatever was decided for slow ones.
void publish_numbers(Topic<int>& topic, int from, int to) {
  for (int number = from; number < to; ++number) topic.publish(number);
}
//<

// The same on exercise 8.1's ring, which has no room while its slowest subscriber lags behind.
void publish_numbers(BroadcastRing<int>& ring, int from, int to) {
  for (int number = from; number < to; ++number) {
    while (!ring.try_publish(number)) std::this_thread::yield();
  }
}

// What the calling thread used up.
struct Bill {
  double processor_seconds = 0;
  double waits = 0;  // times it gave up its core to wait

  static Bill now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return {static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec),
            static_cast<double>(usage.ru_nvcsw)};
  }
};

struct Price {
  double nanoseconds;         // of processor time, for each message
  double waits_per_thousand;  // messages
};

// What a message costs the thread that publishes: `publish(from, to)` is called for `messages`,
// `burst` of them at a time. `between(to)` is not counted. Nor is the looking at clocks, which is
// measured and taken off.
template <typename Publish, typename Between>
Price price_of(int messages, int burst, Publish publish, Between between) {
  double seconds = 0;
  double waits = 0;
  for (int n = 0; n < messages; n += burst) {
    const Bill start = Bill::now();
    const Bill before = Bill::now();
    publish(n, n + burst);
    const Bill after = Bill::now();
    const double looking = before.processor_seconds - start.processor_seconds;
    seconds += after.processor_seconds - before.processor_seconds - looking;
    waits += after.waits - before.waits;
    between(n + burst);
  }
  return {1e9 * std::max(0.0, seconds) / messages, 1e3 * waits / messages};
}

// The price with the middle time of several runs.
template <typename Run>
Price typical(Run run) {
  std::array<Price, 5> prices{};
  for (Price& price : prices) price = run();
  std::sort(prices.begin(), prices.end(), [](const Price& one, const Price& other) {
    return one.nanoseconds < other.nanoseconds;
  });
  return prices[prices.size() / 2];
}

constexpr std::size_t room = 1024;

// Subscribers that sleep, each on a thread of its own, until there is a message.
class Sleepers {
 public:
  Sleepers(Topic<int>& topic, unsigned count) : count_(count) {
    for (unsigned i = 0; i < count; ++i) {
      threads_.emplace_back(
          [this, subscription = topic.subscribe(room, Slow::kWait)]() mutable {
            while (subscription.receive()) received_.fetch_add(1);
          });
    }
  }

  // Waits until all have received `messages`, and are asleep again or about to be.
  void wait_for(int messages) const {
    const std::int64_t all = std::int64_t{messages} * count_;
    do {
      std::this_thread::sleep_for(100us);
    } while (received_.load() < all);
  }

 private:
  const unsigned count_;
  std::atomic<std::int64_t> received_ = 0;
  std::vector<std::jthread> threads_;
};

// `count` subscribers, all of them asleep when a message comes. Where there are none, a message
// takes less than a look at a clock: then many at a time.
Price price_of_sleepers(Topic<int>& topic, unsigned count, int messages) {
  const Sleepers sleepers(topic, count);
  const int burst = count == 0 ? 1'000 : 1;
  const Price price = price_of(
      messages * burst, burst,
      [&](int from, int to) { publish_numbers(topic, from, to); },
      [&](int to) { sleepers.wait_for(to); });
  topic.close();
  return price;
}

Price price_when_quiet(unsigned count, int messages) {
  Topic<int> topic;
  return price_of_sleepers(topic, count, messages);
}

// The same, while one more subscriber after the other comes, and goes.
Price price_with_visitors(unsigned count, int messages) {
  Topic<int> topic;
  const std::jthread visitors([&topic](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto visitor = topic.subscribe(room, Slow::kWait);
      static_cast<void>(visitor.poll());
    }
  });
  return price_of_sleepers(topic, count, messages);
}

// `count` subscribers of one ring, which one thread that never sleeps reads for all of them.
Price price_of_ring(unsigned count, int messages) {
  using Ring = BroadcastRing<int>;
  constexpr int lap = static_cast<int>(room);
  const auto ring = std::make_unique<Ring>(room, 64);
  std::vector<Ring::Subscriber> subscribers;
  for (unsigned i = 0; i < count; ++i) subscribers.push_back(ring->subscribe());
  const std::jthread reader([&] {
    for (std::int64_t left = std::int64_t{messages} * lap * count; left > 0;) {
      const std::int64_t before = left;
      for (auto& subscriber : subscribers) {
        while (subscriber.try_receive()) --left;
      }
      if (left == before) std::this_thread::yield();
    }
  });
  // A lap at a time: one message takes less than a look at a clock.
  return price_of(
      messages * lap, lap, [&](int from, int to) { publish_numbers(*ring, from, to); },
      [](int) {});
}

MEASURED("A6", "What a publisher pays for a message, by who subscribes", table) {
  table.columns({"subscribers", "asleep: ns", "waits per 1,000",
                 "and one comes and goes: ns", "waits per 1,000", "one ring: ns",
                 "waits per 1,000"});
  for (const unsigned count : {0U, 1U, 4U, 16U, 64U}) {
    const int messages = course::quick() ? 5 : 400 / static_cast<int>(count / 8 + 1);
    const int laps = course::quick() ? 5 : 2'000 / static_cast<int>(count + 1);
    const Price asleep = typical([&] { return price_when_quiet(count, messages); });
    const Price visited = typical([&] { return price_with_visitors(count, messages); });
    const Price ring = typical([&] { return price_of_ring(count, laps); });
    std::vector<std::string> cells = {std::to_string(count)};
    for (const Price& price : {asleep, visited, ring}) {
      cells.push_back(course::number(price.nanoseconds));
      cells.push_back(course::number(price.waits_per_thousand));
    }
    table.row(cells);
  }
  table.verbatim(
      "  " + std::to_string(course::usable_cores()) +
      " cores: the subscribers wake one after the other, and whether the publisher\n"
      "  is held up by more of them at once cannot be seen here.");
  table.look_at(
      "the columns of ns, downwards: the publisher's code is the same, but a topic's "
      "thread "
      "pays for each subscriber that it wakes, and a ring's does not");
}

// --- A6b: counted, not measured -------------------------------------------------------

// What `publish` does on the calling thread, in the schedule without any preemption, for each
// of `messages`.
interleave::Counts counts_of(const std::function<void(interleave::Counts&)>& body) {
  interleave::Counts counts;
  interleave::Options options;
  options.schedules = 1;
  const interleave::Result result =
      interleave::find_failure([&] { body(counts); }, options);
  must_be(result.clean(), result.message);
  return counts;
}

constexpr int lap = 64;

// A message on a topic with `count` subscribers that keep up.
interleave::Counts counts_of_topic(unsigned count) {
  return counts_of([count](interleave::Counts& counts) {
    Topic<int> topic;
    std::vector<Topic<int>::Subscription> subscriptions;
    for (unsigned i = 0; i < count; ++i) {
      subscriptions.push_back(topic.subscribe(lap, Slow::kWait));
    }
    const interleave::Cost cost("publish");
    publish_numbers(topic, 0, lap);
    counts = cost.counts();
  });
}

// The same on a ring with 64 seats, in its second lap.
interleave::Counts counts_of_ring(unsigned count) {
  return counts_of([count](interleave::Counts& counts) {
    BroadcastRing<int> ring(lap, 64);
    std::vector<BroadcastRing<int>::Subscriber> subscribers;
    for (unsigned i = 0; i < count; ++i) subscribers.push_back(ring.subscribe());
    publish_numbers(ring, 0, lap);
    for (auto& subscriber : subscribers) {
      while (subscriber.try_receive()) {
      }
    }
    const interleave::Cost cost("try_publish");
    publish_numbers(ring, lap, 2 * lap);
    counts = cost.counts();
  });
}

// The same on a ring that waits for no listener.
interleave::Counts counts_of_lossy_ring(unsigned count) {
  return counts_of([count](interleave::Counts& counts) {
    LossyRing<int> ring(lap);
    std::vector<LossyRing<int>::Listener> listeners;
    for (unsigned i = 0; i < count; ++i) listeners.push_back(ring.listen());
    const interleave::Cost cost("publish");
    for (int number = 0; number < lap; ++number) ring.publish(number);
    counts = cost.counts();
  });
}

EXPLORED("A6b", "What the publisher's thread does for a message, counted", table) {
  table.columns({"", "subscribers", "locks", "atomics", "allocations"});
  using Count = interleave::Counts (*)(unsigned);
  constexpr std::array<std::pair<const char*, Count>, 3> kinds = {
      {{"a topic", counts_of_topic},
       {"BroadcastRing, 64 seats", counts_of_ring},
       {"LossyRing", counts_of_lossy_ring}}};
  for (const auto& [kind, count] : kinds) {
    for (const unsigned subscribers : {0U, 1U, 64U}) {
      const interleave::Counts counts = count(subscribers);
      const auto each = [](std::uint64_t all) {
        if (all % lap == 0) return std::to_string(all / lap);
        const std::string hundredths = std::to_string((all * 100 + lap / 2) / lap);
        return std::string(hundredths).insert(hundredths.size() - 2, ".");
      };
      table.row({kind, std::to_string(subscribers), each(counts.locks),
                 each(counts.atomics), each(counts.allocations)});
    }
  }
  table.look_at(
      "the lines with 64 subscribers: a topic takes a lock for each, a ring looks at all "
      "of "
      "them once in a lap, and the ring that drops does not know that there are any");
}

// --- A6c: one that stopped reading ----------------------------------------------------

constexpr auto silence = 100ms;

// What three subscribers that keep up see, and a fourth that stops reading for a while.
struct Observed {
  Price publisher{};
  double longest_publish = 0;  // milliseconds
  double longest_gap = 0;      // between two messages, of the others, milliseconds
  int others_lost = 0;
  int it_received = 0;
  std::uint64_t it_missed = 0;
  bool cut_off = false;
};

// Receives to the end; returns how many, and the longest time between two.
std::pair<int, double> receive_all(Topic<int>::Subscription& subscription) {
  int received = 0;
  double longest = 0;
  auto last = Clock::now();
  while (subscription.receive()) {
    const auto now = Clock::now();
    if (received++ > 0) longest = std::max(longest, milliseconds(now - last));
    last = now;
  }
  return {received, longest};
}

Observed observe(Slow slow, int messages) {
  Topic<int> topic;
  Observed seen;
  std::array<std::pair<int, double>, 3> others;
  {
    std::vector<std::jthread> threads;
    for (auto& other : others) {
      threads.emplace_back(
          [&other, subscription = topic.subscribe(room, Slow::kWait)]() mutable {
            other = receive_all(subscription);
          });
    }
    threads.emplace_back([&seen, subscription = topic.subscribe(64, slow)]() mutable {
      for (int i = 0; i < 10 && subscription.receive(); ++i) ++seen.it_received;
      std::this_thread::sleep_for(silence);
      seen.it_received += receive_all(subscription).first;
      seen.it_missed = subscription.missed();
      seen.cut_off = subscription.cut_off();
    });
    auto start = Clock::now();
    seen.publisher = price_of(
        messages, 1,
        [&](int from, int to) {
          start = Clock::now();
          publish_numbers(topic, from, to);
        },
        [&](int) {
          seen.longest_publish =
              std::max(seen.longest_publish, milliseconds(Clock::now() - start));
          std::this_thread::sleep_for(1ms);
        });
    topic.close();
  }
  for (const auto& [received, gap] : others) {
    seen.others_lost += messages - received;
    seen.longest_gap = std::max(seen.longest_gap, gap);
  }
  return seen;
}

MEASURED("A6c",
         "One subscriber of four stops reading for a while: what was decided for it",
         table) {
  const int messages = course::quick() ? 20 : 300;
  table.columns({"its queue of 64 is full:", "a publish, ns", "waits per 1,000",
                 "longest, ms", "longest gap of the others, ms", "the others lost",
                 "it received", "it lost", "cut off"});
  constexpr std::array<std::pair<const char*, Slow>, 3> policies = {
      {{"wait", Slow::kWait},
       {"drop the oldest", Slow::kDropOldest},
       {"cut it off", Slow::kCutOff}}};
  for (const auto& [name, slow] : policies) {
    const Observed seen = observe(slow, messages);
    must_be(
        seen.cut_off || static_cast<std::uint64_t>(seen.it_received) + seen.it_missed ==
                            static_cast<std::uint64_t>(messages),
        "a message was neither received nor counted");
    table.row({name, course::number(seen.publisher.nanoseconds),
               course::number(seen.publisher.waits_per_thousand),
               course::number(seen.longest_publish), course::number(seen.longest_gap),
               std::to_string(seen.others_lost), std::to_string(seen.it_received),
               std::to_string(messages - seen.it_received), seen.cut_off ? "yes" : "no"});
  }
  table.verbatim(
      "  " + std::to_string(messages) +
      " messages, one each millisecond or a little more; it reads ten of them, and\n"
      "  then none for " +
      course::number(milliseconds(silence)) + " ms.");
  table.look_at(
      "the columns of waits and of ms: under \"wait\" one subscriber's silence is felt "
      "by all; "
      "under the others it alone pays");
}

// --- A6d: who comes between two messages ----------------------------------------------

// "1 2 3", "nothing", "1 3: a gap".
std::string words_of(const std::vector<int>& got) {
  if (got.empty()) return "nothing";
  std::string words;
  bool gap = false;
  for (std::size_t i = 0; i < got.size(); ++i) {
    words += (i > 0 ? " " : "") + std::to_string(got[i]);
    if (i > 0 && got[i] != got[i - 1] + 1) gap = true;
  }
  return words + (gap ? ": a gap" : "");
}

template <typename Source>
void receive_into(std::vector<int>& got, Source& source) {
  while (const auto message = source.try_receive()) got.push_back(*message);
}

//> region arrives
// A subscriber arrives while 1 2 3 are published.
std::string arrives_at_topic() {
  Topic<int> topic;
  std::optional<Topic<int>::Subscription> subscription;
  {
    std::jthread publisher([&] { publish_numbers(topic, 1, 4); });
    subscription.emplace(topic.subscribe(3, Slow::kDropOldest));
  }
  std::vector<int> got;
  while (const auto message = subscription->poll().message) got.push_back(*message);
  return words_of(got);
}
//<

std::string arrives_at_ring() {
  const auto ring = std::make_unique<BroadcastRing<int>>(4, 1);
  std::vector<int> got;
  std::optional<BroadcastRing<int>::Subscriber> subscriber;
  {
    std::jthread publisher([&] { publish_numbers(*ring, 1, 4); });
    subscriber.emplace(ring->subscribe());
    if (const auto message = subscriber->try_receive()) got.push_back(*message);
  }
  receive_into(got, *subscriber);
  return words_of(got);
}

// A listener that began before, on a ring of two, and looks once meanwhile.
std::string listens_to_lossy_ring() {
  const auto ring = std::make_unique<LossyRing<int>>(2);
  std::vector<int> got;
  auto listener = ring->listen();
  {
    std::jthread publisher([&] {
      for (int number = 1; number < 4; ++number) ring->publish(number);
    });
    if (const auto message = listener.try_receive()) got.push_back(*message);
  }
  receive_into(got, listener);
  must_be(got.size() + listener.missed() == 3,
          "a message was neither received nor counted");
  return words_of(got);
}

EXPLORED("A6d", "1 2 3 are published: what a subscriber can have received in the end",
         table) {
  using Body = std::string (*)();
  constexpr std::array<Body, 3> bodies = {arrives_at_topic, arrives_at_ring,
                                          listens_to_lossy_ring};
  std::array<interleave::Outcomes, 3> found;
  std::map<std::string, int> all;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    found[i] = interleave::outcomes(bodies[i]);
    for (const auto& entry : found[i].seen) ++all[entry.first];
  }
  table.columns(
      {"", "arrives at a topic", "arrives at a ring", "was there, at a lossy ring of 2"});
  for (const auto& entry : all) {
    std::vector<std::string> cells = {entry.first};
    for (const auto& one : found) {
      cells.emplace_back(one.seen.contains(entry.first) ? "reached" : "-");
    }
    table.row(cells);
  }
  std::vector<std::string> coverage = {"is that everything?"};
  for (const auto& one : found)
    coverage.emplace_back(one.exhaustive ? "yes" : "not shown");
  table.row(coverage);
  table.look_at(
      "the lines with a gap: who arrives late may miss the beginning, and never "
      "something "
      "between; only where messages are dropped there are gaps");
}

// --- A6e: two that come and go --------------------------------------------------------

// Comes, looks once, and goes; "1", "2", "nothing".
std::string visit(BroadcastRing<int>& ring) {
  auto subscriber = ring.subscribe();
  const auto message = subscriber.try_receive();
  return message ? std::to_string(*message) : "nothing";
}

// Messages 1 and 2 on a ring of one, and two visitors; the first may be there before they come.
std::string two_visitors(bool first_is_there) {
  const auto ring = std::make_unique<BroadcastRing<int>>(1, 2);
  if (first_is_there) must_be(ring->try_publish(1), "no subscriber is there");
  std::array<std::string, 2> seen;
  {
    std::jthread one([&] { seen[0] = visit(*ring); });
    std::jthread two([&] { seen[1] = visit(*ring); });
    for (int number = first_is_there ? 2 : 1; number <= 2; ++number) {
      static_cast<void>(ring->try_publish(number));
    }
  }
  return seen[0] + " and " + seen[1];
}

// "nothing and nothing, nothing and 2, …"
std::string listed(const std::map<std::string, std::uint64_t>& seen) {
  std::string all;
  for (const auto& entry : seen) all += (all.empty() ? "" : ", ") + entry.first;
  return all;
}

EXPLORED("A6e", "A publisher, and two subscribers that come, look once, and go", table) {
  table.columns({"published meanwhile", "memory", "schedules", "is that everything?"});
  std::string seen;
  const auto add_row = [&](bool first_is_there, interleave::Memory memory) {
    interleave::Options options;
    options.strategy = "reduced";
    options.memory = memory;
    options.schedules = course::quick() ? 1'000 : 10'000'000;
    options.seconds = 300;
    const auto found = interleave::outcomes(
        [first_is_there] { return two_visitors(first_is_there); }, options);
    const bool weak = memory == interleave::Memory::kWeak;
    table.row({first_is_there ? "2" : "1 and 2", weak ? "C++'s" : "one order for all",
               course::number(static_cast<double>(found.schedules)),
               found.exhaustive ? "yes" : "not shown"});
    seen += std::string("  ") + (first_is_there ? "2" : "1 and 2") + ": they receive " +
            listed(found.seen) + "\n";
  };
  add_row(false, interleave::Memory::kSequential);
  add_row(true, interleave::Memory::kWeak);
  table.verbatim(seen);
  table.look_at("what is not there: a message that was overwritten, a race, a deadlock");
}

}  // namespace
