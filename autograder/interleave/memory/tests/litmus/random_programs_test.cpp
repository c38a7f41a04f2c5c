// Property: on random little programs the memory model reaches exactly the executions that
// the axioms allow, with the same outcomes, and reports a race exactly if one of them has
// one. INTERLEAVE_LITMUS_SEED and INTERLEAVE_LITMUS_PROGRAMS choose others.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "interleave/memory/tests/litmus/axioms.hpp"
#include "interleave/memory/tests/litmus/enumerator.hpp"

namespace litmus {
namespace {

using interleave::MemoryMode;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

// What a family of programs is made of: instructions are drawn by weight.
struct Mixture {
  std::string name;
  std::size_t places = 2;
  unsigned seq_cst = 1, weaker = 1;  // orders
  std::size_t most = 7;              // instructions, fences not counted
  unsigned loads = 4, stores = 4, updates = 1, compares = 1, fences = 1, plain = 0;

  friend void PrintTo(const Mixture& mixture, std::ostream* out) { *out << mixture.name; }
};

class Maker {
 public:
  Maker(const Mixture& mixture, std::uint64_t seed) : mixture_(mixture), random_(seed) {}

  Program make(const std::string& name) {
    Program program{name, {}};
    const std::size_t threads = 2 + below(2) + below(2) * below(2);
    program.threads.resize(threads);
    for (std::size_t budget = 4 + below(mixture_.most - 3); budget > 0;) {
      Code& code = program.threads[below(threads)];
      code.push_back(instruction());
      if (code.back().act == Act::kFence) continue;
      --budget;
      condition(code);
    }
    return program;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  MemoryOrder order(std::initializer_list<MemoryOrder> weaker) {
    if (below(mixture_.seq_cst + mixture_.weaker) < mixture_.seq_cst) return sc;
    return weaker.begin()[below(weaker.size())];
  }

  Instruction instruction() {
    const auto place = static_cast<Place>(below(mixture_.places));
    const std::uint64_t value = 1 + below(2);
    std::size_t drawn = below(mixture_.loads + mixture_.stores + mixture_.updates +
                              mixture_.compares + mixture_.fences + mixture_.plain);
    const auto is = [&](unsigned weight) {
      if (drawn < weight) return true;
      drawn -= weight;
      return false;
    };
    if (is(mixture_.loads)) return load(place, order({rlx, acq}));
    if (is(mixture_.stores)) return store(place, value, order({rlx, rel}));
    if (is(mixture_.updates)) {
      const MemoryOrder chosen = order({rlx, acq, rel, acq_rel});
      return below(2) == 0 ? add(place, value, chosen) : exchange(place, value, chosen);
    }
    if (is(mixture_.compares)) {
      const MemoryOrder success = order({rlx, acq, rel, acq_rel});
      const MemoryOrder failure =
          success == sc ? order({rlx, acq}) : (below(2) == 0 ? rlx : acq);
      return compare(place, below(2), value, success, failure);
    }
    if (is(mixture_.fences)) return fence(order({acq, rel, acq_rel}));
    return below(2) == 0 ? plain_read(place) : plain_write(place, value);
  }

  // Now and then the last instruction depends on what an earlier one read.
  void condition(Code& code) {
    if (below(4) != 0) return;
    for (std::size_t number = 0; number + 1 < code.size(); ++number) {
      if (!code[number].reads() || code[number].guard != kNoRegister) continue;
      if (below(2) == 0) {
        code.back().guard = number;
        code.back().guarded = below(3);
      } else {
        code.back().added = number;
      }
      return;
    }
  }

  const Mixture& mixture_;
  std::mt19937_64 random_;
};

// Beyond this the orders are millions.
constexpr std::size_t kLongestInEveryOrder = 7;

std::size_t length(const Program& program) {
  std::size_t total = 0;
  for (const Code& code : program.threads) total += code.size();
  return total;
}

// One way to run the model.
struct Way {
  std::string name;
  Runs runs;
  std::size_t tidy_after;
  std::uint64_t share;  // of the programs: one in so many
};

class RandomPrograms : public testing::TestWithParam<Mixture> {
 protected:
  // What the axioms allow is worked out once for each program, whatever the ways.
  void compare_all(Axioms axioms, MemoryMode mode, const std::vector<Way>& ways) {
    const std::uint64_t seed = setting("INTERLEAVE_LITMUS_SEED", 1);
    const std::uint64_t programs = setting("INTERLEAVE_LITMUS_PROGRAMS", 1000);
    std::uint64_t races = 0;
    for (std::uint64_t number = 0; number < programs; ++number) {
      Maker maker(GetParam(), seed * 1'000'003 + number);
      const Program program = maker.make(GetParam().name + " " + std::to_string(number));
      const Executions right = judge(program, axioms);
      races += right.race ? 1 : 0;
      for (const Way& way : ways) {
        if (number >= programs / way.share) continue;
        ASSERT_NO_FATAL_FAILURE(compare(program, right, mode, way));
      }
    }
    std::printf("%s, seed %lu: %lu programs, %lu with a race\n", GetParam().name.c_str(),
                static_cast<unsigned long>(seed), static_cast<unsigned long>(programs),
                static_cast<unsigned long>(races));
  }

 private:
  static void compare(const Program& program, const Executions& right, MemoryMode mode,
                      const Way& way) {
    if (way.runs == Runs::kEvery && length(program) > kLongestInEveryOrder) return;
    const Executions found = enumerate(program, mode, way.runs, way.tidy_after);
    ASSERT_EQ(found.race, right.race) << way.name << '\n' << text(program);
    if (right.race) return;
    ASSERT_EQ(found.outcomes, right.outcomes) << way.name << '\n' << text(program);
  }
};

TEST_P(RandomPrograms, Rc11) {
  compare_all(Axioms::kRc11, MemoryMode::kRc11,
              {{"each execution once", Runs::kMerged, 8, 1},
               {"with old stores dropped", Runs::kMerged, 1, 1},
               {"in every order", Runs::kEvery, 8, 4}});
}
TEST_P(RandomPrograms, Standard) {
  compare_all(Axioms::kStandard, MemoryMode::kWeak,
              {{"each execution once", Runs::kMerged, 8, 1},
               {"with old stores dropped", Runs::kMerged, 1, 1},
               {"in every order", Runs::kEvery, 8, 4}});
}
TEST_P(RandomPrograms, SequentialConsistency) {
  compare_all(Axioms::kSequential, MemoryMode::kSequential,
              {{"each execution once", Runs::kMerged, 8, 1}});
}

const std::vector<Mixture> kMixtures = {
    {.name = "relaxed_to_acq_rel", .seq_cst = 0, .fences = 2},
    {.name = "all_seq_cst", .weaker = 0, .most = 6, .fences = 0},
    {.name = "mixed"},
    {.name = "seq_cst_fences",
     .seq_cst = 2,
     .weaker = 1,
     .updates = 0,
     .compares = 0,
     .fences = 5},
    {.name = "updates", .places = 1, .most = 5, .updates = 5, .compares = 4},
    {.name = "three_places", .places = 3, .seq_cst = 2, .updates = 2},
    {.name = "with_plain", .places = 3, .fences = 2, .plain = 3},
};

INSTANTIATE_TEST_SUITE_P(Mixtures, RandomPrograms, testing::ValuesIn(kMixtures),
                         [](const auto& mixture) { return mixture.param.name; });

}  // namespace
}  // namespace litmus
