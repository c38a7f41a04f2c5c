#include "author/mutate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <nlohmann/json.hpp>
#include <span>

#include "author/equivalents.hpp"
#include "catalogue/files.hpp"
#include "grader/side_by_side.hpp"

namespace course::author {
namespace {

namespace fs = std::filesystem;

using grader::StageResult;
using grader::Subject;
using grader::Verdict;
using nlohmann::json;

// The quick ones first; the gate is for those that nothing else catches.
constexpr std::array mutation_stages{Stage::unit, Stage::cost, Stage::interleave,
                                     Stage::tsan, Stage::asan, Stage::gate};

constexpr std::array<std::string_view, 5> fate_names{
    "does not build", "caught", "equivalent", "survives", "unsettled"};

// The same for the same text, in every process. FNV-1a, by Fowler, Noll and Vo.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return hash;
}

// Whether something in the stage noticed. A control that did not answer is noticed too.
bool catches(const StageResult& result) {
  return result.verdict == Verdict::failed || result.verdict == Verdict::tampered;
}

class Attempt {
 public:
  Attempt(const MutationRun& run, Grading& grading, Memory& memory)
      : run_(run), grading_(grading), memory_(memory) {
    const fs::path tests =
        run.exercise.file.parent_path() / (run.exercise.name + "_test.cpp");
    beside_ = read_file(tests) + read_file(run.exercise.manifest);
  }

  std::vector<MadeMutant> run() {
    const auto recorded = equivalents_of(run_.root, run_.exercise);
    const fs::path& solution = run_.exercise.solution;
    for (Mutation& mutation : mutations_of(solution, read_file(solution))) {
      MadeMutant trial{std::move(mutation)};
      const bool equivalent =
          std::any_of(recorded.begin(), recorded.end(),
                      [&](const Equivalent& one) { return one.is(trial.mutation); });
      if (equivalent) trial.fate = Fate::equivalent;
      made_.push_back(std::move(trial));
    }
    std::vector<MadeMutant*> some;
    for (MadeMutant& trial : made_) {
      if (trial.fate == Fate::equivalent || is_known(trial)) {
        run_.listener(trial);
        continue;
      }
      some.push_back(&trial);
      if (some.size() == seats) settle(std::exchange(some, {}));
    }
    if (!some.empty()) settle(some);
    return std::move(made_);
  }

 private:
  struct Seated {
    MadeMutant* trial;
    Subject subject;
    bool settled = false;
  };

  std::string key_of(const MadeMutant& trial) const {
    return fmt::format("{:016x}", hash_of(trial.mutation.source + beside_));
  }

  bool is_known(MadeMutant& trial) const {
    const MadeMutant* known = memory_.find(key_of(trial));
    if (known == nullptr) return false;
    trial.fate = known->fate;
    trial.stage = known->stage;
    return true;
  }

  void settle(const std::vector<MadeMutant*>& some) {
    std::vector<Seated> seated;
    for (MadeMutant* trial : some) {
      const std::string seat = fmt::format("made-{}", seated.size() + 1);
      seated.push_back({trial, Subject{&run_.exercise, seat}});
    }
    for (const Stage stage : mutation_stages) {
      std::erase_if(seated, [](const Seated& one) { return one.settled; });
      if (!seated.empty() && grading_.applies(stage, run_.exercise))
        try_in(stage, seated);
    }
    for (MadeMutant* trial : some) {
      if (trial->fate != Fate::unsettled) memory_.keep(key_of(*trial), *trial);
      run_.listener(*trial);
    }
  }

  void try_in(Stage stage, std::vector<Seated>& seated) {
    std::vector<Subject> subjects;
    for (const Seated& one : seated) {
      write_file(run_.place(preset_of(stage), one.subject), one.trial->mutation.source);
      subjects.push_back(one.subject);
    }
    const auto unbuilt = grading_.build(preset_of(stage), subjects);
    for (Seated& one : seated) {
      if (!unbuilt.contains(one.subject.target())) continue;
      one.settled = true;
      one.trial->fate = Fate::does_not_build;
    }
    std::atomic<std::size_t> next = 0;
    const unsigned width = stage == Stage::gate ? 1 : grading_.side_by_side();
    grader::side_by_side(width, [&] {
      // relaxed: the index alone is shared.
      for (std::size_t k;
           (k = next.fetch_add(1, std::memory_order_relaxed)) < seated.size();) {
        if (!seated[k].settled) judge(stage, seated[k]);
      }
    });
  }

  void judge(Stage stage, Seated& one) {
    const StageResult result = grading_.run(stage, one.subject, {});
    if (catches(result)) {
      one.settled = true;
      one.trial->fate = Fate::caught;
      one.trial->stage = stage;
    } else if (result.verdict != Verdict::passed) {
      one.trial->fate = Fate::unsettled;
    }
  }

  const MutationRun& run_;
  Grading& grading_;
  Memory& memory_;
  std::string beside_;  // what else decides a mutant's fate: the tests and the manifest
  std::vector<MadeMutant> made_;
};

}  // namespace

Memory::Memory(fs::path file) : file_(std::move(file)) {
  if (!fs::exists(file_)) return;
  const json all = json::parse(read_file(file_), nullptr, false);
  if (!all.is_object()) return;
  for (const auto& [key, value] : all.items()) {
    const auto fate =
        std::find(fate_names.begin(), fate_names.end(), value.value("fate", ""));
    const auto stage = stage_named(value.value("stage", ""));
    if (fate == fate_names.end() || !stage) continue;
    MadeMutant trial;
    trial.fate = static_cast<Fate>(fate - fate_names.begin());
    trial.stage = *stage;
    made_[key] = trial;
  }
}

const MadeMutant* Memory::find(const std::string& key) const {
  const auto found = made_.find(key);
  return found == made_.end() ? nullptr : &found->second;
}

void Memory::keep(const std::string& key, const MadeMutant& trial) {
  MadeMutant& kept = made_[key];
  kept.fate = trial.fate;
  kept.stage = trial.stage;
  json all = json::object();
  for (const auto& [name, one] : made_) {
    all[name] = {{"fate", fate_names[static_cast<std::size_t>(one.fate)]},
                 {"stage", name_of(one.stage)}};
  }
  write_own_file(file_, all.dump(1));
}

std::string summary_of(const std::vector<MadeMutant>& made) {
  const auto count = [&](Fate fate) {
    return std::count_if(made.begin(), made.end(),
                         [&](const MadeMutant& trial) { return trial.fate == fate; });
  };
  std::string words =
      fmt::format("{} made: {} not built", made.size(), count(Fate::does_not_build));
  for (const Stage stage : mutation_stages) {
    const auto here =
        std::count_if(made.begin(), made.end(), [&](const MadeMutant& trial) {
          return trial.fate == Fate::caught && trial.stage == stage;
        });
    if (here > 0) words += fmt::format(", {} caught by {}", here, name_of(stage));
  }
  words += fmt::format(", {} equivalent", count(Fate::equivalent));
  if (const auto unsettled = count(Fate::unsettled); unsettled > 0) {
    words += fmt::format(", {} unsettled", unsettled);
  }
  const auto left = count(Fate::survives);
  return words + (left == 0 ? ", none left" : fmt::format(", {} left", left));
}

std::vector<MadeMutant> try_mutations(const MutationRun& run, Grading& grading,
                                      Memory& memory) {
  return Attempt(run, grading, memory).run();
}

}  // namespace course::author
