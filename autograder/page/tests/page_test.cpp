#include "page/page.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "page/palette.hpp"
#include "page/plot.hpp"
#include "sample_charts.hpp"

namespace course::page {
namespace {

const std::string& sample_page() {
  static const std::string page = html(sample_sections(), sample_origin());
  return page;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(Page, TakesNothingFromElsewhere) {
  for (const char* reach :
       {"http", "//", "src=", "href=", "url(", "@import", "<script", "<link"}) {
    EXPECT_EQ(sample_page().find(reach), std::string::npos) << reach;
  }
}

TEST(Page, ShowsTextAsText) {
  EXPECT_NE(sample_page().find("&lt;b&gt;OpenMP&lt;/b&gt; &amp; tasks"),
            std::string::npos);
  EXPECT_EQ(sample_page().find("<b>"), std::string::npos);
}

TEST(Page, SaysUnderEachPlotWhereItsNumbersAreFrom) {
  EXPECT_EQ(count(sample_page(), sample_origin().machine), 5u);
  EXPECT_EQ(count(sample_page(), "<figcaption>"), 5u);
}

TEST(Page, DrawsEachPlotWideAndNarrow) {
  EXPECT_EQ(count(sample_page(), "<svg class=\"wide\""), 5u);
  EXPECT_EQ(count(sample_page(), "<svg class=\"narrow\""), 5u);
}

TEST(Plot, NamesEachSeriesOnce) {
  const Chart chart = sample_sections().front().charts.front();
  const std::string svg = plot(chart, wide_canvas);
  for (const Series& series : chart.series)
    EXPECT_EQ(count(svg, ">" + series.name + "<"), 1u);
}

TEST(Plot, WritesTimesInTheUnitThatReadsBest) {
  const Chart chart = sample_sections()[1].charts.front();
  EXPECT_NE(plot(chart, wide_canvas).find("time per update, µs"), std::string::npos);
  EXPECT_EQ(value_text(chart, 9), "9 ns");
  EXPECT_EQ(value_text(chart, 1300), "1.3 µs");
}

// WCAG 2.2, relative luminance.
double luminance(std::string_view colour) {
  const auto channel = [&](std::size_t at) {
    const double part = std::stoi(std::string(colour.substr(at, 2)), nullptr, 16) / 255.0;
    return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

double contrast(std::string_view a, std::string_view b) {
  const double first = luminance(a) + 0.05;
  const double second = luminance(b) + 0.05;
  return std::max(first, second) / std::min(first, second);
}

TEST(Palette, CanBeReadInDarkAndLight) {
  EXPECT_NEAR(contrast("#ffffff", "#000000"), 21, 1e-9);
  for (const Palette& palette : {light, dark}) {
    EXPECT_GE(contrast(palette.text, palette.ground), 12);
    EXPECT_GE(contrast(palette.quiet, palette.ground), 7);
    for (const auto& colour : palette.series) {
      EXPECT_GE(contrast(colour, palette.ground), 4.5) << colour;
    }
  }
}

}  // namespace
}  // namespace course::page
