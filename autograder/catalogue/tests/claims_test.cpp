// The list of claims is held against the demos: none is missing, none left over.
#include "catalogue/claims.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

class Claims : public testing::Test {
 protected:
  Claims() {
    write("lessons/claims.toml",
          "[[claim]]\nid = \"P1\"\nsays = \"One.\"\n[[claim]]\nid = \"P10\"\nsays = "
          "\"Ten.\"\n");
    write("lessons/01-one/demo.cpp",
          "// MEASURED(\"P7\", in a comment)\nMEASURED(\"P1\", \"a\", table) {}\n"
          "EXPLORED(\n    \"P1b\", \"b\", table) {}\n");
    write("lessons/02-two/demo.cpp",
          "EXPLORED(\"P10\", \"c\", table) {}\nMEASURED(\"P1\", \"d\", table) {}\n");
  }
  ~Claims() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    write_file(root_ / name, text);
  }
  [[nodiscard]] std::string mistake() const {
    try {
      static_cast<void>(load_claims(root_));
    } catch (const ManifestError& error) {
      return error.what();
    }
    return "";
  }

  const fs::path root_ =
      fs::temp_directory_path() / ("claims-test-" + std::to_string(::getpid()));
};

TEST_F(Claims, HaveTheLessonsThatShowThem) {
  const auto claims = load_claims(root_);
  ASSERT_EQ(claims.size(), 2u);
  EXPECT_EQ(claims[0].says, "One.");
  const std::vector<std::string> both{"autograder/course demo 1 P1",
                                      "autograder/course demo 2 P1"};
  EXPECT_EQ(claims[0].commands(), both);
  EXPECT_EQ(claims[1].commands(),
            std::vector<std::string>{"autograder/course demo 2 P10"});
}

TEST_F(Claims, AreMissedWhereNoDemoShowsThem) {
  write("lessons/02-two/demo.cpp", "MEASURED(\"P1\", \"d\", table) {}\n");
  EXPECT_EQ(mistake(),
            "lessons/claims.toml:1: claims P10, which no lesson's demo.cpp shows");
}

TEST_F(Claims, AreLeftOverWhereTheListLacksThem) {
  write("lessons/02-two/demo.cpp",
        "EXPLORED(\"P10\", \"c\", t) {}\nEXPLORED(\"S9b\", \"\", t) {}\n");
  EXPECT_EQ(
      mistake(),
      "lessons/claims.toml:1: lacks the claim S9, which lessons/02-two/demo.cpp shows; "
      "say it here");
}

// The course's own list.
TEST(ClaimsOfTheCourse, AreAllShown) {
  const auto claims = load_claims(COURSE_SOURCE_FOLDER);
  int of_the_text = 0;
  for (const Claim& claim : claims) of_the_text += claim.beyond ? 0 : 1;
  EXPECT_EQ(of_the_text, 33);
}

}  // namespace
}  // namespace course
