// A trace as rows of numbered steps, one column for each thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interleave/report/mistake.hpp"
#include "interleave/report/naming.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// The rows of a picture: which steps it shows, and by which numbers. What the library does
// within one call of the program's is one row.
class Picture {
 public:
  // `spoken_of`: the steps that an explanation names, sorted; they are always shown.
  // `inflection`: the step after which every schedule fails, or kNoStep. `values`: plain accesses
  // that are shown like atomic ones, sorted.
  Picture(const Trace& trace, const Naming& naming, std::vector<std::uint32_t> spoken_of,
          std::uint32_t inflection = kNoStep, std::vector<std::uint32_t> values = {});

  // "step 4"; "the start" if the step is none or not shown.
  [[nodiscard]] std::string step_name(std::uint32_t step) const;

  // How many steps the schedule has, counted as the picture counts them.
  [[nodiscard]] std::size_t steps() const { return rows_.size(); }

  // The number by which it shows a step; 0 if it does not.
  [[nodiscard]] std::size_t number_of(std::uint32_t step) const;

  // The line with the threads' names, and the rows of all steps; each line ended.
  [[nodiscard]] std::string header() const;
  struct Row {
    std::string text;
    std::uint32_t step;  // of the trace: the last that it tells of
    Frame place;
    const Step* first;       // that it tells of
    std::string words;       // what it did, without its place
    std::string note;        // what else is to be known of it; may be empty
    std::uint32_t left_out;  // operations before it that the trace lacks
  };
  [[nodiscard]] std::vector<Row> rows() const;

  // Header and the `most` rows that matter most, the mistake's among them, in `width` columns:
  // what a terminal has room for. Places in the mistake's file are line numbers alone.
  [[nodiscard]] std::string brief(const Mistake& mistake, std::size_t width,
                                  std::size_t most, const std::string& way_back) const;

  // Header and rows. A long trace loses its middle, and says so. `way_back` is the line
  // behind the inflection.
  [[nodiscard]] std::string text(const std::string& way_back = {}) const;

 private:
  void add_rows(const Trace& trace);
  [[nodiscard]] bool shows(const Step& step, const Origin& origin) const;
  [[nodiscard]] std::optional<std::size_t> row_continued_by(const Step& step,
                                                            const Origin& origin) const;
  [[nodiscard]] bool spoken_of(std::uint32_t step) const;
  [[nodiscard]] std::string row(std::size_t index, std::size_t indent) const;
  // What a row says, without its place; and that place.
  [[nodiscard]] std::string words(std::size_t index) const;
  [[nodiscard]] Frame place(std::size_t index) const;
  [[nodiscard]] std::string note(std::size_t index) const;
  [[nodiscard]] std::vector<std::size_t> rows_that_matter(const Mistake& mistake,
                                                          std::size_t most) const;
  [[nodiscard]] std::string brief_row(std::size_t index, const std::string& file,
                                      std::size_t width) const;

  [[nodiscard]] std::map<ThreadId, std::size_t> indents() const;

  const Naming& naming_;
  std::vector<std::uint32_t> spoken_of_;
  std::uint32_t inflection_;
  std::vector<std::uint32_t> values_;
  std::vector<const Step*> rows_;   // the first step of each
  std::vector<Origin> origins_;     // of each row
  std::vector<const Step*> looks_;  // the last of the row that loads an atomic
  std::vector<bool> blocked_;  // whether a step of the row could not continue at once
  std::vector<std::uint32_t> left_out_;           // see Row
  std::map<std::uint32_t, std::size_t> numbers_;  // step -> row, from 1
};

}  // namespace interleave
