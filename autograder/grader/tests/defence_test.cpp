// What a student's defence.toml is read as: filled in, not yet, or with the remedy in words.
#include "grader/defence.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace course::grader {
namespace {

namespace fs = std::filesystem;

class DefenceTest : public testing::Test {
 protected:
  DefenceTest() {
    std::string name = (fs::temp_directory_path() / "defence-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~DefenceTest() override { fs::remove_all(folder_); }

  Defence read(const std::string& text) {
    const fs::path file = folder_ / "defence.toml";
    std::ofstream(file) << text;
    return read_defence(file, "speed");
  }

  // The words of a defence that is refused.
  std::string refused(const std::string& text) {
    const Defence defence = read(text);
    EXPECT_EQ(defence.verdict, Verdict::failed) << text;
    return defence.words;
  }

  fs::path folder_;
};

const std::string argument = "model = \"shards\"\nbecause = \"no lock\"\n";

TEST_F(DefenceTest, ReadsAClaim) {
  const Defence defence = read(argument + "[speed]\nfrom = 1.5\nto = 4.5\n");
  EXPECT_EQ(defence.verdict, Verdict::passed) << defence.words;
  EXPECT_EQ(defence.claim.from, 1.5);
  EXPECT_EQ(defence.claim.to, 4.5);
}

TEST_F(DefenceTest, KnowsWhatIsNotFilledInYet) {
  const std::string claim = "[speed]\nfrom = 1.5\nto = 3\n";
  const auto missing = [&](const std::string& text) {
    const Defence defence = read(text);
    EXPECT_EQ(defence.verdict, Verdict::not_started) << text;
    return defence.words;
  };
  EXPECT_EQ(missing("model = \"\"\nbecause = \"no lock\"\n" + claim),
            "`model` in defence.toml is still to be filled in");
  EXPECT_EQ(missing("model = \"shards\"\nbecause = \"\"\n" + claim),
            "`because` in defence.toml is still to be filled in");
  EXPECT_EQ(missing(argument + "[speed]\nfrom = 0\nto = 0\n"),
            "`speed` in defence.toml is still to be filled in");
}

TEST_F(DefenceTest, RefusesWhatClaimsNothing) {
  EXPECT_NE(refused(argument + "[speed]\nfrom = 1\nto = 3.1\n").find("claims too little"),
            std::string::npos);
  EXPECT_NE(refused(argument + "[speed]\nfrom = 3\nto = 2\n").find("not less"),
            std::string::npos);
  EXPECT_NE(refused(argument + "[speed]\nfrom = -1\nto = 2\n").find("above 0"),
            std::string::npos);
}

TEST_F(DefenceTest, SaysWhatIsMissingAndWhere) {
  EXPECT_NE(refused(argument).find("speed"), std::string::npos);
  EXPECT_NE(refused("model = \"shards\"\n[speed]\nfrom = 1\nto = 2\n").find("because"),
            std::string::npos);
  EXPECT_NE(refused("model = shards\n").find("not TOML"), std::string::npos);
  fs::remove(folder_ / "defence.toml");
  const Defence none = read_defence(folder_ / "defence.toml", "speed");
  EXPECT_EQ(none.verdict, Verdict::failed);
  EXPECT_NE(none.words.find("is not there"), std::string::npos) << none.words;
}

}  // namespace
}  // namespace course::grader
