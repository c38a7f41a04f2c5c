// Lesson 11's experiments: one for each claim about functional parallelism.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <future>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../05-assembly-line/assembly_line.hpp"
#include "course/busywork.hpp"
#include "course/source_file.hpp"
#include "functional.hpp"
#include "interleave/interleave.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// The seconds that `work` takes: the least of some repetitions, since what else this machine
// does only adds to them.
double seconds_of(const std::function<void()>& work, int repetitions = 25) {
  double least = std::numeric_limits<double>::infinity();
  for (int run = 0; run < (course::quick() ? 1 : repetitions); ++run) {
    const Clock::time_point start = Clock::now();
    work();
    least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return least;
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

constexpr const char* one_core =
    "  On one core two calls never run at the same time: what more workers gain cannot "
    "be\n"
    "  shown here, only what they cost.\n";

void say_if_one_core(course::Table& table) {
  if (course::usable_cores() == 1) table.verbatim(one_core);
}

// --- F1: a line as functions -------------------------------------------------------------

// The parts of a job, each a function of what the part before gave.
struct Order {
  int pieces = 0;
  std::string item;
};
struct Priced {
  Order order;
  int cents = 0;
};

// Takes about a microsecond; always 0, which the compiler cannot know.
int effort(const std::string& text) {
  return course::busywork(text.size() + 1, 600) == 0 ? 1 : 0;
}

Order parse(const std::string& text) {
  const std::size_t space = text.find(' ');
  return {std::stoi(text.substr(0, space)) + effort(text), text.substr(space + 1)};
}

Priced price(const Order& order) {
  return {order, order.pieces * static_cast<int>(order.item.size()) + effort(order.item)};
}

std::string bill(const Priced& priced) {
  const Order& order = priced.order;
  return order.item + ": " + std::to_string(priced.cents + effort(order.item));
}

using Texts = std::vector<std::string>;

//> region as_line
Texts bills_by_line(const Texts& orders) {
  auto line = AssemblyLine<std::string>(64).then(parse).then(price).then(bill);
  std::jthread source([&] {
    for (const std::string& order : orders) line.put(order);
    line.finish();
  });
  Texts bills;
  while (auto next = line.take()) bills.push_back(*std::move(next));
  return bills;
}
//<

//> region as_call
std::string bill_for(const std::string& order) { return bill(price(parse(order))); }
//<

//> region as_calls
Texts bills_by_calls(ParallelWorkers<Texts>& workers, const Texts& orders) {
  return map(workers, orders, 64, bill_for);
}
//<

// Lines of code between `//> region NAME` and `//<` in this file.
int lines_of(const std::string& region) {
  std::ifstream source(course::source_file());
  expect(source.good(), "the demo's source cannot be read");
  int lines = 0;
  bool inside = false;
  for (std::string line; std::getline(source, line);) {
    if (line == "//<") inside = false;
    if (inside && !line.empty()) ++lines;
    if (line == "//> region " + region) inside = true;
  }
  expect(lines > 0, "a region of the demo is gone");
  return lines;
}

Texts some_orders(std::size_t count) {
  const std::array<std::string, 3> items = {"ink", "paper", "staples"};
  Texts orders;
  for (std::size_t i = 0; i < count; ++i) {
    orders.push_back(std::to_string(i % 9 + 1) + ' ' + items[i % items.size()]);
  }
  return orders;
}

MEASURED("F1", "Lesson 5's line, and the same parts as functions", table) {
  const Texts orders = some_orders(course::quick() ? 300 : 3'000);
  Texts expected;
  for (const std::string& order : orders) expected.push_back(bill_for(order));
  table.columns({"the parts are", "lines", "orders/s", "bills, and their order"});
  const auto add_row = [&](const char* form, int lines,
                           const std::function<Texts()>& work) {
    Texts bills;
    const double seconds = seconds_of([&] { bills = work(); });
    table.row({form, std::to_string(lines),
               course::number(static_cast<double>(orders.size()) / seconds),
               bills == expected ? "the same" : "others"});
  };
  const int call = lines_of("as_call");
  add_row("a function, in a loop", call, [&] {
    Texts bills;
    for (const std::string& order : orders) bills.push_back(bill_for(order));
    return bills;
  });
  add_row("stages of a line", lines_of("as_line"), [&] { return bills_by_line(orders); });
  ParallelWorkers<Texts> workers(course::usable_cores());
  add_row("a function, mapped by workers", call + lines_of("as_calls"),
          [&] { return bills_by_calls(workers, orders); });
  say_if_one_core(table);
  table.look_at("the last column: the same bills in the same order, at other prices");
}

// --- F2: arguments copied ----------------------------------------------------------------

// A leader asks for a price at the discount of one customer, and then sets the next one's.
// The call has a thread of its own: with lesson 1's workers in between there are too many
// behaviours to check them all.

//> region copied
std::string price_with_a_copy() {
  int discount = 10;
  std::future<int> price =
      std::async(std::launch::async, [discount] { return 100 - discount; });
  discount = 20;  // for the next customer
  return std::to_string(price.get());
}
//<

//> region referenced
std::string price_with_a_reference() {
  int discount = 10;
  std::future<int> price =
      std::async(std::launch::async, [&discount] { return 100 - discount; });
  discount = 20;  // for the next customer
  return std::to_string(price.get());
}
//<

// No race is left, and still the call depends on when it runs.
std::string price_with_an_atomic() {
  std::atomic<int> discount = 10;
  std::future<int> price =
      std::async(std::launch::async, [&discount] { return 100 - discount; });
  discount = 20;
  return std::to_string(price.get());
}

EXPLORED("F2", "A call's price, while the leader changes the discount for the next call",
         table) {
  table.columns({"the call gets", "prices that can come out", "is that everything?"});
  const auto add_row = [&](const char* gets, std::string (*body)()) {
    const interleave::Outcomes found = interleave::outcomes(body);
    std::string prices;
    for (const auto& entry : found.seen)
      prices += (prices.empty() ? "" : ", ") + entry.first;
    table.row({gets, prices, found.exhaustive ? "yes" : "not shown"});
  };
  add_row("a copy of the discount", price_with_a_copy);
  add_row("a reference to it", price_with_a_reference);
  add_row("a reference to an atomic", price_with_an_atomic);
  table.verbatim(interleave::find_failure([] { price_with_a_reference(); }).picture);
  table.look_at(
      "the first line: one price, whenever the call runs; and in the interleaving at the "
      "two accesses to one variable");
}

// --- F3: speed-up against cores ----------------------------------------------------------

MEASURED("F3", "The same calls on more workers: the speed of a loop is 1.0", table) {
  const std::size_t calls = course::quick() ? 8 : 16;
  const int steps = course::quick() ? 6'000 : 600'000;  // about a millisecond a call
  std::vector<std::uint64_t> seeds(calls);
  std::iota(seeds.begin(), seeds.end(), 1);
  const auto compute = [steps](std::uint64_t seed) {
    return course::busywork(seed, steps);
  };

  std::vector<std::uint64_t> expected(calls);
  const double alone = seconds_of(
      [&] { std::transform(seeds.begin(), seeds.end(), expected.begin(), compute); });
  table.columns({"workers", "calls/s", "speed-up", "at best"});
  const auto count = static_cast<double>(calls);
  table.row({"none, a loop", course::number(count / alone), "1.0", "1.0"});
  const unsigned cores = course::usable_cores();
  for (unsigned workers = 1; workers <= 2 * cores; workers *= 2) {
    ParallelWorkers<std::vector<std::uint64_t>> team(workers);
    std::vector<std::uint64_t> results;
    const double seconds = seconds_of([&] { results = map(team, seeds, 1, compute); });
    expect(results == expected, "a call gave another result on a worker");
    table.row({std::to_string(workers), course::number(count / seconds),
               course::number(alone / seconds),
               course::number(std::min(workers, cores))});
  }
  say_if_one_core(table);
  table.look_at("the speed-up up to the number of cores, which is " +
                std::to_string(cores) + " here, and beyond it");
}

// --- F4: throughput against grain --------------------------------------------------------

// Lesson 1's hand-over: what one job costs that does nothing, from submit to result.
double hand_over_seconds(unsigned count) {
  constexpr std::size_t kJobs = 20'000;
  ParallelWorkers<std::uint64_t> workers(count);
  return seconds_of([&workers] {
           std::vector<std::future<std::uint64_t>> results;
           for (std::size_t job = 0; job < kJobs; ++job) {
             results.push_back(workers.submit([] { return std::uint64_t{1}; }));
           }
           for (auto& result : results) static_cast<void>(result.get());
         }) /
         kJobs;
}

// Turns x into factor * x + summand, modulo a prime.
struct Step {
  std::uint32_t factor;
  std::uint32_t summand;
  bool operator==(const Step&) const = default;
};

// What changes nothing.
constexpr Step stand{1, 0};

//> region then
// The one step that is `first` and then `second`: associative, and not commutative.
Step then(const Step& first, const Step& second) {
  constexpr std::uint64_t kPrime = 1'000'003;
  const std::uint64_t factor = std::uint64_t{first.factor} * second.factor;
  const std::uint64_t summand =
      std::uint64_t{first.summand} * second.factor + second.summand;
  return {static_cast<std::uint32_t>(factor % kPrime),
          static_cast<std::uint32_t>(summand % kPrime)};
}
//<

std::vector<Step> some_steps(std::size_t count) {
  std::vector<Step> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint32_t>(i % 1'000);
    all.push_back({number + 1, number});
  }
  return all;
}

// What is known before F4 is run.
struct Known {
  std::size_t elements;
  double hand_over;    // seconds, of one piece
  double per_element;  // seconds, in a loop
  unsigned cores;

  // The seconds for pieces of `grain`: the leader hands over one after the other, while each
  // core has its share of whole pieces.
  [[nodiscard]] double predicted(std::size_t grain) const {
    const std::size_t share = (pieces(grain) + cores - 1) / cores;
    const auto longest = static_cast<double>(std::min(share * grain, elements));
    return std::max(static_cast<double>(pieces(grain)) * hand_over,
                    longest * per_element);
  }

  [[nodiscard]] std::size_t pieces(std::size_t grain) const {
    return (elements + grain - 1) / grain;
  }

  // The grain below which handing over takes longer than the cores need for the work.
  [[nodiscard]] double finest() const { return hand_over * cores / per_element; }
  [[nodiscard]] double coarsest() const { return static_cast<double>(elements) / cores; }
};

std::string verdict_on(std::size_t grain, const Known& known) {
  const auto size = static_cast<double>(grain);
  if (size < known.finest()) return "too fine";
  return size > known.coarsest() ? "too coarse" : "right";
}

MEASURED("F4", "A million steps made one, in pieces of one grain", table) {
  const std::size_t elements = course::quick() ? 2'000 : 1'000'000;
  const std::vector<Step> steps = some_steps(elements);
  Step expected{};
  const double alone = seconds_of(
      [&] { expected = std::accumulate(steps.begin(), steps.end(), stand, then); });
  const auto count = static_cast<double>(elements);
  const unsigned cores = course::usable_cores();
  const Known known{elements, hand_over_seconds(cores), alone / count, cores};

  ParallelWorkers<Step> workers(cores);
  table.columns({"grain", "pieces", "steps/s", "speed-up", "predicted", "the grain is"});
  for (std::size_t grain = 1; grain <= elements; grain *= 10) {
    Step result{};
    const double seconds =
        seconds_of([&] { result = reduce(workers, steps, grain, stand, then); },
                   grain == 1 ? 3 : 25);
    expect(result == expected, "the pieces gave another step than a loop");
    table.row({std::to_string(grain), std::to_string(known.pieces(grain)),
               course::number(count / seconds), course::number(alone / seconds),
               course::number(alone / known.predicted(grain)), verdict_on(grain, known)});
  }
  table.verbatim(
      "  A loop combines " + course::number(count / alone) +
      " a second. One hand-over takes " + course::number(known.hand_over * 1e9) +
      " ns, as long as " + course::number(known.hand_over / known.per_element) +
      " steps.\n  Below a grain of " + course::number(known.finest()) +
      " the leader hands over more slowly than " +
      (cores == 1 ? "one core combines" : std::to_string(cores) + " cores combine") +
      ";\n  above " + course::number(known.coarsest()) +
      " there are fewer pieces than cores.\n" + (cores == 1 ? one_core : ""));
  table.look_at("where the speed-up rises, and where it falls: the lines above say why");
}

}  // namespace
