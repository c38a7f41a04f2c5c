#include "page/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "page/axis.hpp"
#include "page/labels.hpp"
#include "page/palette.hpp"

namespace course::page {
namespace {

// The mean width of a letter, in heights; on the safe side.
constexpr double letter = 0.6;
constexpr double marker = 9;  // half a marker's width

struct Unit {
  double nanoseconds;
  const char* name;
};

Unit unit_for(double nanoseconds) {
  constexpr std::array units{Unit{1e9, "s"}, Unit{1e6, "ms"}, Unit{1e3, "µs"}};
  for (const Unit& unit : units) {
    if (nanoseconds >= unit.nanoseconds) return unit;
  }
  return {1, "ns"};
}

double highest(const Chart& chart) {
  double found = 0;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points)
      found = std::max({found, point.y, point.high});
  }
  return found;
}

double lowest(const Chart& chart) {
  double found = highest(chart);
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) found = std::min(found, point.y);
  }
  return found;
}

// The chart in the unit that reads best, named with its y.
Chart in_readable_unit(Chart chart) {
  if (!chart.duration) return chart;
  const Unit unit = unit_for(highest(chart));
  chart.y_name += fmt::format(", {}", unit.name);
  for (Series& series : chart.series) {
    for (Point& point : series.points) {
      point.y /= unit.nanoseconds;
      point.low /= unit.nanoseconds;
      point.high /= unit.nanoseconds;
    }
  }
  return chart;
}

std::size_t letters(std::string_view text) {
  const auto continues = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
  };
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
}

std::size_t widest(const std::vector<std::string>& lines) {
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, letters(line));
  return width;
}

std::string colour_of(std::size_t series) {
  return fmt::format("series-{}", series % light.series.size());
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view classes,
                    std::string_view words) {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y,
      anchor, classes, escaped(words));
}

// A shape for each series in turn: disc, square, diamond, triangle.
std::string marker_at(std::size_t series, double x, double y) {
  const std::string colour = colour_of(series);
  switch (series % 4) {
    case 0:
      return fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" class=\"mark {}\"/>\n", x, y,
          marker, colour);
    case 1:
      return fmt::format("<path d=\"M{:.1f} {:.1f}h{s}v{s}h-{s}z\" class=\"mark {}\"/>\n",
                         x - marker, y - marker, colour, fmt::arg("s", 2 * marker));
    case 2:
      return fmt::format(
          "<path d=\"M{:.1f} {:.1f}l{s} {s}l-{s} {s}l-{s} -{s}z\" class=\"mark {}\"/>\n",
          x, y - 1.3 * marker, colour, fmt::arg("s", 1.3 * marker));
    default:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l{s} {t}h-{t}z\" class=\"mark {}\"/>\n",
                         x, y - 1.2 * marker, colour, fmt::arg("s", 1.1 * marker),
                         fmt::arg("t", 2.2 * marker));
  }
}

std::string open_svg(const Chart& chart, double width, double height, double text) {
  return fmt::format(
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" font-size=\"{:.0f}\" role=\"img\" "
      "aria-label=\"{}\">\n",
      width, height, text, escaped(chart.title));
}

std::vector<double> arguments_of(const Chart& chart) {
  std::set<double> values;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) values.insert(point.x);
  }
  return {values.begin(), values.end()};
}

// --- Lines over x
// -----------------------------------------------------------------------

class LinePlot {
 public:
  LinePlot(const Chart& chart, const Canvas& canvas)
      : chart_(chart),
        canvas_(canvas),
        x_(Axis::of_arguments(arguments_of(chart))),
        y_(Axis::of_heights(lowest(chart), highest(chart))) {
    std::size_t tick = 0;
    for (const Tick& mark : y_.ticks()) tick = std::max(tick, letters(mark.label));
    std::size_t label = 0;
    double names_height = 0;
    for (const Series& series : chart.series) {
      label = std::max(label, widest(name_of(series)));
      names_height += name_height(series);
    }
    height_ = std::max(canvas.height, names_height);
    left_ = letter * canvas.text * static_cast<double>(tick) + 26;
    right_ = canvas.width - letter * canvas.text * static_cast<double>(label) - 44;
    top_ = canvas.text * 2.2;
    bottom_ = height_ - canvas.text * 2.9;
  }

  [[nodiscard]] std::string draw() const {
    std::string svg = open_svg(chart_, canvas_.width, height_, canvas_.text);
    svg += draw_heights() + draw_arguments();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) svg += draw_series(i);
    return svg + draw_names() + "</svg>\n";
  }

 private:
  [[nodiscard]] std::vector<std::string> name_of(const Series& series) const {
    return wrapped(series.name, canvas_.label_width);
  }
  [[nodiscard]] double across(double x) const {
    return left_ + x_.position(x) * (right_ - left_);
  }
  [[nodiscard]] double down(double y) const {
    return bottom_ - y_.position(y) * (bottom_ - top_);
  }

  [[nodiscard]] std::string draw_heights() const {
    const std::string name = chart_.y_name + (y_.logarithmic() ? ", logarithmic" : "");
    std::string svg = text_at(0, canvas_.text, "start", "name", name);
    for (const Tick& tick : y_.ticks()) {
      const double y = down(tick.value);
      svg += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" class=\"grid\"/>\n", left_, y,
                         right_);
      svg += text_at(left_ - 16, y + canvas_.text * 0.34, "end", "tick", tick.label);
    }
    return svg;
  }

  // A tick whose label would touch the one before it is left out.
  [[nodiscard]] std::string draw_arguments() const {
    std::string svg = fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" class=\"axis\"/>\n",
                                  left_, bottom_, right_);
    double taken = 0;
    for (const Tick& tick : x_.ticks()) {
      const double x = across(tick.value);
      const double half =
          letter * canvas_.text * static_cast<double>(letters(tick.label)) / 2;
      if (x - half < taken) continue;
      taken = x + half + canvas_.text * 0.4;
      svg += text_at(x, bottom_ + canvas_.text * 1.3, "middle", "tick", tick.label);
    }
    return svg + text_at((left_ + right_) / 2, height_ - canvas_.text * 0.35, "middle",
                         "name", chart_.x_name);
  }

  [[nodiscard]] std::string draw_series(std::size_t index) const {
    std::string line, spans, marks;
    for (const Point& point : chart_.series[index].points) {
      const double x = across(point.x);
      line += fmt::format("{}{:.1f} {:.1f}", line.empty() ? 'M' : 'L', x, down(point.y));
      spans += fmt::format("M{:.1f} {:.1f}V{:.1f}", x, down(point.low), down(point.high));
      marks += marker_at(index, x, down(point.y));
    }
    return fmt::format(
               "<path d=\"{}\" class=\"span {}\"/>\n<path d=\"{}\" class=\"line {}\"/>\n",
               spans, colour_of(index), line, colour_of(index)) +
           marks;
  }

  // Each name beside its line's end, with a thin line to it where it had to move away.
  [[nodiscard]] std::string draw_names() const {
    std::vector<double> ends, heights;
    for (const Series& series : chart_.series) {
      ends.push_back(down(series.points.back().y));
      heights.push_back(name_height(series));
    }
    const auto centres = spread(ends, heights, 0, height_);
    std::string svg;
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      svg += draw_name(i, ends[i], centres[i]);
    }
    return svg;
  }

  [[nodiscard]] std::string draw_name(std::size_t index, double end,
                                      double centre) const {
    const Series& series = chart_.series[index];
    const auto lines = name_of(series);
    const double from = across(series.points.back().x) + marker + 4;
    std::string svg =
        fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" class=\"leader {}\"/>\n",
                    from, end, right_ + 30, centre, colour_of(index));
    double baseline = centre - line_height() * static_cast<double>(lines.size()) / 2;
    for (const std::string& line : lines) {
      baseline += line_height();
      svg += text_at(right_ + 36, baseline - canvas_.text * 0.24, "start",
                     "label " + colour_of(index), line);
    }
    return svg;
  }

  [[nodiscard]] double name_height(const Series& series) const {
    return line_height() * static_cast<double>(name_of(series).size()) + 6;
  }
  [[nodiscard]] double line_height() const { return canvas_.text * 1.12; }

  const Chart& chart_;
  const Canvas& canvas_;
  Axis x_;
  Axis y_;
  double left_, right_, top_, bottom_;
  double height_;  // the canvas's, more if the names need it
};

// --- Bars, where there is no x
// ----------------------------------------------------------

// Each name stands above its bar and each value at its end, so any length of name fits.
std::string bars(const Chart& chart, const Canvas& canvas) {
  const double row = canvas.text * 3.1;
  const double top = canvas.text * 1.7;
  const double height = top + row * static_cast<double>(chart.series.size());
  std::size_t value_letters = 0;
  for (const Series& series : chart.series) {
    value_letters =
        std::max(value_letters, letters(short_number(series.points.front().y)));
  }
  const double room =
      canvas.width - letter * canvas.text * static_cast<double>(value_letters) - 30;
  std::string svg = open_svg(chart, canvas.width, height, canvas.text);
  svg += text_at(0, canvas.text, "start", "name", chart.y_name);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Point& point = chart.series[i].points.front();
    const double y = top + row * static_cast<double>(i);
    const double length = room * point.y / std::max(highest(chart), 1e-300);
    svg += text_at(0, y + canvas.text, "start", "label " + colour_of(i),
                   chart.series[i].name);
    svg += fmt::format(
        "<rect x=\"0\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"bar "
        "{}\"/>\n",
        y + canvas.text * 1.35, std::max(length, 2.0), canvas.text * 1.2, colour_of(i));
    svg += text_at(length + 14, y + canvas.text * 2.3, "start", "tick",
                   short_number(point.y));
  }
  return svg + "</svg>\n";
}

}  // namespace

std::string plot(const Chart& chart, const Canvas& canvas) {
  const Chart drawn = in_readable_unit(chart);
  return chart.x_name.empty() ? bars(drawn, canvas) : LinePlot(drawn, canvas).draw();
}

std::string value_text(const Chart& chart, double value) {
  if (!chart.duration) return short_number(value);
  const Unit unit = unit_for(value);
  return fmt::format("{} {}", short_number(value / unit.nanoseconds), unit.name);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace course::page
