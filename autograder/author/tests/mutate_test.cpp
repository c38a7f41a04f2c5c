// What is made by rule is tried on a grader that looks into the source for a word.
#include "author/mutate.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <mutex>

#include "author/equivalents.hpp"
#include "catalogue/files.hpp"

namespace course::author {
namespace {

namespace fs = std::filesystem;

using grader::StageResult;
using grader::Subject;
using grader::Verdict;

// Catches, in the unit stage, what lacks "go(1);", and in the interleave stage what lacks
// "halt(2);". What lacks "build" does not build.
class ReadingGrading : public Grading {
 public:
  explicit ReadingGrading(const fs::path& folder) : folder_(folder) {}

  fs::path place(std::string_view preset, const Subject& subject) const {
    return folder_ / preset / subject.variant / "toy.hpp";
  }

  std::map<std::string, std::string> build(
      std::string_view preset, const std::vector<Subject>& subjects) override {
    std::map<std::string, std::string> unbuilt;
    for (const auto& subject : subjects) {
      if (!says(preset, subject, "build")) unbuilt[subject.target()] = "no such name";
    }
    return unbuilt;
  }

  StageResult run(Stage stage, const Subject& subject,
                  const std::vector<std::string>&) override {
    const std::scoped_lock lock(mutex_);
    ++runs;
    StageResult result;
    result.verdict = Verdict::passed;
    if (stage == Stage::unit && !says("student", subject, "go(1);")) {
      result.verdict = Verdict::failed;
    }
    if (stage == Stage::interleave && !says("interleave", subject, "halt(2);")) {
      result.verdict = Verdict::failed;
    }
    return result;
  }

  bool applies(Stage stage, const Exercise&) const override {
    return stage == Stage::unit || stage == Stage::interleave;
  }
  std::string printed(const grader::ExerciseResult&) const override { return ""; }
  unsigned side_by_side() const override { return 2; }

  int runs = 0;

 private:
  bool says(std::string_view preset, const Subject& subject, const char* words) const {
    return read_file(place(preset, subject)).find(words) != std::string::npos;
  }

  fs::path folder_;
  std::mutex mutex_;
};

class Mutate : public testing::Test {
 protected:
  Mutate() : folder_(fs::path(testing::TempDir()) / "mutate_test") {
    fs::remove_all(folder_);
    exercise_.id = "9.1";
    exercise_.name = "toy";
    exercise_.lesson = "09-toys";
    exercise_.file = folder_ / "toy/toy.hpp";
    exercise_.manifest = folder_ / "toy/exercise.toml";
    exercise_.solution = folder_ / "toy.hpp";
    write_file(folder_ / "toy/toy_test.cpp", "the tests");
    write_file(exercise_.manifest, "the manifest");
    write_file(exercise_.solution,
               "void toy() {\n  //> step 1(): all\n  go(1);\n  halt(2);\n  build();\n  "
               "idle();\n  //<\n}\n");
  }
  ~Mutate() override { fs::remove_all(folder_); }

  std::vector<MadeMutant> run() {
    ReadingGrading grading(folder_);
    Memory memory(folder_ / "memory.json");
    const auto place = [&](std::string_view preset, const Subject& subject) {
      return grading.place(preset, subject);
    };
    told_ = 0;
    auto made = try_mutations({exercise_, folder_, place, [&](const auto&) { ++told_; }},
                              grading, memory);
    runs_ = grading.runs;
    return made;
  }

  // What became of the statement `was`, dropped.
  static std::string dropped(const std::vector<MadeMutant>& made,
                             const std::string& was) {
    for (const auto& one : made) {
      if (one.mutation.rule != "a statement dropped" || one.mutation.was != was) continue;
      if (one.fate == Fate::caught) return std::string(name_of(one.stage));
      return one.fate == Fate::does_not_build ? "does not build"
             : one.fate == Fate::equivalent   ? "equivalent"
                                              : "left";
    }
    return "not made";
  }

  fs::path folder_;
  Exercise exercise_;
  std::size_t told_ = 0;
  int runs_ = 0;
};

TEST_F(Mutate, TellsWhatBecameOfEach) {
  const auto made = run();
  EXPECT_EQ(dropped(made, "go(1);"), "unit");
  EXPECT_EQ(dropped(made, "halt(2);"), "interleave");
  EXPECT_EQ(dropped(made, "build();"), "does not build");
  EXPECT_EQ(dropped(made, "idle();"), "left");
  EXPECT_EQ(told_, made.size());
  EXPECT_NE(summary_of(made).find("1 caught by interleave"), std::string::npos)
      << summary_of(made);
}

TEST_F(Mutate, ContinuesWhereItWas) {
  const auto first = run();
  EXPECT_GT(runs_, 0);
  const auto second = run();
  EXPECT_EQ(runs_, 0) << "what became of them was known";
  EXPECT_EQ(dropped(second, "halt(2);"), "interleave");
  EXPECT_EQ(summary_of(first), summary_of(second));
  write_file(folder_ / "toy/toy_test.cpp", "another test");
  run();
  EXPECT_GT(runs_, 0) << "another test may catch what the old ones let through";
}

TEST_F(Mutate, LeavesOutWhatIsRecordedAsEquivalent) {
  write_file(equivalents_file(folder_, exercise_),
             "[[equivalent]]\nrule = \"a statement dropped\"\nwas = \"idle();\"\n"
             "becomes = \"nothing\"\nreason = \"It does nothing.\"\n");
  EXPECT_EQ(dropped(run(), "idle();"), "equivalent");
  EXPECT_TRUE(stale_equivalents(folder_, exercise_).empty());
}

TEST_F(Mutate, SaysWhichRecordIsStale) {
  write_file(equivalents_file(folder_, exercise_),
             "[[equivalent]]\nrule = \"a statement dropped\"\nwas = \"gone();\"\n"
             "becomes = \"nothing\"\nreason = \"It did nothing.\"\n");
  const auto stale = stale_equivalents(folder_, exercise_);
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_NE(stale.front().find("equivalent.toml:2: no rule makes this"),
            std::string::npos)
      << stale.front();
}

TEST_F(Mutate, BeginsAnewWhereItsMemoryIsSpoilt) {
  std::ofstream(folder_ / "memory.json") << "{ half a fi";
  EXPECT_EQ(dropped(run(), "go(1);"), "unit");
}

}  // namespace
}  // namespace course::author
