// A trace as rows of numbered steps, one column for each thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "interleave/report/naming.hpp"
#include "interleave/runtime/trace.hpp"

namespace interleave {

// The rows of a picture: which steps it shows, and by which numbers.
class Picture {
 public:
  // `spoken_of`: the steps that an explanation names, sorted; they are always shown.
  Picture(const Trace& trace, const Naming& naming, std::vector<std::uint32_t> spoken_of);

  // "step 4"; "the start" if the step is none or not shown.
  [[nodiscard]] std::string step_name(std::uint32_t step) const;

  // How many steps the schedule has, counted as the picture counts them.
  [[nodiscard]] std::size_t steps() const { return numbers_.size(); }

  // Header and rows, each line ended. A long trace loses its middle, and says so.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] bool shows(const Step& step) const;
  [[nodiscard]] bool spoken_of(std::uint32_t step) const;
  [[nodiscard]] std::string row(const Step& step, std::size_t indent) const;
  [[nodiscard]] std::string note(const Step& step) const;

  const Naming& naming_;
  std::vector<std::uint32_t> spoken_of_;
  std::vector<const Step*> rows_;
  std::map<std::uint32_t, std::size_t> numbers_;  // step -> row, from 1
};

}  // namespace interleave
