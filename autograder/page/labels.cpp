#include "page/labels.hpp"

#include <algorithm>
#include <numeric>

namespace course::page {
namespace {

// Labels that touch and therefore move as one.
struct Block {
  double wanted = 0;  // sum over its labels of where the block's top would have to be
  double height = 0;
  std::size_t first = 0;
  std::size_t count = 0;

  [[nodiscard]] double top(double lowest, double highest) const {
    const double mean = wanted / static_cast<double>(count);
    return std::clamp(mean, lowest, std::max(lowest, highest - height));
  }
};

Block joined(const Block& above, const Block& below) {
  Block both = above;
  both.wanted += below.wanted - above.height * static_cast<double>(below.count);
  both.height += below.height;
  both.count += below.count;
  return both;
}

}  // namespace

// Pool adjacent violators: from top to bottom, a label that runs into the block above
// joins it, and the block settles at the mean of what its labels want (least squares).
std::vector<double> spread(const std::vector<double>& centres,
                           const std::vector<double>& heights, double top,
                           double bottom) {
  std::vector<std::size_t> order(centres.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return centres[a] < centres[b]; });
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double height = heights[order[i]];
    Block block{centres[order[i]] - height / 2, height, i, 1};
    while (!blocks.empty() && blocks.back().top(top, bottom) + blocks.back().height >
                                  block.top(top, bottom)) {
      block = joined(blocks.back(), block);
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  std::vector<double> moved(centres.size());
  for (const Block& block : blocks) {
    double y = block.top(top, bottom);
    const double room = bottom - top;
    const double squeeze = block.height > room ? room / block.height : 1;
    for (std::size_t i = block.first; i < block.first + block.count; ++i) {
      const double height = heights[order[i]] * squeeze;
      moved[order[i]] = y + height / 2;
      y += height;
    }
  }
  return moved;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    if (word.empty()) continue;
    if (!lines.empty() && lines.back().size() + 1 + word.size() <= width) {
      lines.back() += ' ';
      lines.back() += word;
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

}  // namespace course::page
