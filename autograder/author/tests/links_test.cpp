#include "author/links.hpp"

#include <gtest/gtest.h>

#include "author/tests/course_folder.hpp"

namespace course::author {
namespace {

using Messages = std::vector<std::string>;

class LinksTest : public testing::Test {
 protected:
  void SetUp() override {
    course_.add("lessons/01-a/README.md", "# A\n\n## Lost wake-up\n");
    course_.add("lessons/01-a/a.hpp", "");
  }
  CourseFolder course_;
};

TEST_F(LinksTest, LinksThatLeadThereAreSilent) {
  course_.add("README.md",
              "# R\n[a](lessons/01-a/README.md#lost-wake-up) [b](lessons/01-a) [c](#r)\n"
              "[d](lessons/01-a/a.hpp) [e](https://example.org/x.md#y)\n");
  EXPECT_EQ(broken_links(course_.root()), Messages{});
}

TEST_F(LinksTest, MissingFileIsNamed) {
  course_.add("exercises/01-a/README.md", "\n[a](../../lessons/01-b/README.md)\n");
  EXPECT_EQ(
      broken_links(course_.root()),
      Messages{"exercises/01-a/README.md:2: the link ../../lessons/01-b/README.md leads "
               "nowhere; there is no lessons/01-b/README.md"});
}

TEST_F(LinksTest, MissingHeadingNamesThoseThereAre) {
  course_.add("README.md", "[a](lessons/01-a/README.md#lost)\n");
  EXPECT_EQ(
      broken_links(course_.root()),
      Messages{"README.md:1: the link lessons/01-a/README.md#lost names no heading of "
               "lessons/01-a/README.md; it has #a #lost-wake-up"});
}

TEST_F(LinksTest, LinkOutOfTheCourseIsBroken) {
  course_.add("README.md", "[a](../other)\n");
  EXPECT_EQ(broken_links(course_.root()),
            Messages{"README.md:1: the link ../other leaves the course"});
}

TEST_F(LinksTest, ConceptsLeadToTheirHeadings) {
  course_.add("lessons/01-a/concepts.toml", "[\"lost wake-up\"]\nmeans = \"x\"\n");
  EXPECT_EQ(broken_concepts(course_.root()), Messages{});
}

TEST_F(LinksTest, ConceptWithoutItsHeadingIsNamedWithItsLine) {
  course_.add("lessons/01-a/concepts.toml",
              "[\"lost wake-up\"]\nmeans = \"x\"\n[livelock]\nmeans = \"x\"\n");
  EXPECT_EQ(
      broken_concepts(course_.root()),
      Messages{"lessons/01-a/concepts.toml:3: the concept \"livelock\" has no heading "
               "of its name in lessons/01-a/README.md; explain it there, under "
               "`### Livelock`"});
}

TEST_F(LinksTest, MisshapenConceptsAreAMessage) {
  course_.add("lessons/01-a/concepts.toml", "[livelock\n");
  ASSERT_EQ(broken_concepts(course_.root()).size(), 1U);
}

}  // namespace
}  // namespace course::author
