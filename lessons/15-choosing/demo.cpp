// Lesson 15's experiments: every model of the course, with one workload.
#include "course/demo.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
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

// --- C1: speed, memory, lines ------------------------------------------------------------

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

// The fastest of several runs, so that a neighbour's noise is nobody's; and how many of all of
// them had the expected output.
struct Best {
  double speed = 0;
  int as_expected = 0;
  int runs = 0;
};

// The models take turns, so that a neighbour who comes meanwhile disturbs all of them.
std::vector<Best> best_of_nine(const Input& input, std::uint64_t expected) {
  std::vector<Best> all(models().size());
  for (int round = 0; round < 9; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Run one = run(models()[i], input, expected);
      all[i].speed = std::max(all[i].speed, one.speed);
      all[i].as_expected += one.as_expected ? 1 : 0;
      ++all[i].runs;
    }
  }
  return all;
}

// A row for each model: its speed beside one lock and one thread, and its output.
void compare(
    course::Table& table, std::size_t count, std::int32_t check,
    const std::vector<std::string>& more_columns,
    const std::function<std::vector<std::string>(const Model&, const Input&)>& more) {
  const Orders orders = recorded_stream(seed, count, symbols, check);
  const std::uint64_t expected = hash_of(sequential(orders, symbols));
  const Input input(orders, symbols, threads());
  std::vector<std::vector<std::string>> others;
  for (const Model& model : models()) others.push_back(more(model, input));
  const std::vector<Best> all = best_of_nine(input, expected);
  std::vector<std::string> columns = {"model", "orders/s", "/ one thread",
                                      "/ locked pool", "expected output"};
  columns.insert(columns.end(), more_columns.begin(), more_columns.end());
  table.columns(columns);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<std::string> row = {
        models()[i].name, course::number(all[i].speed),
        course::number(all[i].speed / all[0].speed),
        course::number(all[i].speed / all[1].speed),
        std::to_string(all[i].as_expected) + " of " + std::to_string(all[i].runs)};
    row.insert(row.end(), others[i].begin(), others[i].end());
    table.row(row);
  }
  table.verbatim("  Orders/s are those of the fastest of nine runs, with " +
                 std::to_string(threads()) +
                 " threads that match; in the line it is one.");
  if (course::usable_cores() < 2) {
    table.verbatim(
        "  One core here: threads take turns, and no second core gains anything.");
  }
}

MEASURED("C1", "The same orders by every model: speed, output, memory, lines", table) {
  const std::size_t count = course::quick() ? 2'000 : 200'000;
  compare(table, count, 0, {"memory, MiB", "lines"},
          [](const Model& model, const Input& input) {
            return std::vector<std::string>{
                course::number(bytes_of(model, input) / (1 << 20)),
                std::to_string(lines_of(model.region))};
          });
  table.verbatim(
      "  Memory is the most that a process adds to its input, the trades included.");
  table.look_at(
      "the third column: an order costs some tens of nanoseconds, and to hand it over "
      "costs "
      "more");
}

MEASURED("C1b", "The same with orders that cost more than to hand them over", table) {
  const std::size_t count = course::quick() ? 500 : 5'000;
  compare(table, count, 1'000, {},
          [](const Model&, const Input&) { return std::vector<std::string>(); });
  table.look_at(
      "the third and fifth columns: which models are faster than a loop now, and which "
      "of "
      "those give the expected output every time");
}

// --- C2: latency -------------------------------------------------------------------------

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

// --- C3: the outcomes that can be reached ------------------------------------------------

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
    if (!model.one_way) add_outcomes(table, name + ", dealt by symbol", model, other);
    if (name == "actors") add_outcomes(table, name + ", dealt like cards", model, other);
  }
  table.look_at(
      "the second column: it is the way from an order to its book that decides, not what "
      "guards the book");
}

}  // namespace
