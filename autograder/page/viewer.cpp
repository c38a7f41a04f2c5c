#include "page/viewer.hpp"

#include <fmt/format.h>

#include <map>

#include "catalogue/files.hpp"
#include "page/assets.hpp"
#include "page/colours.hpp"
#include "page/plot.hpp"

namespace course::page {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The files of the steps, each once; what lies outside `root`, or is gone, has no lines.
class Files {
 public:
  explicit Files(const fs::path& root) : root_(root) {}

  // Its number; -1 for no file.
  int number_of(const std::string& file) {
    if (file.empty()) return -1;
    const auto [known, is_new] = numbers_.try_emplace(file, all_.size());
    if (is_new) add(file);
    return static_cast<int>(known->second);
  }

  [[nodiscard]] json all() const { return all_; }

 private:
  void add(const std::string& file) {
    const fs::path path = fs::path(file).lexically_normal();
    const fs::path below = path.lexically_relative(root_.lexically_normal());
    const bool outside = below.empty() || *below.begin() == "..";
    json lines = json::array();
    if (!outside && fs::is_regular_file(path)) {
      for (const std::string& line : lines_of(read_file(path))) lines.push_back(line);
    }
    all_.push_back({{"name", path.filename().string()},
                    {"path", outside ? path.filename().string() : below.string()},
                    {"lines", std::move(lines)}});
  }

  const fs::path root_;
  std::map<std::string, std::size_t> numbers_;
  json all_ = json::array();
};

}  // namespace

json view_of(const json& record, const fs::path& root, const ViewTitle& title) {
  json view{{"title", title.title}, {"command", title.command}};
  for (const char* field : {"headline", "concept", "threads", "way_back", "below"})
    view[field] = record.at(field);
  view["inflection"] =
      record.contains("inflection") ? record["inflection"].value("step", 0) : 0;
  Files files(root);
  json steps = json::array();
  for (json step : record.at("steps")) {
    step["file"] = files.number_of(step.value("file", ""));
    step.erase("text");  // the terminal's columns
    steps.push_back(std::move(step));
  }
  view["steps"] = std::move(steps);
  view["files"] = files.all();
  return view;
}

std::string json_in_html(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  for (auto at = text.find('<'); at != std::string::npos; at = text.find('<', at))
    text.replace(at, 1, "\\u003c");
  return text;
}

std::string_view viewer_style() { return viewer_css; }
std::string_view viewer_script() { return viewer_js; }

std::string viewer_page(const json& view) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body class=\"alone\">\n"
      "<main></main>\n<script type=\"application/json\" id=\"view\">{}</script>\n"
      "<script>\n{}\nmountViewer(document.querySelector('main'),\n"
      "  JSON.parse(document.getElementById('view').textContent), {{alone: true}});\n"
      "</script>\n</body>\n</html>\n",
      escaped(view.value("title", "") + ": " + view.value("headline", "")), colours(),
      viewer_css, json_in_html(view), viewer_js);
}

}  // namespace course::page
