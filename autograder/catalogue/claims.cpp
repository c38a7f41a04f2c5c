#include "catalogue/claims.hpp"

#include <algorithm>
#include <regex>

#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"
#include "catalogue/toml_table.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

// P5 of P5, P5b, P5c, …
std::string claim_of(const std::string& experiment) {
  return experiment.substr(0,
                           experiment.find_last_not_of("abcdefghijklmnopqrstuvwxyz") + 1);
}

void read_claims(TomlTable& top, const char* key, std::vector<Claim>& claims) {
  for (TomlTable& entry : top.tables(key)) {
    claims.push_back(
        {entry.text("id"), entry.text("says"), key == std::string("beyond"), {}});
    entry.nothing_else();
  }
}

}  // namespace

std::vector<std::string> Claim::commands() const {
  std::vector<std::string> all;
  for (const Lesson& lesson : lessons) {
    all.push_back("autograder/course demo " + lesson.short_number() + " " + id);
  }
  return all;
}

std::vector<std::string> experiments_in(const Lesson& lesson) {
  const fs::path file = lesson.folder / "demo.cpp";
  if (!fs::exists(file)) return {};
  const std::string source = read_file(file);
  static const std::regex opening(R"re((^|\n)(MEASURED|EXPLORED)\(\s*"([^"]+)")re");
  std::vector<std::string> all;
  for (std::sregex_iterator found(source.begin(), source.end(), opening), end;
       found != end; ++found) {
    all.push_back((*found)[3]);
  }
  return all;
}

std::vector<Claim> load_claims(const fs::path& root) {
  const fs::path file = root / "lessons" / "claims.toml";
  const fs::path shown = file.lexically_relative(root);
  const toml::table parsed = parse_toml(file);
  TomlTable top(parsed, shown, "this list");
  std::vector<Claim> claims;
  read_claims(top, "claim", claims);
  read_claims(top, "beyond", claims);
  top.nothing_else();
  for (const Lesson& lesson : lessons_in(root)) {
    for (const std::string& experiment : experiments_in(lesson)) {
      const std::string id = claim_of(experiment);
      const auto claim = std::find_if(claims.begin(), claims.end(),
                                      [&](const Claim& one) { return one.id == id; });
      if (claim == claims.end()) {
        throw ManifestError(
            shown, 1,
            "lacks the claim " + id + ", which " +
                (lesson.folder / "demo.cpp").lexically_relative(root).string() +
                " shows; say it here");
      }
      const bool known =
          !claim->lessons.empty() && claim->lessons.back().number == lesson.number;
      if (!known) claim->lessons.push_back(lesson);
    }
  }
  for (const Claim& claim : claims) {
    if (claim.lessons.empty()) {
      throw ManifestError(shown, 1,
                          "claims " + claim.id + ", which no lesson's demo.cpp shows");
    }
  }
  return claims;
}

}  // namespace course
