#include "page/colours.hpp"

#include <fmt/format.h>

#include "page/palette.hpp"

namespace course::page {
namespace {

std::string variables(const Palette& palette) {
  std::string css =
      fmt::format("--ground: {}; --text: {}; --quiet: {}; --grid: {};", palette.ground,
                  palette.text, palette.quiet, palette.grid);
  for (std::size_t i = 0; i < palette.series.size(); ++i) {
    css += fmt::format(" --series-{}: {};", i, palette.series[i]);
  }
  return css;
}

}  // namespace

std::string colours() {
  std::string css =
      fmt::format(":root {{ color-scheme: light dark; {} }}\n", variables(light));
  css += fmt::format("@media (prefers-color-scheme: dark) {{ :root {{ {} }} }}\n",
                     variables(dark));
  for (std::size_t i = 0; i < light.series.size(); ++i) {
    css += fmt::format(".series-{0} {{ --colour: var(--series-{0}); }}\n", i);
  }
  return css;
}

}  // namespace course::page
