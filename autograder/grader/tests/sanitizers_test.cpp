// A sanitizer that starts only with address randomisation off, one that never starts, and
// one that sees nothing: each played by a program of the test's own.
#include "grader/sanitizers.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace course::grader {
namespace {

namespace fs = std::filesystem;

class SelfTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "self_testXXXXXX";
    root_ = ::mkdtemp(name.data());
    fs::create_directories(root_ / "autograder/grader/self_test");
  }
  void TearDown() override { fs::remove_all(root_); }

  SanitizerHealth tried(const std::string& source) {
    std::ofstream(root_ / "autograder/grader/self_test/race.cpp") << source;
    return try_sanitizer(Trees(root_, ""),
                         {{"race", "-O0", "ThreadSanitizer: data race"}});
  }

  fs::path root_;
};

TEST_F(SelfTest, TurnsAddressRandomisationOffWhereThatHelps) {
  const SanitizerHealth health = tried(R"(
    #include <cstdio>
    #include <sys/personality.h>
    int main() {
      const bool fixed = (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0;
      std::puts(fixed ? "WARNING: ThreadSanitizer: data race"
                      : "FATAL: ThreadSanitizer: unexpected memory mapping");
      return 66;
    })");
  EXPECT_TRUE(health.works);
  EXPECT_TRUE(health.fixed_addresses);
}

TEST_F(SelfTest, NamesTheCommandWhereItDoesNot) {
  const SanitizerHealth health = tried(R"(
    #include <cstdio>
    int main() {
      std::puts("FATAL: ThreadSanitizer: unexpected memory mapping");
      return 66;
    })");
  EXPECT_FALSE(health.works);
  EXPECT_NE(health.trouble.find("sudo sysctl"), std::string::npos) << health.trouble;
}

TEST_F(SelfTest, DoesNotTrustASanitizerThatSeesNothing) {
  const SanitizerHealth health = tried("int main() {}");
  EXPECT_FALSE(health.works);
  EXPECT_NE(health.trouble.find("course doctor"), std::string::npos) << health.trouble;
}

TEST_F(SelfTest, SaysThatItDoesNotBuild) {
  const SanitizerHealth health = tried("int main() {");
  EXPECT_FALSE(health.works);
  EXPECT_NE(health.trouble.find("does not build"), std::string::npos) << health.trouble;
}

}  // namespace
}  // namespace course::grader
