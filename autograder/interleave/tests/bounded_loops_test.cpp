// Property: "all behaviours checked" is only said where they were. Random programs of loops
// that read the same again and again, some counted and some not, reach exactly the outcomes
// that a brute-force enumeration finds. INTERLEAVE_LOOPS_SEED and INTERLEAVE_LOOPS_PROGRAMS
// choose others.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <semaphore>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"
#include "interleave/memory/tests/litmus/enumerator.hpp"

namespace {

using interleave::check;
using interleave::Memory;
using interleave::Options;
using interleave::Result;

Options reduced(Memory memory) {
  Options options;
  options.strategy = "reduced";
  options.schedules = 2'000'000;
  options.seconds = 60;
  options.memory = memory;
  options.spurious = false;
  return options;
}

// -- The smallest cases -----------------------------------------------------------------

TEST(BoundedLoop, EachSumIsReached) {
  for (const Memory memory : {Memory::kSequential, Memory::kWeak}) {
    const auto outcomes = interleave::outcomes(
        [] {
          std::atomic<int> x{0};
          int sum = 0;
          std::thread reader([&] {
            int s = 0;
            for (int i = 0; i < 8; ++i) s += x.load();
            sum = s;
          });
          std::thread writer([&] { x.store(1); });
          reader.join();
          writer.join();
          return sum;
        },
        reduced(memory));
    EXPECT_TRUE(outcomes.exhaustive) << outcomes.coverage;
    EXPECT_EQ(outcomes.seen.size(), 9U);
  }
}

TEST(BoundedLoop, EachSumInMemoryIsReached) {
  const auto outcomes = interleave::outcomes(
      [] {
        std::atomic<int> x{0};
        const auto sum = std::make_unique<int>(0);
        std::thread reader([&] {
          for (int i = 0; i < 8; ++i) *sum = *sum + x.load();
        });
        std::thread writer([&] { x.store(1); });
        reader.join();
        writer.join();
        return *sum;
      },
      reduced(Memory::kSequential));
  EXPECT_TRUE(outcomes.exhaustive) << outcomes.coverage;
  EXPECT_EQ(outcomes.seen.size(), 9U);
}

TEST(BoundedLoop, AFailureInItIsFound) {
  const Result result = interleave::find_failure([] {
    std::atomic<int> x{0};
    std::thread reader([&] {
      int s = 0;
      for (int i = 0; i < 8; ++i) s += x.load();
      check(s != 1);
    });
    std::thread writer([&] { x.store(1); });
    reader.join();
    writer.join();
  });
  EXPECT_EQ(result.kind, "check") << result.coverage;
}

// -- What really is a spin, and ends ----------------------------------------------------

TEST(Spin, IsExploredToTheEnd) {
  const Result result = interleave::find_failure(
      [] {
        std::atomic<int> x{0};
        std::thread reader([&] {
          while (x.load() == 0) std::this_thread::yield();
        });
        std::thread writer([&] { x.store(1); });
        reader.join();
        writer.join();
      },
      reduced(Memory::kWeak));
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(result.exhaustive) << result.coverage;
  EXPECT_LT(result.schedules, 100U);
}

TEST(Spin, OfTheLibraryIsExploredToTheEnd) {
  const Result result = interleave::find_failure(
      [] {
        std::counting_semaphore<4> free{0};
        std::atomic<int> stage{0};
        std::thread worker([&] {
          stage = 1;
          stage.notify_one();
          free.release();
        });
        stage.wait(0);
        free.acquire();
        worker.join();
      },
      reduced(Memory::kSequential));
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(result.exhaustive) << result.coverage;
  EXPECT_LT(result.schedules, 1000U);
}

// -- What is too long to be followed ----------------------------------------------------

TEST(LongLoop, IsSaidToBeCut) {
  const Result result = interleave::find_failure(
      [] {
        std::atomic<int> x{0};
        std::thread reader([&] {
          int s = 0;
          for (int i = 0; i < 300; ++i) s += x.load(std::memory_order_relaxed);
          check(s <= 300);
        });
        std::thread writer([&] { x.store(1); });
        reader.join();
        writer.join();
      },
      reduced(Memory::kSequential));
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_FALSE(result.exhaustive);
  EXPECT_NE(result.coverage.find("followed for 64 rounds only"), std::string::npos)
      << result.coverage;
}

// No other thread is there to change it, and it ends all the same.
TEST(LongLoop, IsNoLivelock) {
  const Result result = interleave::find_failure([] {
    std::atomic<int> x{0};
    std::thread writer([&] { x.store(1); });
    writer.join();
    std::thread reader([&] {
      for (int i = 0; i < 5000; ++i) check(x.load() == 1);
    });
    reader.join();
  });
  EXPECT_TRUE(result.clean()) << result.picture;
}

// -- Random programs --------------------------------------------------------------------

constexpr int kPlaces = 2;

enum class Act {
  kSum,          // adds up `rounds` reads, in a register
  kSumInMemory,  // the same, in memory
  kCount,        // reads until it sees `value`, `rounds` times at most; adds the rounds
  kSpin,         // reads until it sees `value`
  kYieldingSpin,
  kStore,
  kAdd,
};
constexpr std::size_t kActs = 7;

struct Part {
  Act act = Act::kSum;
  int place = 0;
  int rounds = 0;
  int value = 0;
};
using Code = std::vector<Part>;
using Program = std::vector<Code>;

std::string text(const Program& program) {
  constexpr std::array<const char*, kActs> names = {
      "sum", "sum in memory", "count", "spin", "yielding spin", "store", "add"};
  std::ostringstream out;
  for (const Code& code : program) {
    out << "  thread:";
    for (const Part& part : code) {
      out << "  " << names[static_cast<std::size_t>(part.act)] << "("
          << "xy"[part.place] << ", " << part.rounds << " rounds, " << part.value << ")";
    }
    out << "\n";
  }
  return out.str();
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  Program make() {
    Program program(2 + below(2));
    int steps = 12;  // beyond this the orders are millions
    for (Code& code : program) {
      for (std::size_t parts = 1 + below(2); parts > 0; --parts) {
        code.push_back(part(steps));
      }
    }
    return program;
  }

  // Loops that add up, and stores.
  Program make_without_branches() {
    Program program(2);
    program[0].push_back({Act::kSum, number(kPlaces), 2 + number(5), 0});
    if (below(2) == 0) program[0].push_back({Act::kStore, number(kPlaces), 1, 3});
    for (std::size_t stores = 1 + below(2); stores > 0; --stores) {
      program[1].push_back({Act::kStore, number(kPlaces), 1, 1 + number(2)});
    }
    if (below(2) == 0) program[1].push_back({Act::kSum, number(kPlaces), 2, 0});
    return program;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  int number(int bound) {
    return static_cast<int>(below(static_cast<std::size_t>(bound)));
  }

  Part part(int& steps) {
    Part made{static_cast<Act>(below(kActs)), number(kPlaces), 1, number(3)};
    const bool counts =
        made.act == Act::kSum || made.act == Act::kSumInMemory || made.act == Act::kCount;
    if (counts) made.rounds = std::min(1 + number(8), std::max(1, steps));
    steps -= made.rounds;
    return made;
  }

  std::mt19937_64 random_;
};

// -- As a body --------------------------------------------------------------------------

using Shared = std::array<std::atomic<int>, kPlaces>;

int perform(const Part& part, std::atomic<int>& place, int& memory) {
  int sum = 0;
  switch (part.act) {
    case Act::kSum:
      for (int round = 0; round < part.rounds; ++round) sum += place.load();
      return sum;
    case Act::kSumInMemory:
      memory = 0;
      for (int round = 0; round < part.rounds; ++round) memory = memory + place.load();
      return memory;
    case Act::kCount:
      while (sum < part.rounds && place.load() != part.value) ++sum;
      return sum;
    case Act::kSpin:
      while (place.load() != part.value) {
      }
      return 0;
    case Act::kYieldingSpin:
      while (place.load() != part.value) std::this_thread::yield();
      return 0;
    case Act::kStore:
      place.store(part.value);
      return 0;
    case Act::kAdd:
      return place.fetch_add(part.value);
  }
  return 0;
}

std::string run(const Program& program) {
  Shared shared{};
  std::vector<int> results(program.size());
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < program.size(); ++number) {
    threads.emplace_back([&program, &shared, &results, number] {
      const auto memory = std::make_unique<int>(0);
      for (const Part& part : program[number]) {
        const int result =
            perform(part, shared[static_cast<std::size_t>(part.place)], *memory);
        results[number] = 10 * results[number] + result;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string outcome;
  for (const int result : results) outcome += std::to_string(result) + " ";
  return outcome;
}

// -- By brute force, in sequential memory -----------------------------------------------

// One state of all threads; a step reads or writes one place.
class Enumeration {
 public:
  explicit Enumeration(const Program& program) : program_(program) {}

  std::set<std::string> outcomes() {
    State first;
    first.threads.resize(program_.size());
    visit(first);
    return std::move(outcomes_);
  }

 private:
  struct Progress {
    std::size_t part = 0;
    int round = 0;
    int sum = 0;  // of this part
    int result = 0;
    auto operator<=>(const Progress&) const = default;
  };
  struct State {
    std::array<int, kPlaces> places{};
    std::vector<Progress> threads;
    auto operator<=>(const State&) const = default;
  };

  void visit(const State& state) {
    if (!seen_.insert(state).second) return;
    bool ended = true;
    bool moved = false;
    for (std::size_t thread = 0; thread < program_.size(); ++thread) {
      if (state.threads[thread].part == program_[thread].size()) continue;
      ended = false;
      State next = state;
      if (!step(next, thread)) continue;
      moved = true;
      visit(next);
    }
    if (moved) return;
    outcomes_.insert(ended ? text_of(state) : "<livelock>");
  }

  // False if it only repeats a spin.
  bool step(State& state, std::size_t thread) const {
    Progress& progress = state.threads[thread];
    const Part& part = program_[thread][progress.part];
    int& place = state.places[static_cast<std::size_t>(part.place)];
    switch (part.act) {
      case Act::kSum:
      case Act::kSumInMemory:
        progress.sum += place;
        if (++progress.round == part.rounds) end_part(progress);
        return true;
      case Act::kCount:
        if (place == part.value) {
          end_part(progress);
        } else if (++progress.sum == part.rounds) {
          end_part(progress);
        }
        return true;
      case Act::kSpin:
      case Act::kYieldingSpin:
        if (place != part.value) return false;
        end_part(progress);
        return true;
      case Act::kStore:
        place = part.value;
        end_part(progress);
        return true;
      case Act::kAdd:
        progress.sum = place;
        place += part.value;
        end_part(progress);
        return true;
    }
    return false;
  }

  static void end_part(Progress& progress) {
    progress = {progress.part + 1, 0, 0, 10 * progress.result + progress.sum};
  }

  static std::string text_of(const State& state) {
    std::string text;
    for (const Progress& one : state.threads) text += std::to_string(one.result) + " ";
    return text;
  }

  const Program& program_;
  std::set<State> seen_;
  std::set<std::string> outcomes_;
};

// -- The same in weak memory, by the model alone: loops written out ----------------------

std::set<std::string> weak_outcomes(const Program& program) {
  litmus::Program flat{"loops", {}};
  for (const Code& code : program) {
    litmus::Code& out = flat.threads.emplace_back();
    for (const Part& part : code) {
      const auto place = static_cast<litmus::Place>(part.place);
      if (part.act == Act::kStore) {
        out.push_back(
            litmus::store(place, static_cast<std::uint64_t>(part.value), litmus::sc));
      } else {
        out.insert(out.end(), static_cast<std::size_t>(part.rounds),
                   litmus::load(place, litmus::sc));
      }
    }
  }
  std::set<std::string> outcomes;
  const auto all =
      litmus::enumerate(flat, interleave::MemoryMode::kWeak, litmus::Runs::kMerged);
  for (const auto& [registers, executions] : all.outcomes) {
    std::istringstream in(registers.substr(0, registers.find(';')));
    std::string outcome;
    for (const Code& code : program) {
      int result = 0;
      for (const Part& part : code) {
        int sum = 0;
        for (int round = 0; part.act == Act::kSum && round < part.rounds; ++round) {
          int value = 0;
          if (in >> value) sum += value;
        }
        result = 10 * result + sum;
      }
      in.ignore(2, '|');
      outcome += std::to_string(result) + " ";
    }
    outcomes.insert(outcome);
  }
  return outcomes;
}

// -- Both --------------------------------------------------------------------------------

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

void compare(const Program& program, Memory memory, const std::set<std::string>& right) {
  const auto found =
      interleave::outcomes([&program] { return run(program); }, reduced(memory));
  ASSERT_TRUE(found.exhaustive) << found.coverage << '\n' << text(program);
  std::set<std::string> reached;
  for (const auto& [outcome, schedules] : found.seen) reached.insert(outcome);
  ASSERT_EQ(reached, right) << found.coverage << '\n' << text(program);
}

TEST(RandomLoops, ReachWhatBruteForceReaches) {
  const std::uint64_t seed = setting("INTERLEAVE_LOOPS_SEED", 1);
  const std::uint64_t programs = setting("INTERLEAVE_LOOPS_PROGRAMS", 1000);
  std::size_t outcomes = 0;
  for (std::uint64_t number = 0; number < programs; ++number) {
    const Program program = Maker(seed * 1'000'003 + number).make();
    const std::set<std::string> right = Enumeration(program).outcomes();
    outcomes += right.size();
    ASSERT_NO_FATAL_FAILURE(compare(program, Memory::kSequential, right));
  }
  EXPECT_GT(outcomes, 3 * programs) << "these programs tell little";
}

TEST(RandomLoops, ReachWhatTheMemoryModelReaches) {
  const std::uint64_t seed = setting("INTERLEAVE_LOOPS_SEED", 1);
  const std::uint64_t programs = setting("INTERLEAVE_LOOPS_PROGRAMS", 1000) / 4;
  for (std::uint64_t number = 0; number < programs; ++number) {
    const Program program = Maker(seed * 1'000'003 + number).make_without_branches();
    ASSERT_NO_FATAL_FAILURE(compare(program, Memory::kWeak, weak_outcomes(program)));
  }
}

}  // namespace
