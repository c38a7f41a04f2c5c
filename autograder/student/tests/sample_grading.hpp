// A grading with one of each: an exercise that a schedule breaks, one that passed, one that is
// not begun. What the first one's submission printed tries to be more than text.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "grader/result.hpp"

namespace course::student {

class SampleGrading {
 public:
  SampleGrading();
  SampleGrading(const SampleGrading&) = delete;
  SampleGrading& operator=(const SampleGrading&) = delete;

  [[nodiscard]] grader::Finding& finding() {
    return results[0].stages[1].findings.front();
  }

  // Of all of it, or of the exercise at one place.
  [[nodiscard]] std::string page() const;
  [[nodiscard]] std::string page_of(std::size_t exercise) const;

  Course course;  // its files are those of page/tests
  std::vector<grader::ExerciseResult> results;
  std::vector<nlohmann::json> schedules;  // none yet
};

// What a submission printed, and no page may hold as it stands.
inline constexpr std::array hostile{"</script><script>alert(1)</script>",
                                    "<img src=x onerror=alert(1)>", "\033[2J"};

}  // namespace course::student
