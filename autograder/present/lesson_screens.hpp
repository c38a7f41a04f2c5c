// The screens of a lesson, and how each is measured: its experiments, then its benchmarks.
//
//   "P3"                     an experiment: the program lesson-01-demo of its tree
//   "bench: CHART"           a chart of lesson-01-bench
//
// Threads     None: one caller; measure: one thread at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>

#include "catalogue/lesson.hpp"
#include "grader/build.hpp"

namespace course::present {

class LessonScreens {
 public:
  // Builds the lesson's programs: blocks, and shows progress. `quick`: proves that it runs, the
  // numbers mean nothing. Throws experiments::BuildFailed, and std::runtime_error where a
  // program does not list what it measures.
  LessonScreens(const grader::Trees& trees, const Lesson& lesson, bool quick);

  [[nodiscard]] const nlohmann::json& deck() const { return deck_; }

  // As Measure in presentation.hpp.
  void measure(const nlohmann::json& screen,
               const std::function<void(nlohmann::json result)>& show,
               const std::stop_token& stop) const;

 private:
  void add_experiments(const std::filesystem::path& root);
  void add_benchmarks();
  void run_demo(const nlohmann::json& screen,
                const std::function<void(nlohmann::json result)>& show,
                const std::stop_token& stop) const;
  void run_benchmark(const nlohmann::json& screen,
                     const std::function<void(nlohmann::json result)>& show,
                     const std::stop_token& stop) const;
  [[nodiscard]] nlohmann::json schedule_of(const nlohmann::json& screen,
                                           const std::string& token,
                                           const std::stop_token& stop) const;

  const std::filesystem::path root_;
  const Lesson lesson_;
  const bool quick_;
  std::map<std::string, std::filesystem::path> demos_;  // by preset
  std::filesystem::path bench_;
  nlohmann::json deck_;
};

// The numbered questions under "Predict before you run" of a lesson's text, without Markdown's
// signs.
[[nodiscard]] std::vector<std::string> questions_in(std::string_view text);

}  // namespace course::present
