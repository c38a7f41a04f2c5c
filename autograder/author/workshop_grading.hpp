// The grader, as the proof asks for it.
#pragma once

#include "author/verify.hpp"
#include "grader/stages.hpp"

namespace course::author {

class WorkshopGrading : public Grading {
 public:
  // `workshop` outlives this object.
  explicit WorkshopGrading(grader::Workshop& workshop) : workshop_(workshop) {}

  // One call of the build for all; only if that fails, one for each, to know which.
  std::map<std::string, std::string> build(
      std::string_view preset, const std::vector<grader::Subject>& subjects) override;
  grader::StageResult run(Stage stage, const grader::Subject& subject,
                          const std::vector<std::string>& only) override;
  bool applies(Stage stage, const Exercise& exercise) const override;
  std::string printed(const grader::ExerciseResult& result) const override;
  unsigned side_by_side() const override;

 private:
  grader::Workshop& workshop_;
};

}  // namespace course::author
