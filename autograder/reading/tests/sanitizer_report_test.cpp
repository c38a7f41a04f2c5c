// Real reports, captured from GCC 12 and Clang 14 on the file reports/slot.hpp.
#include "reading/sanitizer_report.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace course::reading {
namespace {

namespace fs = std::filesystem;

const fs::path folder =
    fs::path(COURSE_SOURCE_FOLDER) / "autograder/reading/tests/reports";

std::string contents(const std::string& name) {
  std::ifstream in(folder / name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The report, as if slot.hpp had been compiled where it is kept now.
SanitizerReport captured(const std::string& name) {
  std::string output = contents(name);
  const std::string then = "/course/exercises";
  for (std::size_t at; (at = output.find(then)) != output.npos;) {
    output.replace(at, then.size(), folder.string());
  }
  const auto report = read_sanitizer_report(output, folder / "slot.hpp");
  EXPECT_TRUE(report.has_value()) << name;
  return report.value_or(SanitizerReport{});
}

class Report : public testing::TestWithParam<const char*> {
 protected:
  static SanitizerReport of(const std::string& kind) {
    return captured(kind + "_" + GetParam() + ".txt");
  }
};

TEST_P(Report, TellsARaceInWords) {
  const SanitizerReport report = of("tsan_race");
  EXPECT_EQ(report.concept_name, "data race");
  EXPECT_EQ(report.what,
            "data race on value_: thread 1 writes it while the main thread reads it");
  EXPECT_EQ(report.detail,
            "thread 1         writes  slot.hpp:12   value_ = value;   holding no lock\n"
            "the main thread  reads  slot.hpp:16   return full_ ? value_ : 0;   holding "
            "mutex_\n"
            "Only one of them holds a lock. If thread 1 held mutex_ too, they would be "
            "in order.");
  EXPECT_EQ(report.line, 16);
}

TEST_P(Report, TellsLockOrder) {
  const SanitizerReport report = of("tsan_order");
  EXPECT_EQ(report.concept_name, "lock order");
  for (const char* line : {"slot.hpp:19", "slot.hpp:20", "slot.hpp:23", "slot.hpp:24"}) {
    EXPECT_NE(report.detail.find(line), std::string::npos) << report.detail;
  }
  EXPECT_NE(report.detail.find("std::scoped_lock"), std::string::npos);
}

TEST_P(Report, TellsMisuse) {
  const SanitizerReport report = of("tsan_unlock");
  EXPECT_EQ(report.concept_name, "misuse");
  EXPECT_EQ(report.what, "unlock of an unlocked mutex (or by a wrong thread)");
  EXPECT_EQ(report.line, 49);
}

TEST_P(Report, TellsALeak) {
  const SanitizerReport report = of("asan_leak");
  EXPECT_EQ(report.concept_name, "leak");
  EXPECT_NE(report.detail.find("4 bytes in 1 object, allocated at slot.hpp:26"),
            std::string::npos)
      << report.detail;
}

TEST_P(Report, TellsUseAfterFree) {
  const SanitizerReport report = of("asan_late");
  EXPECT_EQ(report.concept_name, "lifetime");
  EXPECT_NE(report.what.find("already freed"), std::string::npos);
  EXPECT_NE(
      report.detail.find("freed      by the main thread   slot.hpp:29   delete node;"),
      std::string::npos)
      << report.detail;
  EXPECT_EQ(report.line, 30);
}

TEST_P(Report, TellsADoubleFree) {
  const SanitizerReport report = of("asan_twice");
  EXPECT_EQ(report.concept_name, "lifetime");
  EXPECT_EQ(report.line, 42);
}

TEST_P(Report, TellsAnOverflow) {
  const SanitizerReport report = of("asan_beyond");
  EXPECT_NE(report.what.find("beyond the end of an allocated block"), std::string::npos);
  EXPECT_EQ(report.line, 35);
}

// The frames in the middle of the captured report were cut.
TEST_P(Report, TellsADeepRecursion) {
  const SanitizerReport report = of("asan_deep");
  EXPECT_EQ(report.concept_name, "deep recursion");
  EXPECT_FALSE(report.general) << "a stage's own concept must not replace this one";
  EXPECT_GE(report.line, 50);
}

TEST_P(Report, TellsUndefinedBehaviour) {
  const SanitizerReport report = of("asan_big");
  EXPECT_NE(report.what.find("signed integer overflow"), std::string::npos);
  EXPECT_EQ(report.line, 43);
}

TEST(SanitizerReport, NamesAMisalignedNumber) {
  const auto report = read_sanitizer_report(
      (folder / "slot.hpp").string() +
          ":12:5: runtime error: load of misaligned address 0x602000000011 for type "
          "'const unsigned int', which requires 4 byte alignment\n",
      folder / "slot.hpp");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->concept_name, "alignment");
  EXPECT_EQ(report->line, 12);
  EXPECT_EQ(captured("asan_big_gcc.txt").concept_name, "misuse");
}

INSTANTIATE_TEST_SUITE_P(Compilers, Report, testing::Values("gcc", "clang"));

TEST(SanitizerReport, KeepsQuietWithoutAReport) {
  EXPECT_FALSE(read_sanitizer_report("[ OK ] all is well", folder / "slot.hpp"));
}

TEST(SanitizerReport, TellsAStartUpDeathFromAReport) {
  const std::string death = "FATAL: ThreadSanitizer: unexpected memory mapping 0x1-0x2\n";
  EXPECT_FALSE(read_sanitizer_report(death, folder / "slot.hpp"));
  EXPECT_NE(start_up_death(death).find("vm.mmap_rnd_bits"), std::string::npos);
  EXPECT_EQ(start_up_death(contents("tsan_race_gcc.txt")), "");
  EXPECT_EQ(start_up_death("my personality"), "");
}

}  // namespace
}  // namespace course::reading
