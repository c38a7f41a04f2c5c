// Draws a chart as inline SVG.
//
//      jobs per second
//      2 M |            ______ our queue
//          |     ______/
//      1 M |____/_____________ std::async
//          +------------------
//            1     2     4   workers
//
// Every colour is a class (series-0, axis, grid …) that the page's style defines, so that
// one drawing serves dark and light. Each series has its name at its end, in its colour,
// and a marker of its own shape: nothing is shown by colour alone.
#pragma once

#include <string>
#include <string_view>

#include "page/chart.hpp"

namespace course::page {

// The canvas, in units of which `text` is the height of the writing.
struct Canvas {
  double width;
  double height;
  double text;
  std::size_t label_width;  // characters of a series' name in one line
};

// For a projector and for a narrow window: the same drawing scaled down could not be
// read.
inline constexpr Canvas wide_canvas{1600, 640, 34, 24};
inline constexpr Canvas narrow_canvas{760, 860, 34, 12};

// `chart` has at least one series, each at least one point.
[[nodiscard]] std::string plot(const Chart& chart, const Canvas& canvas);

// How `chart` writes one of its values, with its unit if it is a time.
[[nodiscard]] std::string value_text(const Chart& chart, double value);

// For HTML and SVG, in text and in quoted attributes.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace course::page
