// Grades one exercise: builds and stages side by side as far as the cores that may really
// be used go, the gate alone at the end.
//
//      student tree     build -> unit            ---+
//      interleave tree  build -> interleave, cost --+--> gate
//      tsan tree        build -> tsan            ---+
//      asan tree        build -> asan            ---+
//      bench tree       build                    ---+
//
// Threads     One grading at a time; the listener is called by one thread at a time.
#pragma once

#include "grader/result.hpp"
#include "grader/stages.hpp"

namespace course::grader {

// Grades `subject` in every stage that applies to it and tells each result as soon as it is
// known. A stage whose grounds are gone (the file does not compile, a step is not started)
// is reported as such without being run.
[[nodiscard]] ExerciseResult grade(const Subject& subject, Workshop& workshop,
                                   const StageListener& listener);

}  // namespace course::grader
