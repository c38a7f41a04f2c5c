// The public interface, where the runtime is linked in.
#include <algorithm>
#include <vector>

#include "interleave/interleave.hpp"
#include "interleave/report/report.hpp"
#include "interleave/results.hpp"
#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/engine.hpp"
#include "interleave/runtime/exploration.hpp"
#include "interleave/runtime/program_costs.hpp"
#include "interleave/runtime/settings.hpp"

namespace interleave {
namespace {

struct MeasuredCost {
  std::string operation;
  std::uint64_t repetitions;
  Counts counts;
  std::array<WorkPlace, kKindsOfWork> places;
};

bool costs_wanted = false;

std::vector<MeasuredCost>& measured_costs() {
  static std::vector<MeasuredCost> costs;
  return costs;
}

Counts difference(const Counts& now, const Counts& start) {
  return {now.atomics - start.atomics,   now.updates - start.updates,
          now.locks - start.locks,       now.allocations - start.allocations,
          now.wake_ups - start.wake_ups, now.spins - start.spins};
}

std::string per_operation(std::uint64_t count, std::uint64_t repetitions) {
  return std::to_string(static_cast<double>(count) / static_cast<double>(repetitions));
}

// {"locks":{"file":"…/ledger.hpp","line":41}, …}: of the work that was done, where last.
std::string places_of(const MeasuredCost& cost) {
  const Counts& counts = cost.counts;
  const std::array<std::pair<const char*, std::uint64_t>, kKindsOfWork> done{
      {{"atomics", counts.atomics},
       {"read-modify-writes", counts.updates},
       {"locks", counts.locks},
       {"allocations", counts.allocations},
       {"wake-ups", counts.wake_ups},
       {"spins", counts.spins}}};
  std::string json;
  for (std::size_t work = 0; work < kKindsOfWork; ++work) {
    if (done[work].second == 0) continue;
    const WorkPlace& stack = cost.places[work];
    const Frame frame =
        frame_in_program({stack.begin(), std::find(stack.begin(), stack.end(), 0)});
    if (frame.file.empty()) continue;
    json += std::string(json.empty() ? "" : ",") + "\"" + done[work].first +
            "\":{\"file\":" + json_string(frame.file) +
            ",\"line\":" + std::to_string(frame.line) + "}";
  }
  return "{" + json + "}";
}

std::string record_of(const MeasuredCost& cost, const std::string& test) {
  const std::uint64_t n = cost.repetitions;
  return "{\"record\":\"cost\",\"test\":" + json_string(test) +
         ",\"operation\":" + json_string(cost.operation) +
         ",\"counts\":{\"atomics\":" + per_operation(cost.counts.atomics, n) +
         ",\"read-modify-writes\":" + per_operation(cost.counts.updates, n) +
         ",\"locks\":" + per_operation(cost.counts.locks, n) +
         ",\"allocations\":" + per_operation(cost.counts.allocations, n) +
         ",\"wake-ups\":" + per_operation(cost.counts.wake_ups, n) +
         ",\"spins\":" + per_operation(cost.counts.spins, n) +
         "},\"places\":" + places_of(cost) + "}";
}

Result explore_or_replay(Exploration& exploration) {
  if (const auto token = token_to_replay()) return exploration.replay(*token);
  return exploration.run();
}

}  // namespace

// -- Exploring --------------------------------------------------------------------------

Result find_failure(const std::function<void()>& body, const Options& options) {
  engine().program_stack_ends_at(__builtin_frame_address(0));
  Exploration exploration(body, options, nullptr);
  return explore_or_replay(exploration);
}

Result explore(const std::function<void()>& body, const Options& options) {
  Result result = find_failure(body, options);
  if (!result.clean()) throw FailureFound(std::move(result));
  return result;
}

Outcomes outcomes_of_text(const std::function<std::string()>& body,
                          const Options& options) {
  engine().program_stack_ends_at(__builtin_frame_address(0));
  std::string outcome;
  const std::function<void()> wrapped = [&] {
    const std::string returned = body();
    const RuntimeScope scope(
        *body_thread());  // the copy is the explorer's, not the body's
    outcome.assign(returned);
  };
  Exploration exploration(wrapped, options, &outcome);
  Result result = explore_or_replay(exploration);
  if (!result.clean()) throw FailureFound(std::move(result));
  Outcomes outcomes;
  outcomes.seen = exploration.outcomes();
  outcomes.coverage = result.coverage;
  outcomes.schedules = result.schedules;
  outcomes.executions = result.executions;
  outcomes.exhaustive = result.exhaustive;
  return outcomes;
}

bool explores_schedules() { return true; }

// -- In a body --------------------------------------------------------------------------

void check(bool holds, std::string_view message, Location where) {
  if (holds) return;
  Thread* self = body_thread();
  if (self == nullptr) throw std::logic_error("interleave::check outside a body");
  self->in_runtime = true;
  Failure failure;
  failure.kind = FailureKind::kCheck;
  failure.thread = self->id;
  failure.pc = reinterpret_cast<ProgramCounter>(__builtin_return_address(0));
  failure.file = where.file;
  failure.line = where.line;
  failure.message = message.empty() ? "a check does not hold" : std::string(message);
  tracer().remark(*self,
                  {.thread = self->id, .kind = OperationKind::kCheck, .pc = failure.pc});
  failure.step = tracer().step();
  engine().fail(std::move(failure));
}

void name_thread(std::string_view name) {
  Thread* self = body_thread();
  if (self == nullptr) return;
  const RuntimeScope scope(*self);
  self->name.assign(name);
}

Cost::Cost(std::string_view operation, std::uint64_t repetitions)
    : operation_(operation), repetitions_(repetitions) {
  if (const Thread* self = body_thread()) start_ = self->counts;
}

Counts Cost::counts() const {
  const Thread* self = body_thread();
  return self == nullptr ? Counts{} : difference(self->counts, start_);
}

Cost::~Cost() {
  Thread* self = body_thread();
  if (self == nullptr || !costs_wanted) return;
  const Counts total = counts();
  const RuntimeScope scope(*self);
  measured_costs().push_back(
      {std::string(operation_), repetitions_, total, self->work_places});
}

void keep_costs(bool wanted) {
  costs_wanted = wanted;
  if (wanted) measured_costs().clear();
}

void note_work(Thread& self, Work work, ProgramCounter pc) {
  if (!costs_wanted) return;
  WorkPlace& place = self.work_places[static_cast<std::size_t>(work)];
  place = {pc, call_site_of(pc)};
  std::size_t at = place[1] == 0 ? 1 : 2;
  for (auto call = self.calls.rbegin(); call != self.calls.rend() && at < place.size();) {
    place[at++] = *call++;
  }
}

void publish_costs(const std::string& test) {
  for (const MeasuredCost& cost : measured_costs()) publish(record_of(cost, test));
  measured_costs().clear();
}

}  // namespace interleave
