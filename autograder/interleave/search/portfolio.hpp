// "portfolio": all strategies in turn, since no one of them wins everywhere.
//
//   default   bounded0   bounded1   bounded2   then one schedule each, round and round:
//   |1|       |..5 %..|  |..10 %..| |..10 %..|   pct2  pct3  pct4  pos  sticky5  20  50
//                                              and before each of them one of:
//                                                reduced, up to 30 %
//
// Simple bugs fall to the first few schedules, whose pictures are also the plainest; what
// is left of the budget is spent evenly on the random strategies, beside the one that may
// prove that there is nothing to find. It ends early only when a member has proved that.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "interleave/search/strategy.hpp"

namespace interleave {

class Portfolio : public Strategy {
 public:
  explicit Portfolio(const StrategyOptions& options);

  void begin_schedule() override;
  std::size_t choose(const Decision& decision) override;
  void executed(const Operation& operation, bool wrote) override;
  [[nodiscard]] bool wants_operations() const override { return true; }
  void end_schedule(const ScheduleEnd& end) override;
  [[nodiscard]] bool finished() const override { return exhaustive(); }
  [[nodiscard]] bool exhaustive() const override { return proof_ != nullptr; }
  [[nodiscard]] std::string coverage() const override;
  [[nodiscard]] std::string_view name() const override;
  // The random strategies: all but the first few schedules, and the one that proves.
  [[nodiscard]] std::vector<Strategy*> parts() override;
  [[nodiscard]] Strategy& next_part() override;
  void end_elsewhere(const ScheduleEnd& end, std::uint64_t tally) override;
  [[nodiscard]] Reduced* tree() override;

 private:
  struct Member {
    std::unique_ptr<Strategy> strategy;
    std::uint64_t most = 0;  // schedules it may have
    std::uint64_t had = 0;
    [[nodiscard]] bool can_go_on() const { return had < most && !strategy->finished(); }
  };

  Member& next_member();
  void note_proof();

  std::vector<Member> opening_;   // one after the other
  std::vector<Member> rotation_;  // in turn
  std::vector<Member> proving_;   // between two of rotation_; has one member
  std::size_t opened_ = 0;        // members of opening_ that are done
  std::size_t turn_ = 0;
  Member* next_ = nullptr;  // whose schedule is the next; nullptr: not asked yet
  Member* current_ = nullptr;
  const Strategy* proof_ = nullptr;  // the member that left nothing out
};

}  // namespace interleave
