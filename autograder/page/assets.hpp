// The pages' styles and scripts, each written as a file of its own and built into the program.
#pragma once

#include <string_view>

namespace course::page {

extern const std::string_view viewer_css;
extern const std::string_view viewer_js;
extern const std::string_view present_css;
extern const std::string_view present_js;
extern const std::string_view graded_css;
extern const std::string_view graded_js;

}  // namespace course::page
