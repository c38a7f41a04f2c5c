#include "interleave/search/portfolio.hpp"

#include <algorithm>
#include <utility>

namespace interleave {

Portfolio::Portfolio(const StrategyOptions& options) {
  const auto add = [&options](std::vector<Member>& members, std::string_view name,
                              std::uint64_t most) {
    // Each member draws from its own seed, or all would draw the same.
    StrategyOptions own = options;
    own.seed = options.seed * 31 + members.size();
    members.push_back({make_strategy(name, own), std::max<std::uint64_t>(most, 1), 0});
  };
  add(opening_, "default", 1);
  add(opening_, "bounded0", options.schedules / 20);
  add(opening_, "bounded1", options.schedules / 10);
  add(opening_, "bounded2", options.schedules / 10);
  for (const std::string_view name :
       {"pct2", "pct3", "pct4", "pos", "sticky5", "sticky20", "sticky50"}) {
    add(rotation_, name, ~std::uint64_t{0});
  }
  add(proving_, "reduced", options.schedules * 3 / 10);
}

Portfolio::Member& Portfolio::next_member() {
  while (opened_ < opening_.size() && !opening_[opened_].can_go_on()) ++opened_;
  if (opened_ < opening_.size()) return opening_[opened_];
  const std::size_t turn = turn_++;
  if (turn % 2 == 0 && proving_[0].can_go_on()) return proving_[0];
  return rotation_[turn / 2 % rotation_.size()];
}

std::vector<Strategy*> Portfolio::parts() {
  std::vector<Strategy*> parts;
  for (const Member& member : rotation_) parts.push_back(member.strategy.get());
  return parts;
}

Strategy& Portfolio::next_part() {
  if (next_ == nullptr) next_ = &next_member();
  return *next_->strategy;
}

void Portfolio::begin_schedule() {
  static_cast<void>(next_part());
  current_ = std::exchange(next_, nullptr);
  ++current_->had;
  current_->strategy->begin_schedule();
}

std::size_t Portfolio::choose(const Decision& decision) {
  return current_->strategy->choose(decision);
}

void Portfolio::executed(const Operation& operation, bool wrote) {
  if (current_->strategy->wants_operations()) {
    current_->strategy->executed(operation, wrote);
  }
}

void Portfolio::end_schedule(const ScheduleEnd& end) {
  current_->strategy->end_schedule(end);
  note_proof();
}

void Portfolio::end_elsewhere(const ScheduleEnd& end, std::uint64_t tally) {
  current_->strategy->end_elsewhere(end, tally);
  note_proof();
}

void Portfolio::note_proof() {
  if (current_->strategy->exhaustive()) proof_ = current_->strategy.get();
}

Reduced* Portfolio::tree() {
  return proving_[0].can_go_on() ? proving_[0].strategy->tree() : nullptr;
}

std::string Portfolio::coverage() const {
  if (proof_ != nullptr) return proof_->coverage();
  std::string text;
  for (const std::vector<Member>* members : {&opening_, &proving_, &rotation_}) {
    for (const Member& member : *members) {
      if (member.had == 0) continue;
      text += (text.empty() ? "" : "; ") + member.strategy->coverage();
    }
  }
  return text;
}

std::string_view Portfolio::name() const {
  return current_ == nullptr ? "portfolio" : current_->strategy->name();
}

}  // namespace interleave
