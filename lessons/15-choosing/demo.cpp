// Lesson 15's experiments: every model of the course, with one workload.
#include "course/demo.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../07-actors/resident_memory.hpp"
#include "../14-byte-messages/child.hpp"
#include "choosing.hpp"
#include "course/source_file.hpp"
#include "interleave/interleave.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t seed = 15;
constexpr std::uint32_t symbols = 64;

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

// As many as there are cores, two at least: models are compared at more than one.
std::size_t threads() { return std::max(2u, course::usable_cores()); }

// --- C1: speed, memory, lines ------------------------------------------------------------------

// Orders per second, and whether the output is the expected one. Trades that could not come of
// these orders in any way end the experiment.
struct Run {
  double speed = 0;
  bool as_expected = false;
};

Run run(const Model& model, const Input& input, std::uint64_t expected) {
  Pace pace;
  const auto start = Clock::now();
  const std::vector<Trades> trades = model.run(input, pace);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const Trades seen = observed(trades);
  expect(is_sound(input.stream, seen), std::string(model.name) + ": impossible trades");
  return {static_cast<double>(input.stream.size()) / seconds, hash_of(seen) == expected};
}

// The most bytes that this process had in main memory so far.
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return 1024 * kib;
  }
  throw std::runtime_error("the system does not say how much memory a process has used");
}

// What `model` adds at most to the memory of a process that has the input already: one of its own.
double bytes_of(const Model& model, const Input& input) {
  std::array<int, 2> ends{};
  expect(::pipe(ends.data()) == 0, "no pipe");
  Child child([&] {
    const double before = resident_bytes();
    Pace pace;
    const std::vector<Trades> trades = model.run(input, pace);
    const double added = std::max(0.0, peak_bytes() - before);
    expect(::write(ends[1], &added, sizeof added) == sizeof added, "no answer");
  });
  ::close(ends[1]);
  double bytes = 0;
  const bool answered = ::read(ends[0], &bytes, sizeof bytes) == sizeof bytes;
  ::close(ends[0]);
  expect(child.ends(std::chrono::seconds(60)) == 0 && answered,
         std::string(model.name) + ": its process failed");
  return bytes;
}

// Lines of code between `//> region NAME` and `//<` in choosing.hpp: no comments, no empty ones.
int lines_of(const std::string& region) {
  std::ifstream source(course::source_file().replace_filename("choosing.hpp"));
  expect(source.good(), "the models' source cannot be read");
  int lines = 0;
  bool inside = false;
  for (std::string line; std::getline(source, line);) {
    if (line == "//<") inside = false;
    if (inside && !line.empty() && !line.starts_with("//")) ++lines;
    if (line == "//> region " + region) inside = true;
  }
  expect(lines > 0, "a region of choosing.hpp is gone");
  return lines;
}

// The middle run of several by speed; and how many of them had the expected output.
struct Typical {
  double speed = 0;
  int as_expected = 0;
  int runs = 0;
};

Typical typical(const Model& model, const Input& input, std::uint64_t expected) {
  std::array<double, 9> speeds{};
  Typical all;
  for (double& speed : speeds) {
    const Run one = run(model, input, expected);
    speed = one.speed;
    all.as_expected += one.as_expected ? 1 : 0;
    ++all.runs;
  }
  std::sort(speeds.begin(), speeds.end());
  all.speed = speeds[speeds.size() / 2];
  return all;
}

// The speed of a loop without a thread.
Typical one_thread(const Orders& orders, std::uint64_t expected) {
  static const auto loop = [](const Input& input, Pace&) {
    std::vector<Trades> trades(1);
    std::vector<OrderBook> books(input.symbols);
    for (const Order& order : input.stream) books[order.symbol].execute(order, trades[0]);
    return trades;
  };
  return typical({"one thread", "", loop}, Input(orders, symbols, 1), expected);
}

MEASURED("C1", "The same orders by every model: speed, output, memory, lines", table) {
  const Orders orders = recorded_stream(seed, course::quick() ? 2'000 : 200'000, symbols);
  const std::uint64_t expected = hash_of(sequential(orders, symbols));
  const Input input(orders, symbols, threads());
  std::vector<double> bytes;
  for (const Model& model : models()) bytes.push_back(bytes_of(model, input));
  table.columns({"model", "orders/s", "/ locked pool", "/ one thread", "expected output",
                 "memory, MiB", "lines"});
  const double alone = one_thread(orders, expected).speed;
  double pool = 0;
  for (std::size_t i = 0; i < models().size(); ++i) {
    const Model& model = models()[i];
    const Typical all = typical(model, input, expected);
    if (i == 0) pool = all.speed;
    table.row({model.name, course::number(all.speed), course::number(all.speed / pool),
               course::number(all.speed / alone),
               std::to_string(all.as_expected) + " of " + std::to_string(all.runs),
               course::number(bytes[i] / (1 << 20)),
               std::to_string(lines_of(model.region))});
  }
  table.verbatim("  One thread, in a loop: " + course::number(alone) + " orders/s. " +
                 std::to_string(threads()) +
                 " threads match in every other model but the " +
                 "line, where one does.");
  table.look_at(
      "the fourth and fifth columns: which models are faster than a loop, and which of "
      "them "
      "give the expected output every time");
}

// --- C2: latency ---------------------------------------------------------------------------------

// `share` of all are at most so late, in microseconds.
std::string microseconds(const std::vector<std::chrono::nanoseconds>& sorted,
                         double share) {
  const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  const auto late = sorted[std::min(place, sorted.size() - 1)];
  return course::number(static_cast<double>(late.count()) / 1000);
}

MEASURED("C2", "From the time at which an order is due to its trades, in microseconds",
         table) {
  const std::size_t count = course::quick() ? 500 : 100'000;
  const auto interval = std::chrono::nanoseconds(10'000);
  const Orders orders = recorded_stream(seed, count, symbols);
  const std::uint64_t expected = hash_of(sequential(orders, symbols));
  const Input input(orders, symbols, threads());
  table.columns({"model", "p50", "p99", "p99.9", "maximum", "expected output"});
  for (const Model& model : models()) {
    Pace pace(orders.size(), Clock::now() + std::chrono::milliseconds(5), interval);
    const Trades seen = observed(model.run(input, pace));
    expect(is_sound(orders, seen), std::string(model.name) + ": impossible trades");
    std::vector<std::chrono::nanoseconds> late = pace.late_by();
    std::sort(late.begin(), late.end());
    table.row({model.name, microseconds(late, 0.5), microseconds(late, 0.99),
               microseconds(late, 0.999), microseconds(late, 1),
               hash_of(seen) == expected ? "yes" : "no"});
  }
  table.verbatim(
      "  " + course::count(static_cast<std::int64_t>(count)) +
      " orders, one due every 10 microseconds whether or not the last was done.");
  table.look_at(
      "the first column of numbers against the last: hand-overs move the middle, and "
      "what "
      "the system does to a thread moves the end");
}

// --- C3: the outcomes that can be reached ----------------------------------------------------------

interleave::Options thoroughly() {
  interleave::Options options;
  options.schedules = course::quick() ? 300 : 20'000;
  options.seconds = 4;
  return options;
}

// Three orders of one symbol. Which two of them trade, and at what price, depends on the order in
// which they come to the book.
Orders three_orders() {
  return {{0, 0, 0, false, 100, 10}, {1, 0, 1, true, 101, 10}, {2, 0, 2, true, 102, 10}};
}

std::string in_words(const Trades& trades) {
  std::string words;
  for (const Trade& trade : trades) {
    words += (words.empty() ? "" : ", ") + std::to_string(trade.buyer) + " buys at " +
             std::to_string(trade.price);
  }
  return words;
}

void add_outcomes(course::Table& table, const std::string& name, const Model& model,
                  const Input& input) {
  const auto found = interleave::outcomes(
      [&] {
        Pace pace;
        return in_words(observed(model.run(input, pace)));
      },
      thoroughly());
  std::string which;
  for (const auto& entry : found.seen) which += (which.empty() ? "" : "; ") + entry.first;
  table.row({name, std::to_string(found.seen.size()), which,
             found.exhaustive ? "yes" : "not shown"});
}

EXPLORED("C3", "Three orders of one symbol: the outcomes that each model can reach",
         table) {
  const Input input(three_orders(), 1, 2);
  table.columns({"model", "outcomes", "which", "is that everything?"});
  for (const Model& model : models()) add_outcomes(table, model.name, model, input);
  table.verbatim("  One after the other, as in the stream: " +
                 in_words(sequential(three_orders(), 1)) + ".");
  table.look_at(
      "the second column: where two threads may take the orders of one symbol there are "
      "several, and no lock, version or retry makes them one");
}

EXPLORED("C3b", "The same, with the orders dealt the other way", table) {
  Input other(three_orders(), 1, 2);
  std::swap(other.as_dealt, other.of_symbols);
  table.columns({"model", "outcomes", "which", "is that everything?"});
  for (const Model& model : models()) {
    const std::string name = model.name;
    if (name == "locked pool" || name == "snapshots" || name == "stateless") {
      add_outcomes(table, name + ", dealt by symbol", model, other);
    }
    if (name == "actors") add_outcomes(table, name + ", dealt like cards", model, other);
  }
  table.look_at(
      "the second column: it is the way from an order to its book that decides, not what "
      "guards the book");
}

}  // namespace
