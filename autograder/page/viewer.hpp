// The interleaving viewer: one failing schedule, stepped through beside the source.
//
//   record of a replay + sources  -->  view (JSON)  -->  one self-contained page, or a part of
//                                                        one that has the viewer's assets
//
// Everything that it shows stands in the record (interleave/README.md): the same words as in
// the terminal, and the same lines.
//
// Threads     Any; pure functions of their arguments and of the source files.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace course::page {

// What is shown above the schedule, and how to come back to it.
struct ViewTitle {
  std::string title;    // "1.1 job_queue", or an experiment's
  std::string command;  // "autograder/course replay …"; may be empty
};

// The view of `record`, the explorer's of a replay that failed, with the text of each file below
// `root` that it names.
[[nodiscard]] nlohmann::json view_of(const nlohmann::json& record,
                                     const std::filesystem::path& root,
                                     const ViewTitle& title);

[[nodiscard]] std::string viewer_page(const nlohmann::json& view);

// For a page of other things: the style, and a script that defines mountViewer(place, view).
[[nodiscard]] std::string_view viewer_style();
[[nodiscard]] std::string_view viewer_script();

// As text of a script: it ends no element, whatever it holds.
[[nodiscard]] std::string json_in_html(const nlohmann::json& value);

}  // namespace course::page
