#include "page/page.hpp"

#include <fmt/format.h>

#include "page/axis.hpp"
#include "page/colours.hpp"
#include "page/plot.hpp"

namespace course::page {
namespace {

// Sizes follow the window: on a projector the writing in a plot is about 40 pixels high.
constexpr std::string_view style = R"css(
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
       font: 20px/1.45 system-ui, "Segoe UI", "Liberation Sans", sans-serif; }
main, header { max-width: 1840px; margin: 0 auto; padding: 0 clamp(16px, 3vw, 56px); }
h1 { font-size: clamp(22px, 2vw, 34px); margin: 1.2em 0 0; font-weight: 600;
     color: var(--quiet); }
section { padding: 3vh 0 5vh; }
h2 { font-size: clamp(26px, 2.6vw, 50px); line-height: 1.15; margin: 0 0 .5em;
     text-wrap: balance; }
svg { display: block; width: 100%; height: auto; max-height: 78vh; font-family: inherit;
      overflow: visible; }
.narrow { display: none; }
@media (max-width: 900px) {
  .wide { display: none; }
  .narrow { display: block; max-height: none; }
}
figure { margin: 0; }
figcaption { color: var(--quiet); font-size: clamp(16px, 1.25vw, 24px); margin-top: 1em; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .95em; }
details { margin-top: .8em; font-size: clamp(16px, 1.25vw, 24px); overflow-x: auto; }
summary { cursor: pointer; color: var(--quiet); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: .5em; }
th, td { padding: .25em 1em .25em 0; text-align: right;
         border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { text-align: left; }
.name, .tick { fill: var(--quiet); }
.label { font-weight: 600; fill: var(--colour); }
.grid { stroke: var(--grid); stroke-width: 2; fill: none; }
.axis { stroke: var(--quiet); stroke-width: 3; fill: none; }
.line { stroke: var(--colour); stroke-width: 6; fill: none; stroke-linejoin: round; }
.span { stroke: var(--colour); stroke-width: 14; opacity: .28; fill: none; }
.leader { stroke: var(--colour); stroke-width: 2; opacity: .6; fill: none; }
.mark, .bar { fill: var(--colour); }
)css";

std::string with_class(std::string svg, std::string_view name) {
  return svg.insert(4, fmt::format(" class=\"{}\"", name));
}

// The numbers behind the plot, for a reader who wants them exactly.
std::string table(const Chart& chart) {
  std::string rows;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      rows += fmt::format("<tr><td>{}</td>", escaped(series.name));
      if (!chart.x_name.empty())
        rows += fmt::format("<td>{}</td>", short_number(point.x));
      rows += fmt::format("<td>{}</td><td>{}</td><td>{}</td></tr>\n",
                          value_text(chart, point.y), value_text(chart, point.low),
                          value_text(chart, point.high));
    }
  }
  const std::string x_head =
      chart.x_name.empty() ? "" : fmt::format("<th>{}</th>", escaped(chart.x_name));
  return fmt::format(
      "<details><summary>The numbers</summary><table>\n"
      "<tr><th></th>{}<th>{}</th><th>lowest</th><th>highest</th></tr>\n{}</table></"
      "details>\n",
      x_head, escaped(chart.y_name), rows);
}

std::string figure(const Chart& chart, const Origin& origin) {
  return fmt::format(
      "<section><h2>{}</h2>\n<figure>\n{}{}<figcaption>{}, {}. {}. "
      "<code>{}</code></figcaption>\n"
      "{}</figure></section>\n",
      escaped(chart.title), with_class(plot(chart, wide_canvas), "wide"),
      with_class(plot(chart, narrow_canvas), "narrow"), escaped(origin.machine),
      escaped(origin.date), escaped(origin.runs), escaped(origin.command), table(chart));
}

}  // namespace

std::string html(const std::vector<Section>& sections, const Origin& origin) {
  std::string body;
  for (const Section& section : sections) {
    body += fmt::format("<h1>{}</h1>\n", escaped(section.heading));
    for (const Chart& chart : section.charts) body += figure(chart, origin);
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Benchmarks</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n{}</"
      "main>\n"
      "</body>\n</html>\n",
      colours() + std::string(style), body);
}

}  // namespace course::page
