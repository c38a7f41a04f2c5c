#include "author/markdown.hpp"

#include <gtest/gtest.h>

#include "author/tests/course_folder.hpp"

namespace course::author {
namespace {

using Anchors = std::set<std::string>;

TEST(Markdown, AnchorsAreMadeAsGitHubMakesThem) {
  EXPECT_EQ(anchors_of("# Lost wake-up\n"), Anchors{"lost-wake-up"});
  EXPECT_EQ(anchors_of("## What `notify_one` does, and when\n"),
            Anchors{"what-notify_one-does-and-when"});
  EXPECT_EQ(anchors_of("## See [the queue](queue.hpp) ##\n"), Anchors{"see-the-queue"});
  EXPECT_EQ(anchors_of("# Michael–Scott’s queue\n"), Anchors{"michaelscotts-queue"});
}

TEST(Markdown, RepeatedHeadingsAreNumbered) {
  EXPECT_EQ(anchors_of("# A\n# A\n# A\n"), (Anchors{"a", "a-1", "a-2"}));
}

TEST(Markdown, HeadingsInFencesAreNone) {
  EXPECT_EQ(anchors_of("```sh\n# no heading\n```\n# heading\n"), Anchors{"heading"});
  EXPECT_EQ(anchors_of("````\n```\n# no\n```\n````\n# yes\n"), Anchors{"yes"});
}

TEST(Markdown, IdsInHtmlAreAnchors) {
  EXPECT_EQ(anchors_of("<a id=\"old-name\"></a>\n"), Anchors{"old-name"});
}

TEST(Markdown, LinksAreFoundWithTheirLines) {
  const auto links = links_of("[a](b.md#c)\n\n![p](p.svg \"title\") and [d](#e)\n");
  ASSERT_EQ(links.size(), 3U);
  EXPECT_EQ(links[0].target, "b.md#c");
  EXPECT_EQ(links[1].target, "p.svg");
  EXPECT_EQ(links[2].target, "#e");
  EXPECT_EQ(links[2].line, 3U);
}

TEST(Markdown, CodeIsNoLink) {
  EXPECT_TRUE(links_of("`[&](int x) {}`\n```cpp\n[&](int)\n```\n").empty());
}

TEST(Markdown, TextsInDotFoldersAreLeftAlone) {
  CourseFolder course;
  course.add("README.md", "");
  course.add(".build/x/README.md", "");
  course.add("lessons/01-a/README.md", "");
  const auto texts = texts_in(course.root());
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[1], course.root() / "lessons/01-a/README.md");
}

}  // namespace
}  // namespace course::author
