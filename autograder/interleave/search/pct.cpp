#include "interleave/search/pct.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

// Three bands: yielded < 0 < dropped at a change point < depth < drawn at random.
constexpr std::int64_t kDrawnAbove = std::int64_t{1} << 32;

std::int64_t draw_priority(Random& random) {
  return kDrawnAbove + static_cast<std::int64_t>(random.next() >> 2);
}

std::string rounded_up(double probability) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", std::ceil(probability * 100) / 100);
  return text;
}

}  // namespace

Pct::Pct(std::uint32_t depth, std::uint64_t seed) : depth_(depth), random_(seed) {}

void Pct::begin_schedule() {
  side_.begin_schedule(random_);
  for (Thread& thread : threads_) thread = Thread{};
  lowest_ = 0;
  point_ = 0;
  drawn_with_ = most_points_;
  changes_.clear();
  for (std::uint32_t change = 1; change < depth_ && drawn_with_ > 0; ++change) {
    changes_.push_back(random_.below(drawn_with_));
  }
}

void Pct::demote(Thread& thread) {
  thread.priority = --lowest_;
  thread.demoted = true;
}

// Gives newcomers their priority, and takes it from those who are about to yield.
void Pct::meet(const Decision& decision) {
  for (const Alternative& alternative : decision.alternatives) {
    if (alternative.thread >= threads_.size()) threads_.resize(alternative.thread + 1);
    Thread& thread = threads_[alternative.thread];
    if (!thread.arrived) thread = {draw_priority(random_), true, false};
    if (alternative.thread == decision.running) thread.demoted = false;
    const bool yields = alternative.pending.kind == OperationKind::kYield;
    if (alternative.reluctant && yields && !thread.demoted) demote(thread);
  }
}

std::size_t Pct::highest(const Decision& decision) const {
  std::size_t best = 0;
  for (std::size_t index = 1; index < decision.alternatives.size(); ++index) {
    if (threads_[decision.alternatives[index].thread].priority >
        threads_[decision.alternatives[best].thread].priority) {
      best = index;
    }
  }
  return best;
}

std::size_t Pct::choose(const Decision& decision) {
  if (decision.kind != DecisionKind::kThread) return side_.choose(decision, random_);
  meet(decision);
  for (std::size_t change = 0; change < changes_.size(); ++change) {
    if (changes_[change] != point_) continue;
    Thread& about_to_run = threads_[decision.alternatives[highest(decision)].thread];
    about_to_run.priority = static_cast<std::int64_t>(depth_ - change);
  }
  ++point_;
  const std::size_t chosen = highest(decision);
  const Alternative& winner = decision.alternatives[chosen];
  if (winner.reluctant && !threads_[winner.thread].demoted) {
    demote(threads_[winner.thread]);
  }
  return chosen;
}

void Pct::count_schedule(bool quiet) {
  ++schedules_;
  most_points_ = std::max(most_points_, point_);
  if (!quiet || point_ > drawn_with_) return;
  if (counted_.empty() || counted_.back().points != drawn_with_) {
    counted_.push_back({drawn_with_, 0});
  }
  ++counted_.back().schedules;
}

void Pct::end_schedule(const ScheduleEnd&) { count_schedule(side_.quiet()); }

// The mood, the threads that it met and its decisions about threads.
std::uint64_t Pct::tally() const {
  return point_ << 32 | std::uint64_t{threads_.size()} << 1 | (side_.quiet() ? 1 : 0);
}

void Pct::end_elsewhere(const ScheduleEnd&, std::uint64_t tally) {
  point_ = tally >> 32;
  const auto met = static_cast<std::size_t>((tally & 0xffffffffU) >> 1);
  if (met > threads_.size()) threads_.resize(met);
  count_schedule((tally & 1U) != 0);
}

double Pct::missed() const {
  if (counted_.empty() || counted_.back().points != most_points_) return 1;
  const auto threads = static_cast<double>(threads_.size());
  const auto points = static_cast<double>(std::max<std::uint64_t>(most_points_, 1));
  const double shown = 1 / (threads * std::pow(points, depth_ - 1));
  return std::pow(1 - shown, static_cast<double>(counted_.back().schedules));
}

std::string Pct::coverage() const {
  return "PCT depth " + std::to_string(depth_) + ": " + counted(schedules_, "schedule") +
         "; a bug of depth " + std::to_string(depth_) +
         " is missed with probability at most " + rounded_up(missed());
}

std::string_view Pct::name() const {
  return depth_ == 2 ? "pct2" : depth_ == 3 ? "pct3" : "pct4";
}

}  // namespace interleave
