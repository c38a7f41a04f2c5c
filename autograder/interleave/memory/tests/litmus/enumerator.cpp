#include "interleave/memory/tests/litmus/enumerator.hpp"

#include <set>
#include <utility>

namespace litmus {
namespace {

using interleave::Committed;
using interleave::MemoryModel;
using interleave::Site;
using interleave::Value;

constexpr interleave::Address kMemory = 0x1000;
constexpr std::uint8_t kSize = 4;

// Depth-first over all sequences of decisions.
class Script {
 public:
  void rewind() { next_ = 0; }

  std::size_t decide(std::size_t alternatives) {
    if (next_ == decisions_.size()) decisions_.push_back({0, alternatives});
    return decisions_[next_++].taken;
  }

  // Whether everything decided so far was decided before, in the run before this.
  [[nodiscard]] bool repeats() const { return next_ < decisions_.size(); }

  // The next script, or false: all were run.
  bool advance() {
    while (!decisions_.empty() &&
           decisions_.back().taken + 1 == decisions_.back().alternatives) {
      decisions_.pop_back();
    }
    if (decisions_.empty()) return false;
    ++decisions_.back().taken;
    return true;
  }

 private:
  struct Decided {
    std::size_t taken;
    std::size_t alternatives;
  };
  std::vector<Decided> decisions_;
  std::size_t next_ = 0;
};

class Run {
 public:
  Run(const Program& program, MemoryModel& model, Script& script)
      : program_(program), model_(model), script_(script), memory_(kPlaces) {
    model_.begin_execution();
    for (const Code& code : program.threads) {
      registers_.emplace_back(code.size(), kUnread);
      positions_.push_back(0);
      model_.thread_created(0, static_cast<interleave::ThreadId>(positions_.size()));
    }
  }

  // Performs one instruction of one thread; false if there is none left.
  bool step() {
    std::vector<std::size_t> runnable;
    for (std::size_t thread = 0; thread < positions_.size(); ++thread) {
      if (positions_[thread] < program_.threads[thread].size())
        runnable.push_back(thread);
    }
    if (runnable.empty()) return false;
    perform(runnable[script_.decide(runnable.size())]);
    return true;
  }

  [[nodiscard]] bool race() const { return race_; }
  [[nodiscard]] std::string result() const { return outcome(registers_, memory_); }
  [[nodiscard]] const std::vector<std::size_t>& positions() const { return positions_; }

 private:
  void perform(std::size_t thread) {
    const std::size_t number = positions_[thread]++;
    const Instruction& instruction = program_.threads[thread][number];
    if (!is_done(instruction, registers_[thread])) return;
    site_.thread = static_cast<interleave::ThreadId>(thread + 1);
    ++site_.step;
    const std::uint64_t read = act(instruction, registers_[thread]);
    if (instruction.reads()) registers_[thread][number] = read;
  }

  std::uint64_t act(const Instruction& instruction,
                    const std::vector<std::uint64_t>& registers) {
    const interleave::Address address = kMemory + 8 * instruction.place;
    std::uint64_t& held = memory_[instruction.place];
    switch (instruction.act) {
      case Act::kFence:
        model_.fence(site_, instruction.order);
        return 0;
      case Act::kPlainRead:
        race_ |= model_.read(site_, address, kSize) != nullptr;
        return held;
      case Act::kPlainWrite:
        race_ |= model_.write(site_, address, kSize) != nullptr;
        held = written(instruction, registers, 0);
        return 0;
      default:
        return commit(instruction, registers, address, held);
    }
  }

  std::uint64_t commit(const Instruction& instruction,
                       const std::vector<std::uint64_t>& registers,
                       interleave::Address address, std::uint64_t& held) {
    const Committed done = atomic(instruction, registers, address, Value{held, 0});
    race_ |= done.race != nullptr;
    if (done.wrote && done.newest) held = done.written.low;
    return done.read.low;
  }

  Committed atomic(const Instruction& instruction,
                   const std::vector<std::uint64_t>& registers,
                   interleave::Address address, Value held) {
    const MemoryOrder order = instruction.order;
    const auto value = [&](std::uint64_t read) {
      return Value{written(instruction, registers, read), 0};
    };
    if (instruction.act == Act::kLoad) {
      return model_.commit_load(
          script_.decide(model_.load_choices(site_, address, kSize, order, held).size()));
    }
    if (instruction.act == Act::kStore) {
      return model_.commit_store(
          script_.decide(model_.store_choices(site_, address, kSize, order, held)),
          value(0));
    }
    if (instruction.act == Act::kCompare) {
      const Value expected{instruction.expected, 0};
      const auto choices = model_.compare_choices(site_, address, kSize, order,
                                                  instruction.failure, held, expected);
      const std::size_t choice = script_.decide(choices.size());
      return model_.commit_compare(choice, choices[choice].value == expected, value(0));
    }
    const auto choices = model_.update_choices(site_, address, kSize, order, held);
    const std::size_t choice = script_.decide(choices.size());
    return model_.commit_update(choice, value(choices[choice].value.low));
  }

  const Program& program_;
  MemoryModel& model_;
  Script& script_;
  std::vector<std::uint64_t> memory_;
  Registers registers_;
  std::vector<std::size_t> positions_;
  Site site_{0, 0, 0};
  bool race_ = false;
};

}  // namespace

Executions enumerate(const Program& program, interleave::MemoryMode mode, Runs runs,
                     std::size_t tidy_after) {
  Executions executions;
  MemoryModel model(mode, tidy_after);
  Script script;
  std::set<std::pair<std::uint64_t, std::vector<std::size_t>>> states;
  std::set<std::uint64_t> ends;
  do {
    script.rewind();
    Run run(program, model, script);
    bool met = false;
    while (!met && run.step()) {
      met = runs == Runs::kMerged && !script.repeats() &&
            !states.emplace(model.execution_hash(), run.positions()).second;
    }
    executions.race |= run.race();
    if (!met && ends.insert(model.execution_hash()).second) {
      ++executions.outcomes[run.result()];
    }
  } while (script.advance());
  return executions;
}

}  // namespace litmus
