// The page's colours, dark and light.
#pragma once

#include <array>
#include <string_view>

namespace course::page {

// As "#rrggbb". Each series differs from its ground by a contrast of at least 4.5 : 1
// (WCAG 2, level AA for text; a test holds it), because its name is written in its
// colour.
struct Palette {
  std::string_view ground;
  std::string_view text;
  std::string_view quiet;  // captions and axes
  std::string_view grid;
  std::array<std::string_view, 8> series;
};

inline constexpr Palette light{"#ffffff",
                               "#16191d",
                               "#4a5058",
                               "#d9dde2",
                               {"#0b5cad", "#b23c00", "#0a7a45", "#8b2b8f", "#7a5a00",
                                "#0e6f7c", "#a3174f", "#50565e"}};

inline constexpr Palette dark{"#14171b",
                              "#f2f4f6",
                              "#b4bcc6",
                              "#343a42",
                              {"#74b9ff", "#ff9f66", "#5ed6a0", "#e3a0f2", "#f1d15f",
                               "#70d8e6", "#ff8fb5", "#cbd1d8"}};

}  // namespace course::page
