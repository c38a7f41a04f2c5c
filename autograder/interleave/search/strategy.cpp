#include "interleave/search/strategy.hpp"

#include "interleave/search/default_schedule.hpp"
#include "interleave/search/depth_first.hpp"
#include "interleave/search/pct.hpp"
#include "interleave/search/portfolio.hpp"
#include "interleave/search/pos.hpp"
#include "interleave/search/reduced.hpp"
#include "interleave/search/sticky.hpp"

namespace interleave {

void Strategy::executed(const Operation&, bool) {}

void Strategy::end_elsewhere(const ScheduleEnd& end, std::uint64_t) { end_schedule(end); }

std::unique_ptr<Strategy> make_strategy(std::string_view name,
                                        const StrategyOptions& options) {
  if (name == "default") return std::make_unique<DefaultSchedule>();
  if (name == "bounded0") return std::make_unique<DepthFirst>(0);
  if (name == "bounded1") return std::make_unique<DepthFirst>(1);
  if (name == "bounded2") return std::make_unique<DepthFirst>(2);
  if (name == "exhaustive") return std::make_unique<DepthFirst>(DepthFirst::kUnbounded);
  if (name == "pct2") return std::make_unique<Pct>(2, options.seed);
  if (name == "pct3") return std::make_unique<Pct>(3, options.seed);
  if (name == "pct4") return std::make_unique<Pct>(4, options.seed);
  if (name == "pos") return std::make_unique<Pos>(options.seed);
  if (name == "sticky5") return std::make_unique<Sticky>(5, options.seed);
  if (name == "sticky20") return std::make_unique<Sticky>(20, options.seed);
  if (name == "sticky50") return std::make_unique<Sticky>(50, options.seed);
  if (name == "reduced") return std::make_unique<Reduced>();
  if (name == "portfolio") return std::make_unique<Portfolio>(options);
  return nullptr;
}

}  // namespace interleave
