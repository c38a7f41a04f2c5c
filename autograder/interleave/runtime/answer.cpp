#include "interleave/runtime/answer.hpp"

#include <utility>

#include "interleave/runtime/engine.hpp"

namespace interleave {
namespace {

std::string place_of(const Failure& failure) {
  if (!failure) return {};
  return failure.file + ":" + std::to_string(failure.line) + ":" +
         std::to_string(failure.pc);
}

}  // namespace

Answer answer_of(RunResult&& run) {
  Answer answer;
  answer.kind = run.failure.kind;
  answer.place = place_of(run.failure);
  answer.message = std::move(run.failure.message);
  answer.choices = std::move(run.choices);
  answer.steps = run.steps;
  answer.pruned = run.pruned;
  answer.fingerprint = run.fingerprint;
  answer.execution = run.execution;
  return answer;
}

}  // namespace interleave
