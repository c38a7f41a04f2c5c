#include "author/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace course::author {
namespace {

// Where all evidence about one thing leaves it.
Standing together(const std::set<Standing>& standings) {
  for (const Standing decisive : {Standing::fails, Standing::inconclusive}) {
    if (standings.contains(decisive)) return decisive;
  }
  return Standing::holds;
}

std::string_view verdict_of(const Evidence& evidence) {
  if (evidence.kind == Kind::mutant && evidence.standing == Standing::holds)
    return "caught";
  return name_of(evidence.standing);
}

std::string share(std::string_view what, const Tally& tally) {
  return fmt::format("{} {}/{}", what, tally.holding, tally.all);
}

nlohmann::json json_of(const Tally& tally) {
  return {{"all", tally.all},
          {"holding", tally.holding},
          {"inconclusive", tally.inconclusive}};
}

nlohmann::json json_of(const Evidence& evidence) {
  return {{"kind", name_of(evidence.kind)},
          {"exercise", evidence.exercise},
          {"variant", evidence.variant},
          {"stage", name_of(evidence.stage)},
          {"standing", name_of(evidence.standing)},
          {"concept", evidence.concept_name},
          {"words", evidence.words},
          {"seconds", evidence.seconds}};
}

}  // namespace

std::string_view name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::starter:
      return "starter";
    case Kind::solution:
      return "solution";
    case Kind::mutant:
      return "mutant";
  }
  return "";
}

std::string_view name_of(Standing standing) noexcept {
  switch (standing) {
    case Standing::holds:
      return "holds";
    case Standing::fails:
      return "fails";
    case Standing::inconclusive:
      return "inconclusive";
  }
  return "";
}

Tally Proof::tally(Kind kind) const {
  std::map<std::pair<std::string, std::string>, std::set<Standing>> standings;
  for (const Evidence& one : evidence) {
    if (one.kind == kind) standings[{one.exercise, one.variant}].insert(one.standing);
  }
  Tally tally;
  tally.all = standings.size();
  for (const auto& [who, all_of_it] : standings) {
    const Standing standing = together(all_of_it);
    tally.holding += standing == Standing::holds ? 1 : 0;
    tally.inconclusive += standing == Standing::inconclusive ? 1 : 0;
  }
  return tally;
}

Standing Proof::standing() const {
  std::set<Standing> standings;
  if (!faults.empty()) standings.insert(Standing::fails);
  for (const Evidence& one : evidence) standings.insert(one.standing);
  return together(standings);
}

std::string Proof::summary() const {
  const std::size_t unsure = tally(Kind::starter).inconclusive +
                             tally(Kind::solution).inconclusive +
                             tally(Kind::mutant).inconclusive;
  return fmt::format(
      "{}, {}, {}{}", share("starters", tally(Kind::starter)),
      share("solutions", tally(Kind::solution)),
      share("mutants caught by the right stage", tally(Kind::mutant)),
      unsure > 0 ? fmt::format(" (inconclusive {})", unsure) : std::string());
}

nlohmann::json Proof::json() const {
  nlohmann::json all = nlohmann::json::array();
  for (const Evidence& one : evidence) all.push_back(json_of(one));
  return {{"standing", name_of(standing())},
          {"summary", summary()},
          {"starters", json_of(tally(Kind::starter))},
          {"solutions", json_of(tally(Kind::solution))},
          {"mutants", json_of(tally(Kind::mutant))},
          {"faults", faults},
          {"evidence", std::move(all)}};
}

std::string line_for(const Evidence& evidence) {
  std::string line =
      fmt::format("{:<20} {:<32} {:<10} {:<12} {:<24} {:>5.1f} s", evidence.exercise,
                  evidence.variant, name_of(evidence.stage), verdict_of(evidence),
                  evidence.concept_name, evidence.seconds);
  if (!evidence.words.empty()) line += "\n    " + evidence.words;
  return line;
}

}  // namespace course::author
