#include "gate/contest.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "machine/median.hpp"

namespace course::gate {
namespace {

constexpr double wanted_seconds = 0.010;
constexpr double times_the_reference = 4;  // then a run is stopped

// How much longer a process may last, beyond the work it reports, than the reference's.
// A clock slowed until half the speed looks like enough of it (0.70) hides 0.6 of the
// reference's time; starting a process differs by less than 2 ms once the best run counts.
constexpr double hidden_share = 0.3;
constexpr double hidden_seconds = 0.002;

}  // namespace

void Remainders::add(const Remainders& others) {
  student = std::min(student, others.student);
  reference = std::min(reference, others.reference);
  reference_work = std::min(reference_work, others.reference_work);
}

bool Remainders::complete() const {
  return !std::isinf(student) && !std::isinf(reference);
}

bool Remainders::clock_is_off() const {
  return student - reference > std::max(hidden_seconds, hidden_share * reference_work);
}

Contest::Contest(const Gate& gate, Contestant student, Contestant reference,
                 Runner runner, Random random)
    : gate_(gate),
      student_(std::move(student)),
      reference_(std::move(reference)),
      runner_(std::move(runner)),
      random_(std::move(random)) {}

Measurement Contest::run(Side side, unsigned threads, const std::string& benchmark) {
  const Contestant& contestant = side == Side::student ? student_ : reference_;
  Run run;
  run.program = contestant.program;
  run.benchmark = benchmark;
  run.iterations = iterations_;
  run.threads = threads;
  run.twice = contestant.twice;
  run.seed = random_();
  run.seconds_allowed = seconds_allowed_;
  Measurement measurement = runner_(run);
  seconds_ += measurement.our_clock;
  const bool goes_on =
      measurement.end == End::measured || measurement.end == End::stopped;
  if (!goes_on) throw Broke(side, std::move(measurement));
  return measurement;
}

// Four times what the reference's runs typically took, for the runs to come. Where they were
// stopped themselves it grows, so that a machine turned slow is followed.
void Contest::limit_after(const std::vector<double>& reference_runs) {
  constexpr double at_least = 0.020;
  constexpr double at_most = 5;
  seconds_allowed_ = std::clamp(times_the_reference * machine::median(reference_runs),
                                at_least, at_most);
}

double Contest::best_of_three() {
  seconds_allowed_ = 60;
  double best = std::numeric_limits<double>::infinity();
  std::vector<double> reference_runs;
  for (int i = 0; i < 3; ++i) {
    const Measurement measurement = run(Side::reference, gate_.threads, gate_.name);
    if (measurement.end == End::stopped) throw Broke(Side::reference, measurement);
    best = std::min(best, measurement.seconds);
    reference_runs.push_back(measurement.our_clock);
  }
  limit_after(reference_runs);
  return best;
}

void Contest::calibrate() {
  constexpr double greatest_step = 50;
  constexpr int attempts = 40;
  for (int i = 0; i < attempts; ++i) {
    const double seconds = best_of_three();
    if (seconds >= 0.8 * wanted_seconds) return;
    const double step = std::clamp(wanted_seconds / seconds, 1.2, greatest_step);
    iterations_ =
        static_cast<std::uint64_t>(std::ceil(static_cast<double>(iterations_) * step));
  }
  Measurement measurement;
  measurement.words = "more iterations do not take it more time";
  throw Broke(Side::reference, measurement);
}

void Contest::try_student() {
  for (const Cell& cell : cells()) {
    if (cell.side == Side::student)
      (void)run(Side::student, cell.threads, cell.benchmark);
  }
}

void Contest::run_student(std::uint64_t iterations, Unreported& least) {
  const std::uint64_t iterations_before = std::exchange(iterations_, iterations);
  const double limit_before = std::exchange(seconds_allowed_, 2.0);
  const Measurement measurement = run(Side::student, gate_.threads, gate_.name);
  iterations_ = iterations_before;
  seconds_allowed_ = limit_before;
  if (measurement.end == End::stopped) return;
  least.reported = std::min(least.reported, measurement.seconds);
  least.beyond_it =
      std::min(least.beyond_it, measurement.our_clock - measurement.seconds);
}

// Both sizes in turn, so that a machine that changes meanwhile changes both. What stalls the
// measured work is in both clocks and cancels.
std::optional<bool> Contest::student_clock_runs_slow() {
  Unreported little;
  Unreported much;
  for (int i = 0; i < 8; ++i) {
    run_student(iterations_, little);
    run_student(3 * iterations_, much);
  }
  if (std::isinf(little.reported) || std::isinf(much.reported)) return std::nullopt;
  const double growth = much.beyond_it - little.beyond_it;
  const double work = much.reported - little.reported;
  return growth > std::max(hidden_seconds, hidden_share * work);
}

std::vector<Contest::Cell> Contest::cells() const {
  const auto both = [](unsigned threads, const std::string& benchmark, bool is_base) {
    return std::vector<Cell>{{Side::student, threads, benchmark, is_base},
                             {Side::reference, threads, benchmark, is_base}};
  };
  if (gate_.kind == Kind::ratio) return both(gate_.threads, gate_.name, false);
  const bool scales = gate_.kind == Kind::scaling;
  std::vector<Cell> all = both(gate_.threads, scales ? gate_.name : gate_.over, true);
  for (Cell& cell : both((scales ? 2 : 1) * gate_.threads, gate_.name, false)) {
    all.push_back(std::move(cell));
  }
  return all;
}

std::vector<std::size_t> Contest::shuffled_rounds() {
  std::vector<std::size_t> order;
  for (int round = 0; round < 3; ++round) {
    std::array<std::size_t, 4> cells = {0, 1, 2, 3};
    for (std::size_t i = cells.size() - 1; i > 0; --i) {
      std::swap(cells[i], cells[random_() % (i + 1)]);
    }
    order.insert(order.end(), cells.begin(), cells.end());
  }
  return order;
}

std::vector<std::size_t> Contest::order() {
  if (gate_.kind != Kind::ratio) return shuffled_rounds();
  const std::size_t first = random_() & 1;
  const std::size_t second = 1 - first;
  return {first, second, second, first, first, second, second, first};
}

Block Contest::next() {
  std::vector<Cell> block = cells();
  std::vector<double> reference_runs;
  for (const std::size_t index : order()) {
    Cell& cell = block[index];
    const Measurement measurement = run(cell.side, cell.threads, cell.benchmark);
    if (cell.side == Side::reference) reference_runs.push_back(measurement.our_clock);
    if (measurement.end == End::stopped) continue;
    cell.best_seconds = std::min(cell.best_seconds, measurement.seconds);
    cell.best_remainder =
        std::min(cell.best_remainder, measurement.our_clock - measurement.seconds);
  }
  limit_after(reference_runs);
  return compare(block);
}

Remainders Contest::remainders_of(const std::vector<Cell>& cells) {
  Remainders remainders;
  for (const Cell& cell : cells) {
    if (cell.side == Side::student) {
      remainders.add({.student = cell.best_remainder});
    } else {
      remainders.add(
          {.reference = cell.best_remainder, .reference_work = cell.best_seconds});
    }
  }
  return remainders;
}

Block Contest::compare(const std::vector<Cell>& cells) const {
  bool stopped[2] = {false, false};
  double score[2] = {0, 0};  // ln of the speed, or of the gain
  for (const Cell& cell : cells) {
    const auto side = static_cast<std::size_t>(cell.side);
    stopped[side] = stopped[side] || std::isinf(cell.best_seconds);
    score[side] += (cell.is_base ? 1 : -1) * std::log(cell.best_seconds);
  }
  const auto student = static_cast<std::size_t>(Side::student);
  const auto reference = static_cast<std::size_t>(Side::reference);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Block block;
  if (stopped[student] && !stopped[reference]) block.d = -infinity;
  if (!stopped[student] && stopped[reference]) block.d = infinity;
  if (!stopped[student] && !stopped[reference])
    block.d = score[student] - score[reference];
  block.remainders = remainders_of(cells);
  if (gate_.kind == Kind::ratio) return block;
  if (!stopped[student]) block.student_gain = std::exp(score[student]);
  if (!stopped[reference]) block.reference_gain = std::exp(score[reference]);
  return block;
}

}  // namespace course::gate
