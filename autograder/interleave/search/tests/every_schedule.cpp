#include "every_schedule.hpp"

namespace interleave::simulation {
namespace {

using Block = std::vector<Instruction>;

Block memory_access(Random& random) {
  constexpr Do kKinds[] = {Do::kRead,  Do::kRead, Do::kWrite,
                           Do::kWrite, Do::kAdd,  Do::kSwapIfZero};
  const auto place = static_cast<std::uint32_t>(random.below(2));
  const auto value = static_cast<std::uint32_t>(1 + random.below(2));
  return {{kKinds[random.below(std::size(kKinds))], place, value}};
}

// One or two instructions that belong together.
Block random_block(Random& random, bool weak) {
  const auto mutex = static_cast<std::uint32_t>(random.below(2));
  const Instruction access = memory_access(random)[0];
  switch (random.below(weak ? 10 : 16)) {
    case 10:
    case 11:
      return {{Do::kLock, mutex, 0}, access, {Do::kUnlock, mutex, 0}};
    case 12:
      return {{Do::kTryLock, mutex, 0}, access, {Do::kUnlock, mutex, 0}};
    case 13:
      return {{random.chance(0.5) ? Do::kPost : Do::kAcquire, 0, 0}};
    case 14:
      return {{Do::kLock, 0, 0}, {Do::kConditionWait, 0, 0}, {Do::kUnlock, 0, 0}};
    case 15:
      return {{random.chance(0.5) ? Do::kNotifyOne : Do::kNotifyAll, 0, 0}};
    case 9:
      return {{random.chance(0.5) ? Do::kAwait : Do::kYield, access.object, 0}};
    default:
      return {access};
  }
}

}  // namespace

Seen explore(const Program& program, Strategy& strategy, std::uint64_t most) {
  Seen seen;
  while (!strategy.finished() && seen.schedules + seen.pruned < most) {
    const Schedule result = run(program, strategy);
    if (result.pruned) {
      ++seen.pruned;
      continue;
    }
    ++seen.schedules;
    ++seen.traces[result.trace];
    seen.outcomes.insert(result.outcome);
  }
  seen.finished = strategy.finished();
  return seen;
}

Program random_program(Random& random, bool weak) {
  Program program;
  program.weak = weak;
  program.threads.resize(2 + random.below(2));
  const std::size_t most = program.threads.size() == 2 ? 5 : 3;
  for (Block& thread : program.threads) {
    const std::size_t blocks = 1 + random.below(3);
    for (std::size_t number = 0; number < blocks && thread.size() < most; ++number) {
      const Block block = random_block(random, weak);
      thread.insert(thread.end(), block.begin(), block.end());
    }
  }
  return program;
}

std::string text_of(const Program& program) {
  constexpr std::string_view kNames[] = {
      "read", "write", "add",        "swap",       "await", "lock",    "unlock",
      "try",  "wait",  "notify_one", "notify_all", "post",  "acquire", "yield"};
  std::string text = program.weak ? "weak" : "";
  for (const Block& thread : program.threads) {
    text += "\n  ";
    for (const Instruction& one : thread) {
      text += std::string(kNames[static_cast<std::size_t>(one.what)]) + " " +
              std::to_string(one.object) + "," + std::to_string(one.value) + "; ";
    }
  }
  return text;
}

}  // namespace interleave::simulation
