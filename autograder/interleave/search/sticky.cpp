#include "interleave/search/sticky.hpp"

#include "interleave/trace/counted.hpp"

namespace interleave {

std::size_t Sticky::choose(const Decision& decision) {
  if (decision.kind != DecisionKind::kThread) return side_.choose(decision, random_);
  const bool stays = decision.running_can_go_on && random_.below(100) >= percent_;
  if (stays) return 0;
  if (!decision.running_can_go_on) return any_thread(decision, random_);
  Decision others = decision;
  others.alternatives = decision.alternatives.subspan(1);
  return 1 + any_thread(others, random_);
}

std::string Sticky::coverage() const {
  return "random with " + std::to_string(percent_) +
         " % switches: " + counted(schedules_, "schedule");
}

std::string_view Sticky::name() const {
  return percent_ == 5 ? "sticky5" : percent_ == 20 ? "sticky20" : "sticky50";
}

}  // namespace interleave
